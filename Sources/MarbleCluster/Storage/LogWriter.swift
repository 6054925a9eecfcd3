internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// The node's log thread: writes and syncs once for all that has gathered from all groups.
final class LogWriter: Sendable {
    enum Job: Sendable {
        case write(RaftGroupID, RaftLogWrite, any LogWriterClient)
        case read(RaftGroupID, RaftLogRead, any LogWriterClient)
        case call(@Sendable (any RaftLogStore) -> Void)
    }

    private let worker: SerialWorker<Job>

    init(store: any RaftLogStore) {
        let process = Process(store: store)
        worker = SerialWorker(name: "marble-log") { process.run(&$0) }
    }

    func submit(_ job: Job) { worker.submit(job) }

    /// Carries out what was submitted, then ends the thread. Blocks.
    func stopAndJoin() {
        worker.stop()
        worker.join()
    }

    /// Lives on the worker's thread.
    private final class Process: @unchecked Sendable {
        private let store: any RaftLogStore
        private var failure: RaftError?
        private var acknowledgements: [(client: any LogWriterClient, sequence: UInt64)] = []

        init(store: any RaftLogStore) { self.store = store }

        func run(_ jobs: inout [Job]) {
            var hasWritten = false
            for job in jobs {
                switch job {
                case .write(let group, let write, let client):
                    guard failure == nil else { continue }
                    do {
                        try apply(write, group: group)
                        hasWritten = hasWritten || write.sequence != 0
                        acknowledge(write.sequence, client)
                    } catch {
                        fail(error, client)
                    }
                case .read(let group, let read, let client):
                    let result = Result { () throws(RaftError) in
                        try store.entries(
                            group: group, from: read.first, through: read.last,
                            byteCountMax: read.byteCountMax)
                    }
                    client.logRead(read, result)
                case .call(let body):
                    body(store)
                }
            }
            if hasWritten, failure == nil {
                do { try store.sync() } catch { failAll(error) }
            }
            for (client, sequence) in acknowledgements where failure == nil {
                client.logPersisted(sequence: sequence)
            }
            acknowledgements.removeAll(keepingCapacity: true)
        }

        private func apply(_ write: RaftLogWrite, group: RaftGroupID) throws(RaftError) {
            // The term first: a write that a crash cuts short must not leave entries of a term that
            // the node doesn't know.
            if let state = write.hardState { try store.setHardState(group: group, state) }
            if let index = write.truncateFrom { try store.truncateSuffix(group: group, from: index) }
            if let point = write.compactThrough {
                try store.compactPrefix(group: group, through: point.firstIndex, term: point.term)
            }
            if !write.entries.isEmpty { try store.append(group: group, write.entries) }
        }

        /// One acknowledgement for each client: the newest of its writes stands for all.
        private func acknowledge(_ sequence: UInt64, _ client: any LogWriterClient) {
            guard sequence != 0 else { return }
            if let position = acknowledgements.firstIndex(where: { $0.client === client }) {
                acknowledgements[position].sequence = sequence
            } else {
                acknowledgements.append((client, sequence))
            }
        }

        private func fail(_ error: RaftError, _ client: any LogWriterClient) {
            failure = error
            client.logFailed(error)
            failAll(error)
        }

        private func failAll(_ error: RaftError) {
            failure = error
            for (client, _) in acknowledgements { client.logFailed(error) }
            acknowledgements.removeAll()
        }
    }
}

/// A group that uses the log thread; called on that thread.
protocol LogWriterClient: AnyObject, Sendable {
    func logPersisted(sequence: UInt64)
    func logRead(_ read: RaftLogRead, _ result: Result<[RaftEntry], RaftError>)
    /// The log failed: nothing that isn't acknowledged yet ever will be.
    func logFailed(_ error: RaftError)
}
