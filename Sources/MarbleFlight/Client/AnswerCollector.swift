/// Gathers the answers of a call and hands them over with its status.
final class AnswerCollector: FlightStreamDelegate {
    typealias Continuation = CheckedContinuation<Result<[FlightData], FlightError>, Never>

    private let byteCountMax: Int
    private let response: FlightResponseMetadata?
    private let continuation: Continuation
    private var answers: [FlightData] = []
    private var byteCount = 0
    private var isOverLimit = false

    init(
        byteCountMax: Int, response: FlightResponseMetadata?, continuation: Continuation
    ) {
        self.byteCountMax = byteCountMax
        self.response = response
        self.continuation = continuation
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        for message in messages { byteCount += message.byteCount }
        guard byteCount <= byteCountMax else {
            isOverLimit = true
            answers.removeAll()
            return stream.cancel()
        }
        answers.append(contentsOf: messages)
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        response?.set(headers: stream.metadata, trailers: stream.trailingMetadata)
        if isOverLimit {
            continuation.resume(
                returning: .failure(
                    FlightError(
                        .resourceExhausted,
                        "the answers have more than \(byteCountMax) bytes together; read them as a "
                            + "stream")))
        } else if let error {
            continuation.resume(returning: .failure(error))
        } else {
            continuation.resume(returning: .success(answers))
        }
    }
}
