import Foundation
import MarbleEnvironment
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

/// Chunks that are written as a snapshot.
struct ChunkCapture: RaftSnapshotCapture {
    var chunks: [String]
    var failsAtEnd = false

    struct Broken: Error {}

    func write(to sink: (ByteBuffer) throws -> Void) throws {
        for chunk in chunks { try sink(ByteBuffer(string: chunk)) }
        if failsAtEnd { throw Broken() }
    }
}

@Suite("SnapshotStore")
struct SnapshotStoreTests {
    private typealias Name = SnapshotStore.Name

    private func with(_ body: (SnapshotStore, String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            try body(
                try SnapshotStore(fileSystem: PosixFileSystem(), directory: directory), directory)
        }
    }

    private func chunks(_ source: SnapshotFileSource) throws -> [String] {
        var chunks: [String] = []
        while let chunk = try source.next() { chunks.append(String(buffer: chunk)) }
        return chunks
    }

    private func files(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test func `a snapshot is read back chunk by chunk`() throws {
        try with { store, _ in
            #expect(try store.newest() == nil)
            let chunks = ["first", "", String(repeating: "long", count: 50_000), "last"]
            let name = Name(index: 42, term: 7)
            let byteCount = try store.write(name, ChunkCapture(chunks: chunks))
            #expect(try store.newest() == name)
            let source = try store.source(name)
            #expect(try self.chunks(source) == chunks)
            #expect(try source.next() == nil)
            let whole = try store.read(name, at: 0, byteCountMax: .max)
            #expect(UInt64(whole.bytes.readableBytes) == byteCount)
            #expect(whole.fileByteCount == byteCount)
        }
    }

    @Test func `a snapshot without chunks is one`() throws {
        try with { store, _ in
            try store.write(Name(index: 1, term: 1), ChunkCapture(chunks: []))
            #expect(try chunks(try store.source(Name(index: 1, term: 1))) == [])
        }
    }

    @Test func `a snapshot with any bit flipped is refused`() throws {
        try with { store, directory in
            let name = Name(index: 42, term: 7)
            try store.write(name, ChunkCapture(chunks: ["some state", "", "and more"]))
            let path = FilePaths.join(directory, "snapshot-42-7")
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            for (bit, damaged) in flips(of: bytes).enumerated() {
                try Data(damaged).write(to: URL(fileURLWithPath: path))
                #expect(throws: RaftError.self, "bit \(bit)") {
                    _ = try chunks(try store.source(name))
                }
            }
        }
    }

    @Test func `a snapshot that was cut short anywhere is refused`() throws {
        try with { store, directory in
            let name = Name(index: 42, term: 7)
            try store.write(name, ChunkCapture(chunks: ["some state", "", "and more"]))
            let path = FilePaths.join(directory, "snapshot-42-7")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for count in 0..<bytes.count {
                try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
                #expect(throws: RaftError.self, "\(count) bytes") {
                    _ = try chunks(try store.source(name))
                }
            }
        }
    }

    @Test func `a snapshot under another's name is refused`() throws {
        try with { store, directory in
            try store.write(Name(index: 42, term: 7), ChunkCapture(chunks: ["state"]))
            try FileManager.default.moveItem(
                atPath: FilePaths.join(directory, "snapshot-42-7"),
                toPath: FilePaths.join(directory, "snapshot-43-7"))
            let error = #expect(throws: RaftError.self) {
                _ = try store.source(Name(index: 43, term: 7))
            }
            #expect(error?.code == .storage)
            #expect(error?.message.contains("snapshot-43-7") == true)
        }
    }

    @Test func `what a crash left unfinished is removed and other files aren't`() throws {
        try with { store, directory in
            try store.write(Name(index: 5, term: 1), ChunkCapture(chunks: ["state"]))
            for name in ["snapshot-9-1.part", "snapshot-10-1.received.part", "notes.txt"] {
                try Data("x".utf8).write(
                    to: URL(fileURLWithPath: FilePaths.join(directory, name)))
            }
            #expect(try store.newest() == Name(index: 5, term: 1))
            #expect(try files(directory) == ["notes.txt", "snapshot-5-1"])
        }
    }

    @Test func `a capture that fails leaves nothing behind`() throws {
        try with { store, directory in
            #expect(throws: ChunkCapture.Broken.self) {
                try store.write(
                    Name(index: 5, term: 1), ChunkCapture(chunks: ["state"], failsAtEnd: true))
            }
            let left = try files(directory)
            #expect(left == [])
        }
    }

    @Test func `of older snapshots one is kept`() throws {
        try with { store, directory in
            for index: RaftIndex in [9, 10, 100] {
                try store.write(Name(index: index, term: 1), ChunkCapture(chunks: ["state"]))
            }
            #expect(try files(directory) == ["snapshot-10-1", "snapshot-100-1"])
            #expect(try store.newest() == Name(index: 100, term: 1))
        }
    }

    @Test func `a snapshot from a peer goes on where it broke off and counts when it is whole`()
        throws
    {
        try with { peer, _ in
            try with { store, directory in
                for index: RaftIndex in [1, 2] {
                    try store.write(Name(index: index, term: 1), ChunkCapture(chunks: ["old"]))
                }
                let name = Name(index: 30, term: 2)
                let chunks = ["first", "second", "third"]
                let total = try peer.write(name, ChunkCapture(chunks: chunks))
                var receiver = try store.receive(name)
                #expect(receiver.byteCount == 0)
                try receiver.append(try peer.read(name, at: 0, byteCountMax: 50).bytes)
                receiver.close()

                receiver = try store.receive(name)
                #expect(receiver.byteCount == 50)
                while receiver.byteCount < total {
                    let part = try peer.read(name, at: receiver.byteCount, byteCountMax: 7)
                    try receiver.append(part.bytes)
                }
                #expect(try peer.read(name, at: total, byteCountMax: 7).bytes.readableBytes == 0)
                #expect(try files(directory).contains("snapshot-30-2") == false)
                try receiver.adopt()
                #expect(try store.newest() == name)
                #expect(try self.chunks(try store.source(name)) == chunks)
                #expect(try files(directory) == ["snapshot-2-1", "snapshot-30-2"])
            }
        }
    }

    @Test func `a damaged snapshot from a peer is thrown away`() throws {
        try with { peer, _ in
            try with { store, directory in
                let name = Name(index: 30, term: 2)
                let total = try peer.write(name, ChunkCapture(chunks: ["some", "state"]))
                let whole = try peer.read(name, at: 0, byteCountMax: .max).bytes
                var damaged = whole
                damaged.setInteger(UInt8(0xFF), at: Int(total) - 12)
                let short = whole.getSlice(at: 0, length: Int(total) - 1)
                for bytes in [damaged, try #require(short)] {
                    let receiver = try store.receive(name)
                    #expect(receiver.byteCount == 0)
                    try receiver.append(bytes)
                    #expect(throws: RaftError.self) { try receiver.adopt() }
                    #expect(try files(directory) == [])
                }
                let receiver = try store.receive(name)
                try receiver.append(whole)
                try receiver.adopt()
                #expect(try store.newest() == name)
            }
        }
    }
}
