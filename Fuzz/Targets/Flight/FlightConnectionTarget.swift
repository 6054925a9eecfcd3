import NIOCore

/// What a server gets from a new connection, from the first byte on: whatever protocol it is.
///
/// The first byte says whether the server asks who calls (0x80), and in pieces of how many bytes the rest
/// arrives; 0: in one.
enum FlightConnectionTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let pieceByteCount = Int(choice & 0x7F)
        let server = EmbeddedServer(authenticates: choice & 0x80 != 0)
        while !input.isEmpty, server.isOpen {
            let piece = pieceByteCount == 0 ? input.takeRest() : input.take(pieceByteCount)
            server.receive(ByteBuffer(copying: piece))
        }
        let isOpen = server.isOpen
        server.end()
        return isOpen ? .accepted : .refused
    }
}
