import Foundation
import MarbleFlight

/// `flight-echo [PORT]`: serves until it is killed; without a port, on a free one.
@main
struct FlightEchoMain {
    static func main() async throws {
        FlightAllocator.keepFreedMemory()
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
        let server = FlightServer(
            configuration: .init(host: "127.0.0.1", port: port), service: EchoService())
        try await server.start()
        let line = "ready port=\(server.boundPort ?? 0)\n"
        try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        let forever = AsyncStream<Never>.makeStream()
        for await _ in forever.stream {}
    }
}
