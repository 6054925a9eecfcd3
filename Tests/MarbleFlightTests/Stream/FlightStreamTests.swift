import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// The loop-bound level, both ends over a real socket.
@Suite(.timeLimit(.minutes(5)))
struct FlightStreamTests {
    @Test func `every message that a delegate acknowledges is acknowledged once, in order`()
        async throws
    {
        try await withServer(TestService { _ in Acknowledger() }) { _, client in
            let log = CallLog()
            let count = 5000
            let stream = client.openStream(.doPut, delegate: log)
            stream.eventLoop.execute {
                for number in 0..<count {
                    stream.send(
                        FlightData(
                            appMetadata: ByteBuffer(integer: number),
                            dataBody: ByteBuffer(repeating: 1, count: 100)))
                }
                stream.endInput()
            }
            try await eventually("the call is over") { log.closings == 1 }
            #expect(log.isClosedOK)
            #expect(log.numbers == Array(0..<count))
            // Acknowledgements are written together: far fewer reads than messages.
            #expect(log.batches < count / 10)
        }
    }

    @Test func `a delegate serves actions and tickets too`() async throws {
        let service = TestService { call in
            call.method == .doAction || call.method == .doGet ? Acknowledger() : nil
        }
        try await withServer(service) { _, client in
            let body = ByteBuffer(integer: 42)
            let results = try await client.doAction(FlightAction(type: "x", body: body))
            #expect(results == [FlightResult(body: body)])
            var metadata: [ByteBuffer] = []
            for try await data in try await client.doGet(FlightTicket(body)) {
                metadata.append(data.appMetadata)
            }
            #expect(metadata == [body])
            let types = try await client.listActions()
            #expect(types.count == 2)
        }
    }

    @Test func `a stream lives on the loop that was asked for`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        try await withServer(TestService { _ in Acknowledger() }) { server, client in
            for loop in group.makeIterator() {
                let log = CallLog()
                let stream = client.openStream(.doPut, on: loop, delegate: log)
                #expect(stream.eventLoop === loop)
                loop.execute { stream.endInput() }
                try await eventually("the call is over") { log.closings == 1 }
                #expect(log.isClosedOK)
            }
            #expect(server.counters.connectionsAccepted == 3)
        }
        try await group.shutdownGracefully()
    }

    @Test func `a stream that can't be opened is closed with the reason`() async throws {
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: 1))
        let log = CallLog()
        let stream = client.openStream(.doPut, delegate: log)
        stream.eventLoop.execute { stream.send(FlightData()) }
        try await eventually("the call is over") { log.closings == 1 }
        #expect(log.status?.code == .unavailable)
        await client.close()
    }

    @Test func `a cancelled stream is closed once, and on the server too`() async throws {
        let serverLog = CallLog()
        try await withServer(TestService { _ in serverLog }) { _, client in
            let log = CallLog()
            let stream = client.openStream(.doExchange, delegate: log)
            stream.eventLoop.execute { stream.send(FlightData()) }
            try await eventually("the server has the message") { serverLog.batches == 1 }
            stream.eventLoop.execute {
                stream.cancel()
                stream.cancel()
                stream.send(FlightData())
            }
            try await eventually("both ends are closed") {
                log.closings == 1 && serverLog.closings == 1
            }
            #expect(log.status?.code == .cancelled)
            #expect(serverLog.status?.code == .cancelled)
        }
    }

    @Test func `a server's status ends a call whose client is still sending`() async throws {
        let service = TestService { call in
            Finisher(FlightError(.failedPrecondition, "enough"))
        }
        try await withServer(service) { server, client in
            let log = CallLog()
            let stream = client.openStream(.doPut, delegate: log)
            stream.eventLoop.execute { stream.send(FlightData()) }
            try await eventually("the call is over") { log.closings == 1 }
            #expect(log.status?.code == .failedPrecondition)
            #expect(log.status?.message == "enough")
            try await eventually("the server's stream is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `results and then an error, all in one tick, arrive before the stream ends`()
        async throws
    {
        let count = 1000
        let service = TestService { _ in
            Finisher(
                FlightError(.failedPrecondition, "enough"), resultCount: count,
                resultByteCount: 1000)
        }
        try await withServer(service) { _, client in
            let log = CallLog()
            let stream = client.openStream(.doPut, delegate: log)
            // The client is still sending, so the server also resets the stream after its status.
            stream.eventLoop.execute { stream.send(FlightData()) }
            try await eventually("the call is over") { log.closings == 1 }
            #expect(log.status?.code == .failedPrecondition)
            #expect(log.status?.message == "enough")
            #expect(log.messages == count)
        }
    }

    @Test func `a reader that pauses bounds what the other side has sent, and loses nothing`()
        async throws
    {
        let serverLog = CallLog(pausesAtFirst: true)
        try await withServer(TestService { _ in serverLog }) { _, client in
            let log = CallLog()
            let body = ByteBuffer(repeating: 5, count: 1 << 20)
            let count = 300
            let stream = client.openStream(.doPut, delegate: log)
            log.onWritable = { stream in
                while stream.isWritable, log.sent < count {
                    stream.send(FlightData(dataBody: body))
                    log.sent += 1
                }
                if log.sent == count { stream.endInput() }
            }
            stream.eventLoop.execute { log.onWritable?(stream) }
            try await eventually("the writer is stopped") {
                try await stream.eventLoop.submit { !stream.isWritable }.get()
                    && serverLog.batches > 0
            }
            // What fits into two windows, the sockets' buffers and the watermark, and no more.
            let sent = try await settled { log.sent }
            #expect(sent < 40)
            #expect(serverLog.byteCount < 20 << 20)
            serverLog.resume()
            try await eventually("everything is there", within: .seconds(60)) {
                serverLog.byteCount == count << 20
            }
        }
    }

    @Test func `a slow async reader holds back a fast writer, and loses nothing`() async throws {
        let service = TestService()
        try await withServer(service) { server, client in
            let reader = try await client.doGet(FlightTicket("1000 100000"))
            var iterator = reader.makeAsyncIterator()
            _ = try await iterator.next()
            let written = try await settled {
                service.seen.withLockedValue { $0.writtenByteCount }
            }
            // Of 100 MB: two windows, the sockets' buffers, and what both ends queue.
            #expect(written < 40_000_000)
            var count = 1
            while let data = try await iterator.next() {
                #expect(data.dataHeader == ByteBuffer(integer: count))
                count += 1
            }
            #expect(count == 1000)
        }
    }
}

/// Answers each message with one of the same opaque bytes.
private final class Acknowledger: FlightStreamDelegate {
    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        for message in messages { stream.send(appMetadata: message.appMetadata) }
    }
    func flightStreamInputEnded(_ stream: FlightStream) { stream.finish() }
    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
}

/// Ends the call at its first message, after so many results.
private final class Finisher: FlightStreamDelegate {
    private let error: FlightError
    private let resultCount: Int
    private let resultByteCount: Int
    init(_ error: FlightError, resultCount: Int = 0, resultByteCount: Int = 0) {
        self.error = error
        self.resultCount = resultCount
        self.resultByteCount = resultByteCount
    }
    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        for _ in 0..<resultCount {
            stream.send(appMetadata: ByteBuffer(repeating: 1, count: resultByteCount))
        }
        stream.finish(error)
    }
    func flightStreamInputEnded(_ stream: FlightStream) {}
    func flightStream(_ stream: FlightStream, closed error: FlightError?) {}
}

/// Writes down what happens on a stream; readable from any thread.
private final class CallLog: FlightStreamDelegate, @unchecked Sendable {
    private struct State {
        var numbers: [Int] = []
        var batches = 0
        var messages = 0
        var byteCount = 0
        var closings = 0
        var status: FlightError?
        var sent = 0
        var stream: FlightStream?
    }
    private let state = NIOLockedValueBox(State())
    private let pausesAtFirst: Bool
    /// Set before the stream is used, called on its loop.
    var onWritable: ((FlightStream) -> Void)?

    init(pausesAtFirst: Bool = false) { self.pausesAtFirst = pausesAtFirst }

    var numbers: [Int] { state.withLockedValue { $0.numbers } }
    var messages: Int { state.withLockedValue { $0.messages } }
    var batches: Int { state.withLockedValue { $0.batches } }
    var byteCount: Int { state.withLockedValue { $0.byteCount } }
    var closings: Int { state.withLockedValue { $0.closings } }
    var status: FlightError? { state.withLockedValue { $0.status } }
    var isClosedOK: Bool { state.withLockedValue { $0.closings == 1 && $0.status == nil } }
    var sent: Int {
        get { state.withLockedValue { $0.sent } }
        set { state.withLockedValue { $0.sent = newValue } }
    }

    func resume() {
        guard let stream = state.withLockedValue({ $0.stream }) else { return }
        stream.eventLoop.execute { stream.resumeReading() }
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        let isFirst = state.withLockedValue { state in
            #expect(state.closings == 0)
            state.stream = stream
            state.batches += 1
            state.messages += messages.count
            for message in messages {
                state.byteCount += message.dataBody.readableBytes
                let metadata = message.appMetadata
                if let number: Int = metadata.getInteger(at: metadata.readerIndex) {
                    state.numbers.append(number)
                }
            }
            return state.batches == 1
        }
        if isFirst, pausesAtFirst { stream.pauseReading() }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {
        if stream.eventLoop.inEventLoop, pausesAtFirst { stream.finish() }
    }

    func flightStreamWritabilityChanged(_ stream: FlightStream) { onWritable?(stream) }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        state.withLockedValue {
            $0.closings += 1
            $0.status = error
        }
    }
}
