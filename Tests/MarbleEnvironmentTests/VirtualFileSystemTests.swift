import MarbleEnvironment
import Testing

@Suite("A virtual disk")
struct VirtualFileSystemTests {
    private func file(_ fileSystem: VirtualFileSystem, _ path: String) throws -> any File {
        try fileSystem.createDirectory("/data")
        return try fileSystem.open(path, .create)
    }

    private func write(_ bytes: [UInt8], to file: any File, at offset: UInt64 = 0) throws {
        try bytes.withUnsafeBytes { try file.write($0, at: offset) }
    }

    private func crash(_ fileSystem: VirtualFileSystem, _ crash: VirtualCrash, seed: UInt64 = 1) {
        var random = SplitMix64(seed: seed)
        fileSystem.crash(crash, random: &random)
    }

    @Test("unsynced writes go with a crash, synced ones stay")
    func unsyncedWrites() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        try write([1, 2], to: file)
        try file.sync()
        try fileSystem.syncDirectory("/data")
        try write([3], to: file, at: 2)
        crash(fileSystem, .losesUnsynced)
        #expect(try fileSystem.readAll("/data/a") == [1, 2])
        #expect(throws: FileSystemError.self) { try file.sync() }
    }

    @Test("a file whose directory wasn't synced goes with a crash, though its bytes were synced")
    func unsyncedName() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        try write([1], to: file)
        try file.sync()
        crash(fileSystem, .losesUnsynced)
        #expect(try !fileSystem.exists("/data/a"))
    }

    @Test("an unsynced rename is undone by a crash, an unsynced removal too")
    func unsyncedRename() throws {
        let fileSystem = VirtualFileSystem()
        for name in ["a", "b"] {
            let file = try file(fileSystem, "/data/\(name)")
            try write(Array(name.utf8), to: file)
            try file.sync()
        }
        try fileSystem.syncDirectory("/data")
        try fileSystem.rename("/data/a", to: "/data/c")
        try fileSystem.remove("/data/b")
        #expect(try fileSystem.list("/data") == ["c"])
        crash(fileSystem, .losesUnsynced)
        #expect(try fileSystem.list("/data") == ["a", "b"])
        #expect(try fileSystem.readAll("/data/b") == Array("b".utf8))
    }

    @Test("a keeping crash keeps everything")
    func keeping() throws {
        let fileSystem = VirtualFileSystem()
        try write([1, 2, 3], to: try file(fileSystem, "/data/a"))
        crash(fileSystem, .keepsUnsynced)
        #expect(try fileSystem.readAll("/data/a") == [1, 2, 3])
    }

    @Test("a tearing crash keeps some sectors of a write and loses others")
    func tearing() throws {
        var tornCount = 0
        for seed in 0..<40 as Range<UInt64> {
            let fileSystem = VirtualFileSystem()
            let file = try file(fileSystem, "/data/a")
            try write([UInt8](repeating: 1, count: 4096), to: file)
            try file.sync()
            try fileSystem.syncDirectory("/data")
            try write([UInt8](repeating: 2, count: 4096), to: file)
            crash(fileSystem, .tearsUnsynced, seed: seed)
            let bytes = try fileSystem.readAll("/data/a")
            for sector in 0..<8 {
                #expect(Set(bytes[sector * 512..<(sector + 1) * 512]).count == 1)
            }
            if Set(bytes).count == 2 { tornCount += 1 }
        }
        #expect(tornCount > 3 && tornCount < 37)
    }

    @Test("the same seed tears the same way")
    func determinism() throws {
        func run() throws -> [UInt8] {
            let fileSystem = VirtualFileSystem()
            let file = try file(fileSystem, "/data/a")
            try file.sync()
            try fileSystem.syncDirectory("/data")
            for number in 0..<50 as Range<UInt8> {
                try write(
                    [UInt8](repeating: number, count: 700), to: file, at: UInt64(number) * 300)
            }
            crash(fileSystem, .tearsUnsynced, seed: 9)
            return try fileSystem.readAll("/data/a")
        }
        #expect(try run() == run())
    }

    @Test("the machine stops at the operation that was chosen, and nothing works until the crash")
    func stop() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        fileSystem.setFault(.stop, atOperation: fileSystem.operationCount + 1)
        try write([1], to: file)
        #expect(throws: FileSystemError.self) { try file.sync() }
        #expect(fileSystem.isStopped)
        #expect(throws: FileSystemError.self) { _ = try fileSystem.list("/data") }
        crash(fileSystem, .keepsUnsynced)
        #expect(!fileSystem.isStopped)
        #expect(try fileSystem.readAll("/data/a") == [1])
    }

    @Test("after a failed sync a second one proves nothing")
    func failedSync() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        try file.sync()
        try fileSystem.syncDirectory("/data")
        try write([1], to: file)
        fileSystem.setFault(.ioError, atOperation: fileSystem.operationCount)
        #expect(throws: FileSystemError.self) { try file.sync() }
        try file.sync()
        #expect(try fileSystem.readAll("/data/a") == [1])
        crash(fileSystem, .keepsUnsynced)
        #expect(try fileSystem.readAll("/data/a") == [])
    }

    @Test("a full disk takes no more, and takes again what was freed")
    func capacity() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        fileSystem.setCapacity(byteCount: 100)
        try file.preallocate(byteCount: 90)
        let other = try fileSystem.open("/data/b", .create)
        do {
            try write([UInt8](repeating: 1, count: 11), to: other)
            Issue.record("written to a full disk")
        } catch let error as FileSystemError {
            #expect(error.code == .noSpace)
        }
        try write([UInt8](repeating: 1, count: 90), to: file)
        try file.truncate(byteCount: 50)
        try write([UInt8](repeating: 1, count: 11), to: other)
    }

    @Test("a crash releases locks")
    func locks() throws {
        let fileSystem = VirtualFileSystem()
        try fileSystem.createDirectory("/data")
        let lock = try fileSystem.lock("/data/LOCK")
        crash(fileSystem, .keepsUnsynced)
        let second = try fileSystem.lock("/data/LOCK")
        lock.release()
        #expect(throws: FileSystemError.self) { _ = try fileSystem.lock("/data/LOCK") }
        second.release()
    }

    @Test("a killed process leaves its writes to the next one, still unsynced")
    func kill() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        try file.sync()
        try fileSystem.syncDirectory("/data")
        try write([1, 2], to: file)
        fileSystem.kill()
        #expect(throws: FileSystemError.self) { try file.sync() }
        #expect(try fileSystem.readAll("/data/a") == [1, 2])
        crash(fileSystem, .losesUnsynced)
        #expect(try fileSystem.readAll("/data/a") == [])
    }

    @Test("a copy goes its own way")
    func copy() throws {
        let fileSystem = VirtualFileSystem()
        let file = try file(fileSystem, "/data/a")
        try write([1], to: file)
        let other = fileSystem.copy()
        try write([2], to: file)
        #expect(try other.readAll("/data/a") == [1])
    }
}
