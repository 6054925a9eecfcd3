/// The tables that there are.
struct Catalog: Sendable {
    private(set) var byName: [String: Table] = [:]
    private(set) var byID: [UInt64: Table] = [:]

    var count: Int {
        byID.count
    }

    /// The tables in the order of their names' bytes.
    var sortedByName: [Table] {
        byName.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The tables in the order in which they were created.
    var sortedByID: [Table] {
        byID.values.sorted { $0.id < $1.id }
    }

    mutating func add(_ table: Table) {
        byName[table.name] = table
        byID[table.id] = table
    }

    mutating func remove(_ table: Table) {
        byName[table.name] = nil
        byID[table.id] = nil
    }
}
