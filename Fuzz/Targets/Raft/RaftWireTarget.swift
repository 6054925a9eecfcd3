import MarbleFlight
import NIOCore

@testable import MarbleCluster

/// What one node sends another: a `FlightData` with an envelope, and entries as a record batch.
enum RaftWireTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        do throws(FlightError) {
            let data = try FlightData(serialized: ByteBuffer(copying: bytes))
            let envelope = try RaftEnvelope(decoding: data.appMetadata)
            let again: RaftEnvelope
            do throws(FlightError) {
                again = try RaftEnvelope(decoding: envelope.encoded())
            } catch {
                fatalError("an envelope was written so that it can't be read: \(error)")
            }
            precondition(
                again.hello == envelope.hello && again.group == envelope.group
                    && again.messages == envelope.messages && again.foreign == envelope.foreign,
                "an envelope changed")
            let batch = try RaftInboundStream.batch(envelope, data)
            checkEntries(batch.entries, group: envelope.group)
            return .accepted
        } catch {
            return .refused
        }
    }

    private static func checkEntries(_ entries: [RaftEntry], group: UInt64) {
        guard !entries.isEmpty else { return }
        let (header, body) = RaftEntryBatch.encode(entries, group: group)
        let again: [RaftEntry]
        do throws(FlightError) {
            again = try RaftEntryBatch.decode(header: header, body: body, group: group)
        } catch {
            fatalError("entries were written so that they can't be read: \(error)")
        }
        precondition(again.count == entries.count, "entries were lost")
        for (one, other) in zip(entries, again) {
            precondition(
                one.index == other.index && one.term == other.term && one.kind == other.kind
                    && one.payload == other.payload, "an entry changed")
        }
    }
}
