import ArgumentParser
import MarbleFlight
import NIOCore

/// The options that all load generators share.
struct LoadOptions: ParsableArguments {
    @Option(help: "Bytes of one message, body or value.")
    var payload = 1024

    @Option(help: "Measured time in seconds.")
    var seconds = 10.0

    @Option(help: "Seconds before the measured time.")
    var warmUp = 1.0

    @Option(help: "Connections that the clients share.")
    var connections = 1

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        guard (0...(1 << 30)).contains(payload) else {
            throw ValidationError("--payload must be between 0 and 1 GiB")
        }
        guard seconds > 0, seconds <= 86_400, warmUp >= 0, warmUp <= 86_400 else {
            throw ValidationError("--seconds and --warm-up must be times of at most a day")
        }
        guard (1...1024).contains(connections) else {
            throw ValidationError("--connections must be between 1 and 1024")
        }
    }

    /// Streams over what the connections take would wait for others to end, which they never do.
    func validate(streamCount: Int) throws {
        let max = connections * FlightServerConfiguration().concurrentStreamsMax
        guard (1...max).contains(streamCount) else {
            throw ValidationError("--clients must be between 1 and \(max); add --connections")
        }
    }

    var measuredTime: TimeAmount { TimeAmount(seconds: seconds) }
    var warmUpTime: TimeAmount { TimeAmount(seconds: warmUp) }
}

/// How many operations one client keeps outstanding.
struct WindowOptions: ParsableArguments {
    @Option(help: "Operations that each client keeps outstanding.")
    var inFlight = 1

    func validate() throws {
        guard (1...(1 << 20)).contains(inFlight) else {
            throw ValidationError("--in-flight must be between 1 and 1048576")
        }
    }
}

extension TimeAmount {
    init(seconds: Double) {
        self = .nanoseconds(Int64(seconds * 1e9))
    }
}
