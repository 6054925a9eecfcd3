internal import MarbleFlight
internal import NIOConcurrencyHelpers
internal import NIOPosix

/// Checks passwords beside the event loops, only so many at a time: each takes memory and time on purpose.
final class PasswordChecker: Sendable {
    private static let waitingMax = 16

    private let waitingCount = NIOLockedValueBox(0)
    /// What a name that isn't there is checked against, so that it takes as long.
    private let decoy: PasswordHash

    init() throws(FlightError) {
        decoy = try PasswordHash(of: TokenHash.makeToken())
    }

    /// - Throws: `RESOURCE_EXHAUSTED` when too many wait already.
    func isRight(_ password: String, _ hash: PasswordHash?) async throws(FlightError) -> Bool {
        let mayWait = waitingCount.withLockedValue { count in
            guard count < Self.waitingMax else { return false }
            count += 1
            return true
        }
        guard mayWait else {
            throw FlightError(
                .resourceExhausted, "too many logins at once; try again in a moment")
        }
        defer { waitingCount.withLockedValue { $0 -= 1 } }
        let decoy = decoy
        do {
            let matches = try await NIOThreadPool.singleton.runIfActive {
                (hash ?? decoy).matches(password)
            }
            return matches && hash != nil
        } catch {
            throw FlightError(.unavailable, "this process is stopping", cause: error)
        }
    }
}
