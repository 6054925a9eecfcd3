import NIOCore

@testable import MarbleDB

/// The JSON of tickets, which is what a ticket says after it was written again.
enum TicketsTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        let request: ScanRequest
        do throws(DatabaseError) {
            request = try ScanRequest(json: ByteBuffer(copying: bytes))
        } catch {
            return .refused
        }
        do throws(DatabaseError) {
            let again = try ScanRequest(json: ByteBuffer(string: request.json))
            precondition(again == request, "a ticket changed: \(request.json)")
        } catch {
            fatalError("a ticket was written so that it can't be read: \(error)")
        }
        return .accepted
    }
}
