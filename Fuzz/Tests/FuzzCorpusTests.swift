import Foundation
import MarbleEnvironment
import NIOCore
import Testing

/// Feeds the fuzz targets what is kept for them. A target that doesn't return ends the test run; the
/// last line says where. One after the other: a target may look at what all of a server's connections hold.
@Suite(.serialized)
struct FuzzCorpusTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func corpus(_ target: FuzzTarget) throws -> [URL] {
        try inputs(target, in: "Corpus")
    }

    private static func inputs(_ target: FuzzTarget, in folder: String) throws -> [URL] {
        let place = directory.appending(path: folder).appending(path: target.name)
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(
            at: place, includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    private static func run(_ target: FuzzTarget, _ file: URL) throws -> FuzzTarget.Outcome {
        [UInt8](try Data(contentsOf: file)).withUnsafeBytes { target.run($0) }
    }

    @Test(arguments: FuzzTarget.all)
    func `a target takes some of its corpus and refuses some`(target: FuzzTarget) throws {
        let files = try Self.corpus(target)
        var outcomes: Set<FuzzTarget.Outcome> = []
        for file in files { outcomes.insert(try Self.run(target, file)) }
        #expect(outcomes == [.accepted, .refused], "\(files.count) inputs")
    }

    @Test(arguments: FuzzTarget.all)
    func `a target survives its corpus cut off and with single bytes changed`(
        target: FuzzTarget
    ) throws {
        var random = SplitMix64(seed: 7)
        for file in try Self.corpus(target) {
            let bytes = [UInt8](try Data(contentsOf: file))
            for _ in 0..<10 {
                var damaged = Array(bytes.prefix(Int(random.next(below: UInt64(bytes.count)))))
                _ = damaged.withUnsafeBytes { target.run($0) }
                damaged = bytes
                let position = Int(random.next(below: UInt64(bytes.count)))
                damaged[position] = UInt8(random.next(below: 256))
                _ = damaged.withUnsafeBytes { target.run($0) }
            }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func `whatever a fuzzer found is survived`(target: FuzzTarget) throws {
        for file in try Self.inputs(target, in: "Findings") {
            _ = try Self.run(target, file)
        }
    }

    /// An answer that comes after ``EmbeddedServer/receive(_:)`` has returned would be no part of an input.
    @Test(arguments: [("Basic YW5uOnNlY3JldA==", 200), ("Bearer token", 403), (nil, 401)])
    func `a server that asks who calls answers at once`(authorization: String?, status: Int) {
        let header = authorization.map { "Authorization: \($0)\r\n" } ?? ""
        let server = EmbeddedServer(authenticates: true)
        let answer = server.receive(
            ByteBuffer(string: "GET /page HTTP/1.1\r\nHost: localhost\r\n\(header)\r\n"))
        server.end()
        #expect(String(buffer: answer).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test(arguments: FuzzTarget.all)
    func `a target takes nothing and single bytes`(target: FuzzTarget) {
        _ = target.run(UnsafeRawBufferPointer(start: nil, count: 0))
        for byte in UInt8.min...UInt8.max {
            _ = [byte].withUnsafeBytes { target.run($0) }
        }
    }
}
