import NIOCore
import Testing

@testable import MarbleCluster

@Suite("TransportInbox")
struct TransportInboxTests {
    private func message(_ text: String) -> RaftTransportMessage {
        RaftTransportMessage(sender: "a:1", bytes: ByteBuffer(string: text))
    }

    private func text(_ message: RaftTransportMessage?) -> String? {
        message.map { String(buffer: $0.bytes) }
    }

    @Test func `messages come out in order`() async {
        let inbox = TransportInbox(byteCountMax: 1 << 20)
        #expect(text(inbox.take()) == nil)
        for number in 0..<5 { #expect(inbox.put(message("\(number)"))) }
        #expect(text(inbox.take()) == "0")
        #expect(text(await inbox.next()) == "1")
        #expect(text(inbox.take()) == "2")
    }

    @Test func `a full inbox refuses until something is taken`() {
        let inbox = TransportInbox(byteCountMax: 3 * 256 + 30)
        for _ in 0..<3 { #expect(inbox.put(message("0123456789"))) }
        #expect(inbox.put(message("")) == false)
        _ = inbox.take()
        #expect(inbox.put(message("01234567890")) == false)
        #expect(inbox.put(message("0123456789")))
        #expect(inbox.put(message("")) == false)
    }

    @Test func `a reader that waits gets what comes and those after it too`() async throws {
        let inbox = TransportInbox(byteCountMax: 0)
        let received = Task { await inbox.next() }
        // Nothing fits into this inbox, so a message is taken only by a reader that waits.
        _ = try await eventually("the reader waits") { inbox.put(message("late")) ? true : nil }
        #expect(text(await received.value) == "late")
        #expect(inbox.put(message("later")) == false)
    }

    @Test func `a cancelled reader leaves the next message to others`() async throws {
        let inbox = TransportInbox(byteCountMax: 1 << 20)
        let reader = Task { await inbox.next() }
        reader.cancel()
        #expect(text(await reader.value) == nil)
        #expect(inbox.put(message("kept")))
        #expect(text(inbox.take()) == "kept")
    }

    @Test func `a closed inbox ends its readers and takes nothing`() async {
        let inbox = TransportInbox(byteCountMax: 1 << 20)
        let reader = Task { await inbox.next() }
        #expect(inbox.put(message("left")))
        _ = await reader.value
        #expect(inbox.put(message("last")))
        inbox.close()
        #expect(inbox.put(message("refused")) == false)
        #expect(text(await inbox.next()) == "last")
        #expect(text(await inbox.next()) == nil)
    }
}
