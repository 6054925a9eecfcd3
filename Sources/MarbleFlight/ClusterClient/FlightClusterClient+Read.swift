/// One message of a flight that is read from several endpoints: see
/// ``FlightClusterClient/read(_:inOrder:parallelism:options:)``.
public struct FlightPart: Sendable {
    /// Which of the flight's endpoints it is from, from 0. The first message of each is its schema.
    public var endpoint: Int
    /// The message.
    public var data: FlightData
}

extension FlightClusterClient {
    /// Reads all endpoints of a flight, several at a time.
    ///
    /// Reading slower than the servers send slows them down; what is held meanwhile is bounded. A failure
    /// before an endpoint's first message leads to another of its locations, one after it ends the reading.
    /// - Parameters:
    ///   - info: The flight.
    ///   - isOrdered: Whether one endpoint comes after the other, as they stand in the flight; else
    ///     messages come as they arrive, each endpoint's in order. `nil`: as the flight says.
    ///   - parallelism: How many endpoints are fetched at a time.
    ///   - options: Hold for each of the calls.
    public func read(
        _ info: FlightInfo, inOrder isOrdered: Bool? = nil, parallelism: Int = 4,
        options: FlightCallOptions = FlightCallOptions()
    ) -> FlightPartReader {
        let queue = PartQueue()
        let isOrdered = isOrdered ?? info.isOrdered
        let width = min(max(parallelism, 1), max(info.endpoints.count, 1))
        let task = Task {
            do {
                if isOrdered {
                    try await readInOrder(info.endpoints, width, options, into: queue)
                } else {
                    try await readAsTheyCome(info.endpoints, width, options, into: queue)
                }
                queue.end(nil)
            } catch let error as FlightError {
                queue.end(error)
            } catch {
                queue.end(.taskCancelled)
            }
        }
        return FlightPartReader(lease: PartLease(queue: queue, task: task))
    }

    /// The endpoints ahead of the one that is read are opened, and held by flow control.
    private func readInOrder(
        _ endpoints: [FlightEndpoint], _ width: Int, _ options: FlightCallOptions,
        into queue: PartQueue
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, FlightReader<FlightData>).self) { group in
            var opened: [Int: FlightReader<FlightData>] = [:]
            var next = 0
            func openNext() {
                guard next < endpoints.count else { return }
                let number = next
                next += 1
                group.addTask {
                    (number, try await self.doGet(endpoints[number], options: options))
                }
            }
            for _ in 0..<width { openNext() }
            for number in endpoints.indices {
                while opened[number] == nil, let (other, reader) = try await group.next() {
                    opened[other] = reader
                }
                guard let reader = opened.removeValue(forKey: number) else { return }
                for try await data in reader {
                    await queue.put(FlightPart(endpoint: number, data: data))
                }
                openNext()
            }
        }
    }

    private func readAsTheyCome(
        _ endpoints: [FlightEndpoint], _ width: Int, _ options: FlightCallOptions,
        into queue: PartQueue
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var next = 0
            func readNext() {
                guard next < endpoints.count else { return }
                let number = next
                next += 1
                group.addTask {
                    let reader = try await self.doGet(endpoints[number], options: options)
                    for try await data in reader {
                        await queue.put(FlightPart(endpoint: number, data: data))
                    }
                }
            }
            for _ in 0..<width { readNext() }
            while try await group.next() != nil { readNext() }
        }
    }
}
