/// The state of a virtual disk; `VirtualFileSystem` guards it. A value: two copies go their ways.
struct VirtualDisk: Sendable {
    private var files: [Int: VirtualFile] = [:]
    private var directories: [String: VirtualDirectory] = ["/": VirtualDirectory(), ".": .init()]
    private var locks: Set<String> = []
    private var nextFile = 0
    private(set) var epoch = 0
    private(set) var operationCount = 0
    private(set) var syncCount = 0
    private(set) var isStopped = false
    var faults: [Int: VirtualFault] = [:]
    var capacity = Int.max

    typealias Failure = FileSystemError

    // MARK: Crash and damage

    mutating func crash(_ crash: VirtualCrash, _ random: inout some RandomSource) {
        // In a fixed order, so that the same seed always leaves the same disk.
        for path in directories.keys.sorted() { directories[path]?.crash(crash, &random) }
        for number in files.keys.sorted() { files[number]?.crash(crash, &random) }
        kill()
    }

    mutating func kill() {
        for number in files.keys { files[number]?.openCount = 0 }
        collect()
        locks.removeAll()
        epoch += 1
        isStopped = false
    }

    mutating func flip(_ path: String, at offset: Int, mask: UInt8) throws(Failure) {
        let number = try number(of: path, .write)
        files[number]?.flip(at: offset, mask: mask)
    }

    // MARK: Names

    private func place(_ path: String) -> (directory: String, name: String) {
        (FilePaths.parent(of: path), FilePaths.name(of: path))
    }

    private func number(
        of path: String, _ operation: Failure.Operation
    ) throws(Failure) -> Int {
        let (directory, name) = place(path)
        guard let number = directories[directory]?.current[name] else {
            if isDirectory(path) {
                throw Failure(.isDirectory, operation, path, reason: "Is a directory")
            }
            throw Failure(.notFound, operation, path, reason: "No such file or directory")
        }
        return number
    }

    private func isDirectory(_ path: String) -> Bool {
        directories[FilePaths.normalized(path)] != nil
    }

    func exists(_ path: String) throws(Failure) -> Bool {
        try checkRunning(.exists, path)
        let (directory, name) = place(path)
        return isDirectory(path) || directories[directory]?.current[name] != nil
    }

    mutating func open(_ path: String, _ mode: FileOpenMode) throws(Failure) -> Int {
        try checkRunning(.open, path)
        let (directory, name) = place(path)
        if let number = directories[directory]?.current[name] {
            files[number]?.openCount += 1
            return number
        }
        guard mode == .create, directories[directory] != nil, !isDirectory(path) else {
            return try number(of: path, .open)
        }
        try operate(.open, path)
        let number = nextFile
        nextFile += 1
        var file = VirtualFile()
        file.openCount = 1
        files[number] = file
        directories[directory]?.change(removing: nil, adding: name, file: number)
        return number
    }

    func list(_ directory: String) throws(Failure) -> [String] {
        try checkRunning(.list, directory)
        let path = FilePaths.normalized(directory)
        guard let names = directories[path]?.current.keys else {
            throw Failure(.notFound, .list, directory, reason: "No such file or directory")
        }
        let inner = directories.keys.filter { $0 != path && place($0).directory == path }
        return (Array(names) + inner.map { place($0).name }).sorted()
    }

    mutating func createDirectory(_ path: String) throws(Failure) {
        try checkRunning(.createDirectory, path)
        let directory = FilePaths.normalized(path)
        if directories[directory] != nil { return }
        let (parent, name) = place(directory)
        if directories[parent] == nil { try createDirectory(parent) }
        guard directories[parent]?.current[name] == nil else {
            throw Failure(
                .notDirectory, .createDirectory, path, reason: "a file of that name is there")
        }
        try operate(.createDirectory, path)
        directories[directory] = VirtualDirectory()
    }

    mutating func rename(_ path: String, to target: String) throws(Failure) {
        let number = try number(of: path, .rename)
        let (from, name) = place(path)
        let (to, newName) = place(target)
        guard directories[to] != nil, !isDirectory(target) else {
            throw Failure(.notFound, .rename, target, reason: "No such file or directory")
        }
        try operate(.rename, path)
        if from == to {
            directories[from]?.change(removing: name, adding: newName, file: number)
        } else {
            directories[to]?.change(removing: nil, adding: newName, file: number)
            directories[from]?.change(removing: name, adding: nil, file: number)
        }
    }

    mutating func remove(_ path: String) throws(Failure) {
        try checkRunning(.remove, path)
        if isDirectory(path) {
            guard try list(path).isEmpty else {
                throw Failure(.exists, .remove, path, reason: "Directory not empty")
            }
            try operate(.remove, path)
            directories[FilePaths.normalized(path)] = nil
            return
        }
        let number = try number(of: path, .remove)
        try operate(.remove, path)
        let (directory, name) = place(path)
        directories[directory]?.change(removing: name, adding: nil, file: number)
    }

    mutating func syncDirectory(_ path: String) throws(Failure) {
        let directory = FilePaths.normalized(path)
        guard directories[directory] != nil else {
            throw Failure(.notFound, .syncDirectory, path, reason: "No such file or directory")
        }
        try operate(.syncDirectory, path)
        directories[directory]?.sync()
        collect()
    }

    mutating func lock(_ path: String) throws(Failure) -> String {
        try checkRunning(.lock, path)
        let (directory, name) = place(path)
        guard directories[directory] != nil else {
            throw Failure(.notFound, .lock, path, reason: "No such file or directory")
        }
        let key = FilePaths.join(directory, name)
        guard locks.insert(key).inserted else {
            throw Failure(.locked, .lock, path, reason: "in use by another owner")
        }
        return key
    }

    mutating func unlock(_ key: String) { locks.remove(key) }

    // MARK: Contents

    func byteCount(_ number: Int) -> Int { files[number]?.current.count ?? 0 }

    func read(_ number: Int, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        guard let bytes = files[number]?.current, offset < UInt64(bytes.count) else { return 0 }
        let start = Int(offset)
        let count = min(buffer.count, bytes.count - start)
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
        }
        return count
    }

    mutating func write(
        _ number: Int, _ path: String, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(Failure) {
        let start = try position(offset, .write, path)
        let (end, overflow) = start.addingReportingOverflow(bytes.count)
        guard !overflow else {
            throw Failure(.io, .write, path, reason: "File too large")
        }
        try operate(.write, path)
        try checkCapacity(number, end, .write, path)
        files[number]?.write(bytes, at: start)
    }

    mutating func preallocate(
        _ number: Int, _ path: String, _ byteCount: UInt64
    ) throws(Failure) {
        let end = try position(byteCount, .preallocate, path)
        try operate(.preallocate, path)
        guard end > self.byteCount(number) else { return }
        try checkCapacity(number, end, .preallocate, path)
        files[number]?.resize(to: end)
    }

    mutating func truncate(_ number: Int, _ path: String, _ byteCount: UInt64) throws(Failure) {
        let end = try position(byteCount, .truncate, path)
        guard end != self.byteCount(number) else { return }
        try operate(.truncate, path)
        try checkCapacity(number, end, .truncate, path)
        files[number]?.resize(to: end)
    }

    mutating func sync(_ number: Int, _ path: String) throws(Failure) {
        do throws(Failure) { try operate(.sync, path) } catch {
            if !isStopped { files[number]?.failSync() }
            throw error
        }
        syncCount += 1
        files[number]?.sync()
    }

    mutating func close(_ number: Int) {
        files[number]?.openCount -= 1
        if files[number]?.openCount == 0 { collect() }
    }

    var freeByteCount: Int { max(0, capacity - usedByteCount) }

    private var usedByteCount: Int { files.values.reduce(0) { $0 + $1.current.count } }

    // MARK: Parts

    func checkRunning(_ operation: Failure.Operation, _ path: String) throws(Failure) {
        if isStopped { throw Failure(.io, operation, path, reason: "the machine has stopped") }
    }

    private mutating func operate(
        _ operation: Failure.Operation, _ path: String
    ) throws(Failure) {
        try checkRunning(operation, path)
        let number = operationCount
        operationCount += 1
        switch faults[number] {
        case nil: return
        case .stop:
            isStopped = true
            throw Failure(.io, operation, path, reason: "the machine has stopped")
        case .ioError:
            throw Failure(.io, operation, path, reason: "Input/output error")
        case .noSpace:
            throw Failure(.noSpace, operation, path, reason: "No space left on device")
        }
    }

    private func checkCapacity(
        _ number: Int, _ end: Int, _ operation: Failure.Operation, _ path: String
    ) throws(Failure) {
        let growth = end - byteCount(number)
        guard growth <= 0 || growth <= freeByteCount else {
            throw Failure(.noSpace, operation, path, reason: "No space left on device")
        }
    }

    private func position(
        _ offset: UInt64, _ operation: Failure.Operation, _ path: String
    ) throws(Failure) -> Int {
        guard let position = Int(exactly: offset) else {
            throw Failure(.io, operation, path, reason: "File too large")
        }
        return position
    }

    /// Files without a name live until they are closed.
    private mutating func collect() {
        let named = directories.values.reduce(into: Set<Int>()) { $0.formUnion($1.files) }
        for (number, file) in files where file.openCount <= 0 && !named.contains(number) {
            files[number] = nil
        }
    }
}
