import Dispatch
import MarbleEnvironment
import Synchronization
import Testing

@testable import MarbleLog

@Suite("A segment filler")
struct SegmentFillerTests {
    private static let segmentByteCount = 64 << 10
    private static let dirt: UInt8 = 0xEE

    private static func limits(ahead: Int = 32 << 10) -> SegmentFiller.Limits {
        var limits = SegmentFiller.Limits()
        limits.aheadByteCount = ahead
        limits.sliceByteCount = 8 << 10
        limits.marginByteCount = 4 << 10
        limits.claimedByteCountMax = 8 << 10
        return limits
    }

    /// A file whose every byte tells whether something was written to it.
    private func dirtyFile(_ fileSystem: any FileSystem, _ path: String) throws {
        let file = try fileSystem.open(path, .create)
        let bytes = [UInt8](repeating: Self.dirt, count: Self.segmentByteCount)
        try write(bytes, to: file, at: 0)
        try file.sync()
        try fileSystem.syncDirectory("/")
    }

    private func write(
        _ bytes: [UInt8], to file: any File, at offset: Int
    ) throws(FileSystemError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(FileSystemError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: UInt64(offset))
        }
    }

    private func bytes(_ fileSystem: any FileSystem, _ path: String) throws -> [UInt8] {
        let bytes = try fileSystem.readAll(path)
        #expect(bytes.count == Self.segmentByteCount)
        return bytes
    }

    /// The ranges of a file that hold zeros.
    private func zeros(_ fileSystem: any FileSystem, _ path: String) throws -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (offset, byte) in try bytes(fileSystem, path).enumerated() where byte == 0 {
            if let last = ranges.last, last.upperBound == offset {
                ranges[ranges.count - 1] = last.lowerBound..<offset + 1
            } else {
                ranges.append(offset..<offset + 1)
            }
        }
        return ranges
    }

    private func fill(_ filler: SegmentFiller) {
        for _ in 0..<1000 where filler.fillSlice() {}
    }

    @Test("fills so much ahead of the log, behind a margin, and makes it durable")
    func ahead() throws {
        let fileSystem = VirtualFileSystem()
        try dirtyFile(fileSystem, "/segment")
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {}
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 1000)
        fill(filler)
        // The margin ends at the next page: 1000 + 4096, rounded up.
        #expect(try zeros(fileSystem, "/segment") == [8192..<1000 + (32 << 10)])
        var random = SplitMix64(seed: 1)
        fileSystem.crash(.losesUnsynced, random: &random)
        #expect(try zeros(fileSystem, "/segment") == [8192..<1000 + (32 << 10)])
    }

    @Test("goes on in the spare where the segment has too little room left")
    func spare() throws {
        let fileSystem = VirtualFileSystem()
        try dirtyFile(fileSystem, "/segment")
        try dirtyFile(fileSystem, "/spare")
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {}
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 48 << 10)
        filler.setSpare("/spare", byteCount: Self.segmentByteCount)
        fill(filler)
        #expect(try zeros(fileSystem, "/segment") == [52 << 10..<64 << 10])
        #expect(try zeros(fileSystem, "/spare") == [0..<16 << 10])
        // The spare becomes the segment: what is filled there counts.
        filler.claim(through: 100, isOpeningSegment: true)
        fill(filler)
        #expect(try zeros(fileSystem, "/spare") == [0..<100 + (32 << 10)])
    }

    @Test("asks to be called when half of what should lie ready is used, and not before")
    func wakes() throws {
        let fileSystem = VirtualFileSystem()
        try dirtyFile(fileSystem, "/segment")
        let wakeCount = Atomic<Int>(0)
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {
            wakeCount.add(1, ordering: .relaxed)
        }
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 0)
        #expect(wakeCount.load(ordering: .relaxed) == 1)
        filler.claim(through: 1, isOpeningSegment: false)
        #expect(wakeCount.load(ordering: .relaxed) == 1)
        fill(filler)
        filler.claim(through: 8 << 10, isOpeningSegment: false)
        #expect(wakeCount.load(ordering: .relaxed) == 1)
        filler.claim(through: 17 << 10, isOpeningSegment: false)
        #expect(wakeCount.load(ordering: .relaxed) == 2)
    }

    @Test("leaves the disk to a log that writes much, and comes back after it")
    func busyLog() throws {
        let fileSystem = VirtualFileSystem()
        try dirtyFile(fileSystem, "/segment")
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {}
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 0)
        filler.claim(through: 9 << 10, isOpeningSegment: false)
        #expect(filler.fillSlice())
        #expect(try zeros(fileSystem, "/segment") == [])
        #expect(filler.fillSlice())
        #expect(try zeros(fileSystem, "/segment") == [16 << 10..<24 << 10])
    }

    private final class Filling: Sendable {
        let isDone = Atomic<Bool>(false)
    }

    @Test("never touches what the log has claimed, beside a log that writes on another thread")
    func race() throws {
        let fileSystem = VirtualFileSystem()
        var limits = Self.limits()
        limits.marginByteCount = 0
        limits.claimedByteCountMax = .max
        for round in 0..<20 as Range<UInt64> {
            let path = "/segment\(round)"
            try dirtyFile(fileSystem, path)
            let filler = SegmentFiller(fileSystem: fileSystem, limits: limits) {}
            filler.setCurrent(path, byteCount: Self.segmentByteCount, claimed: 0)
            let ended = DispatchSemaphore(value: 0)
            let filling = Filling()
            DispatchQueue.global().async {
                while !filling.isDone.load(ordering: .relaxed) { _ = filler.fillSlice() }
                ended.signal()
            }
            let file = try fileSystem.open(path, .readWrite)
            var random = SplitMix64(seed: round)
            var end = 0
            while end < Self.segmentByteCount {
                let start = end
                end = min(Self.segmentByteCount, start + 1 + Int(random.next(below: 3000)))
                filler.claim(through: end, isOpeningSegment: false)
                let record = [UInt8](repeating: 0x55, count: end - start)
                try write(record, to: file, at: start)
            }
            filling.isDone.store(true, ordering: .relaxed)
            ended.wait()
            #expect(try bytes(fileSystem, path).allSatisfy { $0 == 0x55 }, "round \(round)")
        }
    }

    @Test("a claim that reaches into a slice which is being written waits for its end")
    func claimWaits() throws {
        let inner = VirtualFileSystem()
        try dirtyFile(inner, "/segment")
        let fileSystem = GatedFileSystem(inner)
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {}
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 0)
        let claimed = DispatchSemaphore(value: 0)
        let filled = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            _ = filler.fillSlice()
            filled.signal()
        }
        fileSystem.gate.entered.wait()
        // The slice begins at 4096: what ends before it needs no waiting.
        filler.claim(through: 4096, isOpeningSegment: false)
        DispatchQueue.global().async {
            filler.claim(through: 4097, isOpeningSegment: false)
            claimed.signal()
        }
        #expect(claimed.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        fileSystem.gate.open.signal()
        filled.wait()
        claimed.wait()
        #expect(try zeros(inner, "/segment") == [4096..<12 << 10])
    }

    @Test("gives a file up that it can't write, and does no more once it is stopped")
    func failure() throws {
        let fileSystem = VirtualFileSystem()
        try dirtyFile(fileSystem, "/segment")
        try dirtyFile(fileSystem, "/spare")
        let filler = SegmentFiller(fileSystem: fileSystem, limits: Self.limits()) {}
        filler.setCurrent("/segment", byteCount: Self.segmentByteCount, claimed: 48 << 10)
        filler.setSpare("/spare", byteCount: Self.segmentByteCount)
        fileSystem.setFault(.ioError, atOperation: fileSystem.operationCount)
        fill(filler)
        #expect(try zeros(fileSystem, "/segment") == [])
        #expect(try zeros(fileSystem, "/spare") == [0..<32 << 10])
        filler.stop()
        filler.claim(through: 100, isOpeningSegment: true)
        #expect(!filler.fillSlice())
        #expect(try zeros(fileSystem, "/spare") == [0..<32 << 10])
    }
}
