/// What a virtual disk does instead of an operation.
package enum VirtualFault: Sendable, Equatable {
    /// The machine stops: this operation and all later ones fail until `crash` or
    /// `kill`.
    case stop
    /// The operation fails. A failed sync leaves what was unsynced lost for good, however often
    /// sync is called again, as on Linux.
    case ioError
    case noSpace
}

/// What a crash does to everything that wasn't synced.
package enum VirtualCrash: Sendable, Equatable, CaseIterable {
    case losesUnsynced
    case keepsUnsynced
    /// By chance: changes of names are kept up to some point of each directory's history;
    /// of a file's changes each is kept, lost, or, sector by sector, torn.
    case tearsUnsynced
}
