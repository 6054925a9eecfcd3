package import MarbleFlight

/// What tools that write access lists need of them.
package enum AccessListText {
    /// - Throws: what a node would say about the text.
    package static func check(_ text: String) throws(FlightError) {
        _ = try AccessList(text, path: "the access list")
    }
}
