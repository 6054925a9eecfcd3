/// Decides in which order the servers that could answer a call are asked.
struct LocationBalancer: Sendable {
    struct Candidate: Sendable {
        /// Whether nothing is known that keeps calls from reaching it.
        var isReachable: Bool
        var callsOpen: Int
    }

    private let balancing: FlightBalancing
    private var turn = 0

    init(_ balancing: FlightBalancing) {
        self.balancing = balancing
    }

    /// The candidates' numbers, the best first. Those that can't be reached come last, but do come: that
    /// may have changed.
    mutating func order(_ candidates: [Candidate]) -> [Int] {
        let count = candidates.count
        guard count > 1 else { return Array(candidates.indices) }
        let first = turn % count
        turn = first + 1
        let rotated = (0..<count).map { (first + $0) % count }
        func rank(_ number: Int) -> (Int, Int) {
            let candidate = candidates[number]
            return (
                candidate.isReachable ? 0 : 1,
                balancing == .leastLoaded ? candidate.callsOpen : 0
            )
        }
        // Sorting keeps the rotation among equals.
        return rotated.enumerated().sorted { left, right in
            let (leftRank, rightRank) = (rank(left.element), rank(right.element))
            return leftRank == rightRank ? left.offset < right.offset : leftRank < rightRank
        }.map(\.element)
    }
}
