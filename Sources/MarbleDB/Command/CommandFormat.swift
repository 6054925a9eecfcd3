/// The bytes of a command, as `docs/formats/commands.md` describes them.
enum CommandFormat {
    static let version: UInt8 = 1
    static let prefixByteCount = 32
    static let alignment = 8
    static let sessionByteCountMax = 255

    static let versionOffset = 0
    static let operationOffset = 1
    static let layoutOffset = 2
    static let headerByteCountOffset = 4
    static let tableIDOffset = 8
    static let sequenceOffset = 16
    static let rowCountOffset = 24
    static let textByteCountOffset = 28

    /// In a create-table command's layout byte: a table with the same definition is no error.
    static let ifNotExistsFlag: UInt8 = 1

    static func padding(after byteCount: Int) -> Int {
        (alignment - byteCount % alignment) % alignment
    }
}

/// What a command does.
enum CommandOperation: UInt8, Sendable {
    case upsert = 1
    case insert = 2
    case delete = 3
    case createTable = 4
    case dropTable = 5

    /// Whether it changes the rows of a table.
    var isWrite: Bool { self == .upsert || self == .insert || self == .delete }

    var name: String {
        switch self {
        case .upsert: "upsert"
        case .insert: "insert"
        case .delete: "delete"
        case .createTable: "create_table"
        case .dropTable: "drop_table"
        }
    }
}

/// Which columns a batch has.
enum BatchLayout: UInt8, Sendable {
    /// The table's, in its order.
    case allColumns = 0
    /// The primary key's, in the key's order.
    case keyColumns = 1
    /// The primary key's, in the order that they have in the table.
    case sortedKeyColumns = 2
}
