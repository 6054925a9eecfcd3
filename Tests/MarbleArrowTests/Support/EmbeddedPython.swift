import Foundation

/// Python in this process, so that both sides of the C data interface are real.
enum EmbeddedPython {
    private typealias Ensure = @convention(c) () -> Int32
    private typealias Release = @convention(c) (Int32) -> Void
    private typealias Run = @convention(c) (UnsafePointer<CChar>, UnsafeRawPointer?) -> Int32

    private static let library = Result { try start() }

    /// Runs statements; throws if they raise. The traceback is printed.
    static func run(_ code: String) throws {
        let library = UnsafeMutableRawPointer(bitPattern: try library.get())
        let state = try function("PyGILState_Ensure", library, as: Ensure.self)()
        let result = try function("PyRun_SimpleStringFlags", library, as: Run.self)(code, nil)
        try function("PyGILState_Release", library, as: Release.self)(state)
        guard result == 0 else { throw PyArrow.Failed(description: "Python raised in: \(code)") }
    }

    /// Loads the library that the interpreter is made of, and returns its handle.
    private static func start() throws -> UInt {
        let described = try PyArrow.run("embedding", script: "embedding.py")
            .split(separator: "\n").map(String.init)
        guard described.count == 3 else {
            throw PyArrow.Failed(description: "embedding.py said \(described)")
        }
        guard let library = dlopen(described[0], RTLD_NOW | RTLD_GLOBAL) else {
            throw PyArrow.Failed(
                description: "\(described[0]) can't be loaded: \(String(cString: dlerror())); set "
                    + "MARBLE_PYTHON to a Python that is built with --enable-shared")
        }
        typealias Decode =
            @convention(c) (UnsafePointer<CChar>, UnsafeRawPointer?) -> UnsafeMutableRawPointer?
        typealias SetHome = @convention(c) (UnsafeMutableRawPointer?) -> Void
        typealias Initialize = @convention(c) (Int32) -> Void
        typealias Save = @convention(c) () -> UnsafeMutableRawPointer?
        let home = try function("Py_DecodeLocale", library, as: Decode.self)(described[1], nil)
        try function("Py_SetPythonHome", library, as: SetHome.self)(home)
        try function("Py_InitializeEx", library, as: Initialize.self)(0)
        // Whichever thread runs something takes the lock for itself.
        _ = try function("PyEval_SaveThread", library, as: Save.self)()
        let paths = described[2].split(separator: ":").map { "'\($0)'" }.joined(separator: ", ")
        let state = try function("PyGILState_Ensure", library, as: Ensure.self)()
        _ = try function("PyRun_SimpleStringFlags", library, as: Run.self)(
            "import sys; sys.path[:0] = [\(paths)]", nil)
        try function("PyGILState_Release", library, as: Release.self)(state)
        return UInt(bitPattern: library)
    }

    private static func function<Function>(
        _ name: String, _ library: UnsafeMutableRawPointer?, as type: Function.Type
    ) throws -> Function {
        guard let symbol = dlsym(library, name) else {
            throw PyArrow.Failed(description: "Python's library has no \(name)")
        }
        return unsafeBitCast(symbol, to: type)
    }
}
