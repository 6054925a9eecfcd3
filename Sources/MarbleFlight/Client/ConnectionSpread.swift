/// Decides which of a client's connections a call goes to: the one with the fewest calls open, and a
/// further one, up to the limit, when all are busy.
struct ConnectionSpread: Sendable {
    /// Bulk and small calls go apart, so that an answer of a few bytes never waits behind megabytes.
    enum Lane: Int, Sendable {
        case small
        case bulk
    }

    private struct Place {
        /// `nil` for a place that only serves those who ask for its event loop.
        var lane: Lane?
        var openCount = 0
    }

    private var places: [Place] = []
    private let smallCountMax: Int
    private let bulkCountMax: Int

    /// - Parameter bulkCountMax: 0 for bulk calls on the connections of small ones.
    init(smallCountMax: Int, bulkCountMax: Int) {
        self.smallCountMax = max(smallCountMax, 1)
        self.bulkCountMax = max(bulkCountMax, 0)
    }

    var openCount: Int { places.reduce(0) { $0 + $1.openCount } }

    /// The place of a call, which is counted there until ``end(at:)``. It is a new one if its number is
    /// that of the places so far.
    mutating func begin(_ wanted: Lane) -> Int {
        let lane = bulkCountMax == 0 ? .small : wanted
        var best: Int?
        var count = 0
        for (number, place) in places.enumerated() where place.lane == lane {
            count += 1
            if let current = best, places[current].openCount <= place.openCount { continue }
            best = number
        }
        let countMax = lane == .small ? smallCountMax : bulkCountMax
        if let best, places[best].openCount == 0 || count >= countMax {
            places[best].openCount += 1
            return best
        }
        places.append(Place(lane: lane, openCount: 1))
        return places.count - 1
    }

    /// Counts a call at a place that was chosen by its event loop.
    mutating func begin(at number: Int) {
        places[number].openCount += 1
    }

    /// Adds a place for one event loop, with its first call.
    mutating func beginPinned() -> Int {
        places.append(Place(lane: nil, openCount: 1))
        return places.count - 1
    }

    mutating func end(at number: Int) {
        places[number].openCount -= 1
    }
}

extension FlightMethod {
    var lane: ConnectionSpread.Lane {
        switch self {
        case .doGet, .doPut, .doExchange: .bulk
        default: .small
        }
    }
}
