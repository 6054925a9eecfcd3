import Foundation
import MarbleEnvironment
import Testing

/// The file systems that must behave alike.
enum Disk: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case real
    case virtual

    var testDescription: String { rawValue }

    /// Runs a test in an empty directory, which is removed afterwards.
    func run(_ body: (any FileSystem, _ directory: String) throws -> Void) throws {
        switch self {
        case .virtual:
            let fileSystem = VirtualFileSystem()
            try fileSystem.createDirectory("/data")
            try body(fileSystem, "/data")
        case .real:
            let fileSystem = PosixFileSystem()
            let directory = FileManager.default.temporaryDirectory
                .appending(path: "marble-\(UUID().uuidString)").path
            try fileSystem.createDirectory(directory)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try body(fileSystem, directory)
        }
    }
}
