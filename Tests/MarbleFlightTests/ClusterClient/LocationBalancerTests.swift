import Testing

@testable import MarbleFlight

struct LocationBalancerTests {
    private func candidates(
        _ values: (isReachable: Bool, callsOpen: Int)...
    ) -> [LocationBalancer.Candidate] {
        values.map { .init(isReachable: $0.isReachable, callsOpen: $0.callsOpen) }
    }

    @Test func `the least loaded comes first`() {
        var balancer = LocationBalancer(.leastLoaded)
        let three = candidates((true, 3), (true, 1), (true, 2))
        for _ in 0..<3 { #expect(balancer.order(three) == [1, 2, 0]) }
    }

    @Test func `equals take turns`() {
        for balancing in [FlightBalancing.leastLoaded, .roundRobin] {
            var balancer = LocationBalancer(balancing)
            let three = candidates((true, 0), (true, 0), (true, 0))
            #expect(balancer.order(three) == [0, 1, 2])
            #expect(balancer.order(three) == [1, 2, 0])
            #expect(balancer.order(three) == [2, 0, 1])
            #expect(balancer.order(three) == [0, 1, 2])
        }
    }

    @Test func `round robin doesn't look at the load`() {
        var balancer = LocationBalancer(.roundRobin)
        #expect(balancer.order(candidates((true, 9), (true, 0))) == [0, 1])
    }

    @Test func `what can't be reached comes last, but comes`() {
        var balancer = LocationBalancer(.leastLoaded)
        #expect(
            balancer.order(candidates((false, 0), (true, 100), (false, 0), (true, 50)))
                == [3, 1, 0, 2])
    }

    @Test func `none and one are no question`() {
        var balancer = LocationBalancer(.roundRobin)
        #expect(balancer.order([]) == [])
        #expect(balancer.order(candidates((false, 1))) == [0])
    }
}
