import ArgumentParser
import Foundation
import MarbleArrow

/// A stream or file that is being written.
struct ArrowOutput {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case file, stream

        /// What the name of an output asks for; nil if it says nothing.
        init?(output: String) {
            if output == "-" {
                self = .stream
                return
            }
            switch URL(filePath: output).pathExtension {
            case "arrow", "feather": self = .file
            case "arrows": self = .stream
            default: return nil
            }
        }
    }

    private enum Writer {
        case file(ArrowFileWriter)
        case stream(ArrowStreamWriter)
    }

    private let path: String
    private let handle: FileHandle
    /// Where it is written until it is complete; nil for standard output.
    private let temporary: String?
    private var writer: Writer

    init(
        path: String, format: Format, schema: ArrowSchema, compression: ArrowCompression,
        metadata: ArrowMetadata
    ) throws {
        self.path = path
        switch format {
        case .file:
            writer = .file(
                ArrowFileWriter(schema: schema, compression: compression, metadata: metadata))
        case .stream:
            writer = .stream(ArrowStreamWriter(schema: schema, compression: compression))
        }
        if path == "-" {
            temporary = nil
            handle = .standardOutput
            return
        }
        let name = "\(path).\(ProcessInfo.processInfo.processIdentifier).tmp"
        guard FileManager.default.createFile(atPath: name, contents: nil),
            let opened = FileHandle(forWritingAtPath: name)
        else {
            throw ArrowToolError(message: "\(path) can't be written: \(Self.reason())")
        }
        temporary = name
        handle = opened
    }

    mutating func write(_ batch: ArrowRecordBatch) throws {
        do {
            switch writer {
            case .file(var file):
                try file.write(batch)
                try put(file.takeBytes())
                writer = .file(file)
            case .stream(var stream):
                try stream.write(batch)
                try put(stream.takeBytes())
                writer = .stream(stream)
            }
        } catch let error as ArrowError {
            throw ArrowToolError(message: "\(path): \(error.message)")
        }
    }

    mutating func finish() throws {
        switch writer {
        case .file(var file):
            file.finish()
            try put(file.takeBytes())
        case .stream(var stream):
            stream.finish()
            try put(stream.takeBytes())
        }
        guard let temporary else { return }
        try? handle.close()
        guard rename(temporary, path) == 0 else {
            throw ArrowToolError(message: "\(path) can't be written: \(Self.reason())")
        }
    }

    /// Leaves nothing behind.
    func discard() {
        if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
    }

    private func put(_ bytes: ArrowBuffer) throws {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw ArrowToolError(message: "\(path) can't be written: \(Self.reason())")
        }
    }

    private static func reason() -> String {
        String(cString: strerror(errno))
    }

    /// Writes text to standard output; ends the process quietly if nobody reads it any more, as
    /// after `| head`.
    static func print(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw ExitCode.success
        }
    }
}
