import NIOCore

@testable import MarbleFlight

/// The bytes of a stream's DATA frames: gRPC's framing of messages.
///
/// The first byte chooses the kind of message and how they are compressed, the second says in pieces
/// of how many bytes the rest arrives; 0: in one. However they are cut, the messages must be the same.
enum GRPCMessagesTarget {
    private static let kinds: [FlightMessageKind] = [.flightData, .singleField, .action, .whole]

    private static let compressions: [FlightCompression] = [.identity, .gzip, .deflate]
    private static let messageByteCountMax = 1 << 20

    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let choice = Int(input.byte())
        let kind = kinds[choice % 4]
        let compression = compressions[choice / 4 % 3]
        let pieceByteCount = Int(input.byte())
        let content = input.takeRest()
        let whole = assemble(content, max(content.count, 1), kind, compression)
        let cut = assemble(content, max(pieceByteCount, 1), kind, compression)
        precondition(
            whole.messages == cut.messages && whole.code == cut.code,
            "pieces of \(pieceByteCount) bytes make other messages of the same bytes")
        return whole.code == nil ? .accepted : .refused
    }

    private static func assemble(
        _ content: UnsafeRawBufferPointer, _ pieceByteCount: Int, _ kind: FlightMessageKind,
        _ compression: FlightCompression
    ) -> (messages: [ByteBuffer], code: FlightStatusCode?) {
        let budget = BufferBudget(byteCountMax: 1 << 23)
        var assembler = MessageAssembler(
            messageByteCountMax: messageByteCountMax, budget: budget)
        assembler.compression = compression
        var messages: [FlightData] = []
        var error: FlightError?
        var input = FuzzInput(content)
        while error == nil, !input.isEmpty || assembler.hasWaitingMessages {
            if assembler.hasWaitingMessages {
                error = assembler.resume(kind: kind, messages: &messages)
            } else {
                let piece = ByteBuffer(copying: input.take(pieceByteCount))
                error = assembler.append(piece, kind: kind, messages: &messages)
            }
            // One message in part, and two that were decompressed.
            precondition(
                budget.usedByteCount <= 3 * messageByteCountMax + 4096,
                "\(budget.usedByteCount) bytes are held")
            assembler.decompressedTaken()
        }
        assembler.reset()
        precondition(budget.usedByteCount == 0, "memory was not given back")
        return (messages.map { $0.serialized() }, error?.code)
    }
}
