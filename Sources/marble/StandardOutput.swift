import Foundation

/// Whole lines to the terminal or to the program that reads us, at once.
enum StandardOutput {
    static func line(_ text: String) {
        write(text + "\n", to: .standardOutput)
    }

    static func error(_ text: String) {
        write(text + "\n", to: .standardError)
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // Where nobody reads any more there is nobody to tell.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
