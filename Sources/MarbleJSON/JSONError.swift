/// Why a text isn't the JSON that was asked for.
package struct JSONError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and where.
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
