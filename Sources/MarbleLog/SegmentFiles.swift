internal import MarbleEnvironment

/// The open files of a log: the current segment, the spare that becomes the next one, and closed
/// segments that were read lately.
struct SegmentFiles {
    private let fileSystem: any FileSystem
    private let directory: String
    private let segmentByteCount: Int
    private let filler: SegmentFiller?
    private var current: (any File)?
    private var spare: (any File)?
    /// Why there is no spare.
    private(set) var spareFailure: LogError?
    private var closed: [(number: UInt64, file: any File)] = []

    /// Closed segments that are kept open for reading.
    private static let closedCountMax = 32

    init(
        fileSystem: any FileSystem, configuration: LogConfiguration, filler: SegmentFiller?
    ) {
        self.fileSystem = fileSystem
        self.filler = filler
        directory = configuration.directory
        segmentByteCount = configuration.segmentByteCount
    }

    func path(_ number: UInt64) -> String {
        FilePaths.join(directory, LogFormat.segmentName(number))
    }

    private var sparePath: String { FilePaths.join(directory, LogFormat.spareName) }

    var hasSpare: Bool { spare != nil }
    var spareByteCount: Int { spare == nil ? 0 : segmentByteCount }

    /// Makes the next segment's file under a name that recovery ignores, with its space reserved.
    mutating func makeSpare() throws(LogError) {
        guard spare == nil else { return }
        do throws(FileSystemError) {
            let file = try fileSystem.open(sparePath, .create)
            do throws(FileSystemError) {
                try file.truncate(byteCount: 0)
                try file.preallocate(byteCount: UInt64(segmentByteCount))
            } catch {
                file.close()
                // What could be reserved goes back; should even that fail, the next try begins
                // by cutting the file to nothing.
                try? fileSystem.remove(sparePath)
                throw error
            }
            spare = file
            spareFailure = nil
            filler?.setSpare(sparePath, byteCount: segmentByteCount)
        } catch {
            let failure = LogError(error)
            spareFailure = failure
            throw failure
        }
    }

    /// The file that the next write goes to, for which nothing before `end` is filled any more.
    func writable(through end: Int, isOpeningSegment: Bool) -> any File {
        guard let file = isOpeningSegment ? spare : current else {
            preconditionFailure("a log without a current segment")
        }
        filler?.claim(through: end, isOpeningSegment: isOpeningSegment)
        return file
    }

    /// Has zeros written behind the end of a segment that was found.
    func fillAhead(of segment: Segment) {
        filler?.setCurrent(
            path(segment.number), byteCount: segment.fileByteCount, claimed: segment.byteCount)
    }

    /// Gives the spare, whose first batches are durable, its name as a segment.
    mutating func adoptSpare(as number: UInt64) throws(LogError) {
        do {
            try fileSystem.rename(sparePath, to: path(number))
            try fileSystem.syncDirectory(directory)
            spare?.close()
            spare = nil
            current?.close()
            // Opened again, so that errors name the file by the name that it has now.
            current = try fileSystem.open(path(number), .readWrite)
        } catch {
            throw LogError(error)
        }
    }

    mutating func openCurrent(_ number: UInt64) throws(LogError) -> any File {
        do {
            let file = try fileSystem.open(path(number), .readWrite)
            current = file
            return file
        } catch {
            throw LogError(error)
        }
    }

    mutating func readable(_ number: UInt64, isCurrent: Bool) throws(LogError) -> any File {
        if isCurrent, let current { return current }
        if let open = closed.first(where: { $0.number == number }) { return open.file }
        do {
            let file = try fileSystem.open(path(number), .readOnly)
            if closed.count == Self.closedCountMax { closed.removeFirst().file.close() }
            closed.append((number, file))
            return file
        } catch {
            throw LogError(error)
        }
    }

    /// Removes a segment durably, before the next one may go: so no crash leaves a gap.
    mutating func remove(_ number: UInt64) throws(LogError) {
        if let position = closed.firstIndex(where: { $0.number == number }) {
            closed.remove(at: position).file.close()
        }
        do {
            try fileSystem.remove(path(number))
            try fileSystem.syncDirectory(directory)
        } catch {
            throw LogError(error)
        }
    }

    mutating func closeAll() {
        filler?.stop()
        current?.close()
        spare?.close()
        for open in closed { open.file.close() }
        current = nil
        spare = nil
        closed = []
    }
}
