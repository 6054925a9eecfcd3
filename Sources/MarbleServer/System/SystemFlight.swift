internal import MarbleArrow
internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON
internal import NIOCore

/// The flights that show the cluster itself: `PATH ["system", name]` and `{"system": name}`.
enum SystemFlight: String, CaseIterable {
    case log
    case members
    case metrics
    case tables

    init(named name: String) throws(FlightError) {
        guard let flight = SystemFlight(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw FlightError(
                .notFound, "there is no system flight \"\(name)\"; there are \(known)")
        }
        self = flight
    }

    var descriptor: FlightDescriptor { .path(["system", rawValue]) }

    var schema: ArrowSchema {
        switch self {
        case .log:
            ArrowSchema([
                ArrowField("index", .uint64, nullable: false),
                ArrowField("term", .uint64, nullable: false),
                ArrowField("kind", .utf8, nullable: false),
                ArrowField("table", .utf8),
                ArrowField("rows", .int64),
                ArrowField("bytes", .uint64, nullable: false),
                ArrowField("payload", .largeBinary, nullable: false),
            ])
        case .members:
            ArrowSchema([
                ArrowField("node_id", .uint64, nullable: false),
                ArrowField("endpoint", .utf8, nullable: false),
                ArrowField("kind", .utf8, nullable: false),
                ArrowField("match_index", .uint64),
                ArrowField("healthy", .bool, nullable: false),
                ArrowField("reason", .utf8),
            ])
        case .metrics:
            ArrowSchema([
                ArrowField("name", .utf8, nullable: false),
                ArrowField("kind", .utf8, nullable: false),
                ArrowField("labels", .utf8, nullable: false),
                ArrowField("value", .float64),
                ArrowField("count", .uint64),
                ArrowField("sum", .float64),
            ])
        case .tables:
            ArrowSchema([
                ArrowField("table", .utf8, nullable: false),
                ArrowField("primary_key", .utf8),
                ArrowField("rows", .uint64, nullable: false),
                ArrowField("created_index", .uint64, nullable: false),
            ])
        }
    }
}

/// A ticket or command for a system flight:
/// `{"system": name, "columns": […], "limit": n, "from": index}`; `from` is for the log.
struct SystemRequest {
    var flight: SystemFlight
    var columns: [String]?
    var limit: UInt64?
    var from: UInt64?

    init(_ flight: SystemFlight) {
        self.flight = flight
    }

    init(_ reader: JSONObjectReader) throws {
        var reader = reader
        flight = try SystemFlight(named: try reader.requiredString("system"))
        columns = try reader.strings("columns")
        limit = try reader.count("limit").map(UInt64.init)
        if flight == .log { from = try reader.count("from").map(UInt64.init) }
        try reader.finish()
    }

    /// The positions of the columns asked for; nil for all.
    func positions() throws(FlightError) -> [Int]? {
        guard let columns else { return nil }
        let schema = flight.schema
        var positions: [Int] = []
        for name in columns {
            guard let position = schema.index(of: name) else {
                let known = schema.fields.map(\.name).joined(separator: ", ")
                throw FlightError(
                    .invalidArgument,
                    "the system flight \"\(flight.rawValue)\" has no column \"\(name)\";"
                        + " it has \(known)")
            }
            positions.append(position)
        }
        return positions
    }
}
