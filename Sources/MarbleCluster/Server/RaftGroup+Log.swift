internal import Logging
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// Writing to the log: by its thread, or on the loop where that takes less time.
extension RaftGroup {
    func write(_ write: RaftLogWrite) {
        guard promptWrite == nil, logWriter.isPrompt(write) else {
            submitPromptWrite()
            logWriter.submit(.write(groupID, write, self))
            return
        }
        promptWrite = write
        // What this turn has for peers is sent by tasks that are about to be scheduled. The write
        // comes behind them, so that the peers work while this node waits for its disk.
        eventLoop.execute { self.eventLoop.execute { self.writePromptly() } }
    }

    private func writePromptly() {
        guard let write = promptWrite else { return }
        promptWrite = nil
        logWriter.writePromptly(groupID, write, self)
    }

    func read(_ read: RaftLogRead) {
        submitPromptWrite()
        logWriter.submit(.read(groupID, read, self))
    }

    /// Hands over what waits, so that it comes before what follows it.
    private func submitPromptWrite() {
        guard let write = promptWrite else { return }
        promptWrite = nil
        logWriter.submit(.write(groupID, write, self))
    }
}

extension RaftGroup: LogWriterClient {
    func logPersisted(sequence: UInt64) {
        eventLoop.execute {
            guard let driver = self.driver, !self.isStopped else { return }
            driver.logPersisted(sequence: sequence, now: Self.now())
            self.flush()
        }
    }

    func logRead(_ read: RaftLogRead, _ result: Result<[RaftEntry], RaftError>) {
        if case .failure(let error) = result {
            logLogger.warning("log read failed", metadata: ["error": "\(error)"])
        }
        eventLoop.execute {
            guard let driver = self.driver, !self.isStopped else { return }
            driver.logRead(read, entries: try? result.get(), now: Self.now())
            self.flush()
        }
    }

    func logSpaceChanged(isLow: Bool) {
        published.withLockedValue { $0.isSpaceLow = isLow }
        if isLow {
            logLogger.error("the log's disk is full: writes are refused until there is space")
        } else {
            logLogger.notice("the log's disk has space again")
        }
    }

    func logFailed(_ error: RaftError) {
        logLogger.critical(
            "the log failed: this node takes no further part in its groups",
            metadata: ["error": "\(error)"])
        eventLoop.execute {
            self.published.withLockedValue { $0.failure = error }
            self.stop()
            self.link?.groupFailed(error)
        }
    }
}
