/// A client's end of a call with messages both ways.
public struct FlightClientStream<Outgoing: Sendable, Incoming: Sendable>: Sendable {
    /// Sends to the server.
    public let writer: FlightWriter<Outgoing>
    /// What the server sends; ends, or throws, with the call's status.
    public let responses: FlightReader<Incoming>

    /// Says, after all that was written, that nothing more will come. The server's answer is complete
    /// when ``responses`` end.
    public func finishWriting() {
        writer.bridge.finish()
    }

    /// Sends one message; see ``FlightWriter/write(_:)``.
    public func write(_ element: Outgoing) async throws(FlightError) {
        try await writer.write(element)
    }

    /// Ends the call at once.
    public func cancel() {
        writer.bridge.cancelStream()
    }
}
