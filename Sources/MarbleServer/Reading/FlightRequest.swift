internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON
internal import NIOCore

/// What a ticket, a command or a path asks for.
enum FlightRequest {
    case scan(ScanRequest)
    case system(SystemRequest)

    /// - Parameter subject: what the JSON is, for messages.
    init(json: ByteBuffer, subject: String) throws {
        let value = try JSONValue(parsing: json, subject: subject)
        if value["system"] != nil {
            self = .system(try SystemRequest(JSONObjectReader(value, subject: subject)))
        } else {
            self = .scan(try ScanRequest(json: json))
        }
    }

    init(_ descriptor: FlightDescriptor) throws {
        switch descriptor {
        case .command(let json): try self.init(json: json, subject: "the command")
        case .path(let path):
            if path.count == 1, let table = path.first {
                self = .scan(ScanRequest(table: table))
            } else if path.count == 2, path.first == "system", let name = path.last {
                self = .system(SystemRequest(try SystemFlight(named: name)))
            } else {
                throw FlightError(
                    .invalidArgument,
                    "there is no flight PATH \(path); a flight is PATH [table] or"
                        + " PATH [\"system\", name]")
            }
        }
    }
}
