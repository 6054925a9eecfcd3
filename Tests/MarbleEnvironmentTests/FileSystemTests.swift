import Foundation
import MarbleEnvironment
import Testing

@Suite("A file system, real or virtual")
struct FileSystemTests {
    private func write(_ text: String, to file: any File, at offset: UInt64 = 0) throws {
        try Array(text.utf8).withUnsafeBytes { try file.write($0, at: offset) }
    }

    private func text(_ fileSystem: any FileSystem, _ path: String) throws -> String {
        String(decoding: try fileSystem.readAll(path), as: UTF8.self)
    }

    private func code(_ body: () throws -> Void) -> FileSystemError.Code? {
        do { try body() } catch { return (error as? FileSystemError)?.code }
        return nil
    }

    @Test("what was written is read back, and a gap reads as zeros", arguments: Disk.allCases)
    func writeAndRead(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let file = try fileSystem.open("\(directory)/a", .create)
            try write("hello", to: file, at: 3)
            #expect(try fileSystem.readAll("\(directory)/a") == [0, 0, 0] + Array("hello".utf8))
            var two: [UInt8] = [1, 1, 1]
            let count = try two.withUnsafeMutableBytes { try file.read(into: $0, at: 6) }
            #expect(count == 2)
            #expect(two == Array("lo".utf8) + [1])
            try file.truncate(byteCount: 4)
            #expect(try file.byteCount() == 4)
            try file.preallocate(byteCount: 4096)
            #expect(try file.byteCount() == 4096)
            try file.preallocate(byteCount: 10)
            #expect(try file.byteCount() == 4096)
            try file.sync()
        }
    }

    @Test("opening what is missing says so, and creates only when asked", arguments: Disk.allCases)
    func openMissing(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let path = "\(directory)/a"
            #expect(code { _ = try fileSystem.open(path, .readOnly) } == .notFound)
            #expect(code { _ = try fileSystem.open(path, .readWrite) } == .notFound)
            #expect(try !fileSystem.exists(path))
            try write("x", to: try fileSystem.open(path, .create))
            try write("y", to: try fileSystem.open(path, .create), at: 1)
            #expect(try text(fileSystem, path) == "xy")
            #expect(try fileSystem.exists(path))
        }
    }

    @Test(
        "a file opened for reading can't be written, a closed one not used",
        arguments: Disk.allCases)
    func modes(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let path = "\(directory)/a"
            let file = try fileSystem.open(path, .create)
            try write("x", to: file)
            let reader = try fileSystem.open(path, .readOnly)
            #expect(code { try write("y", to: reader) } != nil)
            file.close()
            file.close()
            #expect(code { try write("y", to: file) } == .closed)
            #expect(code { try file.sync() } == .closed)
            #expect(try text(fileSystem, path) == "x")
        }
    }

    @Test("rename replaces, remove removes, list is sorted", arguments: Disk.allCases)
    func names(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            for name in ["c", "a", "b"] {
                try write(name, to: try fileSystem.open("\(directory)/\(name)", .create))
            }
            try fileSystem.createDirectory("\(directory)/d/e/f")
            try fileSystem.createDirectory("\(directory)/d/e/f")
            #expect(try fileSystem.list(directory) == ["a", "b", "c", "d"])
            try fileSystem.rename("\(directory)/a", to: "\(directory)/c")
            #expect(try text(fileSystem, "\(directory)/c") == "a")
            #expect(code { try fileSystem.remove("\(directory)/a") } == .notFound)
            #expect(code { try fileSystem.remove("\(directory)/d") } == .exists)
            try fileSystem.remove("\(directory)/d/e/f")
            #expect(try fileSystem.list("\(directory)/d/e") == [])
            #expect(code { try fileSystem.createDirectory("\(directory)/b") } == .notDirectory)
            #expect(code { _ = try fileSystem.list("\(directory)/z") } == .notFound)
            try fileSystem.syncDirectory(directory)
        }
    }

    @Test("a removed file lives until it is closed", arguments: Disk.allCases)
    func removedWhileOpen(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let file = try fileSystem.open("\(directory)/a", .create)
            try write("x", to: file)
            try fileSystem.remove("\(directory)/a")
            try fileSystem.syncDirectory(directory)
            try write("y", to: file, at: 1)
            #expect(try file.byteCount() == 2)
        }
    }

    @Test("a lock has one owner until it is released", arguments: Disk.allCases)
    func lock(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let path = "\(directory)/LOCK"
            let lock = try fileSystem.lock(path)
            #expect(code { _ = try fileSystem.lock(path) } == .locked)
            lock.release()
            let second = try fileSystem.lock(path)
            #expect(code { _ = try fileSystem.lock(path) } == .locked)
            second.release()
        }
    }

    @Test("the holder of a lock is named")
    func lockHolder() throws {
        try Disk.real.run { fileSystem, directory in
            let lock = try fileSystem.lock("\(directory)/LOCK")
            do {
                _ = try fileSystem.lock("\(directory)/LOCK")
                Issue.record("locked twice")
            } catch let error as FileSystemError {
                #expect(error.message.contains("in use by process \(getpid())"))
                #expect(error.message.contains("\(directory)/LOCK"))
            }
            lock.release()
        }
    }

    @Test("a file larger than the limit isn't read", arguments: Disk.allCases)
    func readAllLimit(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            try write("four", to: try fileSystem.open("\(directory)/a", .create))
            #expect(
                code { _ = try fileSystem.readAll("\(directory)/a", byteCountMax: 3) } == .tooLarge)
            #expect(try fileSystem.readAll("\(directory)/a", byteCountMax: 4).count == 4)
        }
    }

    @Test("free space is more than nothing", arguments: Disk.allCases)
    func free(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let byteCount = try fileSystem.freeByteCount(at: directory)
            #expect(byteCount > 0)
        }
    }

    @Test("an offset beyond every file is an error", arguments: Disk.allCases)
    func hugeOffset(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let file = try fileSystem.open("\(directory)/a", .create)
            #expect(code { try write("x", to: file, at: .max) } == .io)
        }
    }

    @Test("a crash at any operation leaves the old bytes or the new ones under an atomic write")
    func atomicWrite() throws {
        let old = Array("old".utf8)
        let new = [UInt8](repeating: 7, count: 3000)
        for crash in VirtualCrash.allCases {
            for operation in 0..<32 {
                let fileSystem = VirtualFileSystem()
                try fileSystem.createDirectory("/data")
                try fileSystem.writeFileAtomically("/data/a", old)
                let fault = fileSystem.operationCount + operation
                fileSystem.setFault(.stop, atOperation: fault)
                let isDone = (try? fileSystem.writeFileAtomically("/data/a", new)) != nil
                var random = SplitMix64(seed: UInt64(operation))
                fileSystem.crash(crash, random: &random)
                let left = try fileSystem.readAll("/data/a")
                #expect(left == new || (left == old && !isDone))
            }
        }
    }
}
