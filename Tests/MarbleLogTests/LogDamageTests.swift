import MarbleEnvironment
import MarbleLog
import Testing

@Suite("A log whose durable bytes have changed")
struct LogDamageTests {
    private static let configuration = LogConfiguration(
        directory: "/log", identity: 7, segmentByteCount: 4096)

    private static func path(_ number: Int) -> String { "/log/000000000000000\(number).segment" }

    /// Three segments and a bit, nothing compacted, closed in order.
    private static func closedLog() throws -> VirtualFileSystem {
        let fileSystem = VirtualFileSystem()
        let log = try ReplicatedLog.open(fileSystem: fileSystem, configuration: configuration)
        try log.setHardState(group: 1, term: 3, votedFor: 2)
        for index in 1...27 as ClosedRange<UInt64> {
            try log.append(
                1 + index % 2, (index + 1) / 2, term: 3,
                [UInt8](repeating: UInt8(index), count: 501))
            try log.sync()
        }
        #expect(log.segmentCount > 3)
        try log.close()
        return fileSystem
    }

    private func openFailure(_ fileSystem: VirtualFileSystem) -> LogError? {
        do {
            _ = try ReplicatedLog.open(fileSystem: fileSystem, configuration: Self.configuration)
            return nil
        } catch {
            return error
        }
    }

    @Test("is refused for every bit of a closed segment, with the file and the offset")
    func closedSegments() throws {
        let original = try Self.closedLog()
        let byteCount = try original.readAll(Self.path(2)).count
        for offset in 0..<byteCount {
            let fileSystem = original.copy()
            try fileSystem.flip(Self.path(2), at: offset, mask: 1 << UInt8(offset % 8))
            let failure = try #require(openFailure(fileSystem), "offset \(offset) of \(byteCount)")
            #expect(failure.code == .damaged)
            #expect(failure.message.contains("\(Self.path(2)) is damaged at offset "))
        }
    }

    @Test("is refused for every byte of the last segment, when it was closed in order")
    func lastSegment() throws {
        let original = try Self.closedLog()
        let path = try #require(try original.list("/log").last { $0.hasSuffix(".segment") })
        let bytes = try original.readAll("/log/\(path)")
        // The last batch is the empty one that closing wrote: 48 bytes.
        let end = try #require(bytes.lastIndex { $0 != 0 }) / 8 * 8 + 8 - 48
        let sealed = Int(bytes[56]) | Int(bytes[57]) << 8
        #expect(end > sealed + 1000, "several batches came after the segment got its name")
        for offset in 0..<end {
            let fileSystem = original.copy()
            try fileSystem.flip("/log/\(path)", at: offset, mask: 0x80)
            #expect(openFailure(fileSystem)?.code == .damaged, "offset \(offset) of \(end)")
        }
    }

    @Test("is refused for what was durable before the segment got its name, though nothing follows")
    func head() throws {
        let original = VirtualFileSystem()
        do {
            let log = try ReplicatedLog.open(
                fileSystem: original, configuration: Self.configuration)
            #expect(log.segmentCount == 1)
        }
        let bytes = try original.readAll(Self.path(1))
        let end = try #require(bytes.lastIndex { $0 != 0 })
        #expect(end > 64 + 48)
        for offset in 0...end {
            let fileSystem = original.copy()
            try fileSystem.flip(Self.path(1), at: offset, mask: 4)
            #expect(openFailure(fileSystem)?.code == .damaged, "offset \(offset)")
        }
    }

    @Test("names the group and the index of a damaged entry")
    func names() throws {
        let fileSystem = try Self.closedLog()
        let bytes = try fileSystem.readAll(Self.path(1))
        let payload = [UInt8](repeating: 4, count: 501)  // of entry 2 of group 1
        let offset = try #require(bytes.firstRange(of: payload)?.lowerBound)
        try fileSystem.flip(Self.path(1), at: offset + 100, mask: 1)
        let failure = try #require(openFailure(fileSystem))
        #expect(failure.message.contains("(group 1, index 2)"), "\(failure.message)")
        #expect(failure.message.contains("remove its data directory"))
    }

    @Test("is refused when a segment is missing")
    func missingSegment() throws {
        let original = try Self.closedLog()
        for number in 1...3 {
            let fileSystem = original.copy()
            try fileSystem.remove(Self.path(number))
            let failure = try #require(openFailure(fileSystem))
            #expect(failure.code == .damaged)
            #expect(failure.message.contains(number == 1 ? "missing, is needed" : "is missing"))
        }
    }

    @Test("is refused when a closed segment was cut short, even at the end of a batch")
    func shortened() throws {
        let original = try Self.closedLog()
        let byteCount = try original.readAll(Self.path(2)).count
        for length in stride(from: 0, to: byteCount, by: 96) {
            let fileSystem = original.copy()
            let file = try fileSystem.open(Self.path(2), .readWrite)
            try file.truncate(byteCount: UInt64(length))
            // The zeros after the end may go: nothing was there.
            let failure = openFailure(fileSystem)
            #expect(failure?.code == .damaged || length > 3500, "length \(length)")
        }
    }

    @Test("is found while reading, too")
    func whileReading() throws {
        let fileSystem = VirtualFileSystem()
        let log = try ReplicatedLog.open(
            fileSystem: fileSystem, configuration: Self.configuration)
        try log.append(1, 1, [UInt8](repeating: 9, count: 100))
        try log.sync()
        let offset = try #require(try fileSystem.readAll(Self.path(1)).lastIndex(of: 9))
        try fileSystem.flip(Self.path(1), at: offset, mask: 1)
        let failure = #expect(throws: LogError.self) { _ = try log.payloads(1, 1...1) }
        #expect(failure?.code == .damaged)
        #expect(failure?.message.contains("(group 1, index 1)") == true)
    }

    @Test("never traps, whatever bytes the segments hold")
    func garbage() throws {
        let original = try Self.closedLog()
        var random = SplitMix64(seed: 11)
        var openedCount = 0
        for _ in 0..<2000 {
            let fileSystem = original.copy()
            let number = 1 + Int(random.next(below: 4))
            for _ in 0...random.next(below: 6) {
                let offset = Int(random.next(below: 4096))
                try fileSystem.flip(
                    Self.path(number), at: offset, mask: UInt8(truncatingIfNeeded: random.next()))
            }
            if openFailure(fileSystem) == nil { openedCount += 1 }
        }
        #expect(openedCount < 400)
    }

    @Test("a log of another identity is refused")
    func foreign() throws {
        let fileSystem = try Self.closedLog()
        var configuration = Self.configuration
        configuration.identity = 8
        let failure = #expect(throws: LogError.self) {
            _ = try ReplicatedLog.open(fileSystem: fileSystem, configuration: configuration)
        }
        #expect(failure?.code == .foreignLog)
    }

    @Test("a later version of the format is refused as that, not as damage")
    func version() throws {
        let fileSystem = try Self.closedLog()
        var header = Array(try fileSystem.readAll(Self.path(1))[..<64])
        header[8] = 2
        let crc = (header[0..<12] + header[16..<64]).withUnsafeBytes { CRC32C.checksum($0) }
        for byte in 0..<4 { header[12 + byte] = UInt8(truncatingIfNeeded: crc >> (8 * byte)) }
        let file = try fileSystem.open(Self.path(1), .readWrite)
        try header.withUnsafeBytes { try file.write($0, at: 0) }
        #expect(openFailure(fileSystem)?.code == .unsupportedVersion)
    }
}
