/// Why a value can't be encoded or decoded, before it is known in which row.
struct RowCodingError: Error {
    var flaw: String
    var path: [any CodingKey]

    init(_ flaw: String, _ path: [any CodingKey] = []) {
        self.flaw = flaw
        self.path = path
    }

    static func arrowError(_ error: any Error, row: Int) -> ArrowError {
        switch error {
        case let error as RowCodingError:
            ArrowError(.invalidArgument, message(error.path, error.flaw, row))
        case let error as ArrowError: error
        case DecodingError.keyNotFound(let key, let context):
            ArrowError(
                .invalidArgument,
                message(context.codingPath + [key], "is asked for, but there is none", row),
                cause: error)
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            ArrowError(
                .invalidArgument, message(context.codingPath, context.debugDescription, row),
                cause: error)
        case EncodingError.invalidValue(_, let context):
            ArrowError(
                .invalidArgument, message(context.codingPath, context.debugDescription, row),
                cause: error)
        default: ArrowError(.invalidArgument, "row \(row): \(error)", cause: error)
        }
    }

    private static func message(_ path: [any CodingKey], _ flaw: String, _ row: Int) -> String {
        let column = path.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "row \(row) \(flaw)" : "column \"\(column)\" in row \(row): \(flaw)"
    }
}

/// A key by name or number.
struct RowCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}
