package import MarbleRaft
package import NIOCore

extension RaftDriver {
    /// The log's write `sequence`, and all before it, are durable.
    package func logPersisted(sequence: UInt64, now: RaftInstant) {
        self.now = now
        guard sequence > persistedSequence else { return }
        persistedSequence = sequence
        core.persisted(sequence: sequence, now: now)
    }

    /// What the log has read, from `read.first` on; nil when it couldn't.
    package func logRead(_ read: RaftLogRead, entries: [RaftEntry]?, now: RaftInstant) {
        self.now = now
        switch read.purpose {
        case .apply:
            isReadingToApply = false
            guard let entries, installing == nil, applying == nil,
                entries.first?.index == appliedIndex + 1
            else { return }
            apply(entries)
        case .send(let send):
            guard let entries, let last = entries.last else {
                return core.sendFailed(to: send.to, ticket: send.ticket)
            }
            ship(entries, for: send, through: last.index)
        }
    }

    /// Gives a send its payloads: from memory, or by way of the disk.
    func fulfil(_ send: RaftSend) {
        guard !send.isEmpty else { return ship([], for: send, through: send.previousIndex) }
        var entries: [RaftEntry] = []
        if let copied = tail.copy(
            send.first, through: send.last, byteCountMax: configuration.sendByteCountMax,
            into: &entries)
        {
            return ship(entries, for: send, through: copied.last)
        }
        ports.read(
            RaftLogRead(
                purpose: .send(send), first: send.first, last: send.last,
                byteCountMax: configuration.sendByteCountMax))
    }

    private func ship(_ entries: [RaftEntry], for send: RaftSend, through last: RaftIndex) {
        guard let message = core.appendMessage(for: send, through: last) else { return }
        outboxes[send.to]?.messages.append(message)
        outboxes[send.to]?.entries.append(contentsOf: entries)
        let byteCount = entries.reduce(0) { $0 + $1.payload.readableBytes }
        core.didSend(to: send.to, ticket: send.ticket, through: last, byteCount: byteCount)
    }

    // MARK: Apply

    func startApply() {
        guard applying == nil, !isReadingToApply, installing == nil,
            core.commitIndex > appliedIndex
        else { return }
        var entries: [RaftEntry] = []
        let copied = tail.copy(
            appliedIndex + 1, through: core.commitIndex,
            byteCountMax: configuration.applyByteCountMax, into: &entries)
        if copied != nil { return apply(entries) }
        isReadingToApply = true
        ports.read(
            RaftLogRead(
                purpose: .apply, first: appliedIndex + 1, last: core.commitIndex,
                byteCountMax: configuration.applyByteCountMax))
    }

    private func apply(_ entries: [RaftEntry]) {
        guard let last = entries.last else { return }
        let commands = entries.filter { $0.kind == .command }
        applying = (commands, last.index)
        ports.apply(commands, through: last.index)
    }

    /// The state machine has applied what `RaftDriverPorts.apply` was given.
    package func applied(outcomes: [ByteBuffer], now: RaftInstant) {
        self.now = now
        guard let batch = applying else { return }
        applying = nil
        appliedIndex = batch.through
        byteCountSinceSnapshot += batch.entries.reduce(0) { $0 + UInt64($1.payload.readableBytes) }
        core.applied(through: batch.through)
        proposals.applied(batch.entries, outcomes: outcomes, through: batch.through)
        reads.complete(applied: appliedIndex)
        considerSnapshot()
        startApply()
    }

    // MARK: Snapshots

    private func considerSnapshot() {
        guard !isMakingSnapshot, installing == nil, appliedIndex > snapshotIndex,
            appliedIndex - snapshotIndex >= configuration.snapshotDistance,
            snapshotByteCount <= configuration.snapshotByteCountSmall
                || byteCountSinceSnapshot >= snapshotByteCount,
            let term = core.term(at: appliedIndex)
        else { return }
        isMakingSnapshot = true
        byteCountSinceSnapshot = 0
        ports.makeSnapshot(index: appliedIndex, term: term)
    }

    /// A snapshot of this node's state machine, of `byteCount` bytes, is durable: the log's prefix
    /// may go.
    package func snapshotMade(index: RaftIndex, byteCount: UInt64 = 0, now: RaftInstant) {
        self.now = now
        isMakingSnapshot = false
        snapshotByteCount = byteCount
        // Much may have been applied meanwhile, and nothing may follow. While a batch is being
        // applied, a capture would come behind it, under a lower index; then its end asks again.
        defer { if applying == nil { considerSnapshot() } }
        guard index > snapshotIndex else { return }
        snapshotIndex = index
        let trailing = configuration.trailingEntryCount
        let through = index > trailing ? index - trailing : 0
        guard through >= core.firstIndex, let term = core.term(at: through) else {
            return core.compact(through: core.firstIndex - 1, snapshotIndex: index)
        }
        core.compact(through: through, snapshotIndex: index)
        ports.write(
            RaftLogWrite(
                sequence: 0, truncateFrom: nil, entries: [], hardState: nil,
                compactThrough: RaftTermRun(firstIndex: through, term: term)))
    }

    /// The snapshot couldn't be made; it is tried again after the next apply.
    package func snapshotFailed(now: RaftInstant) {
        self.now = now
        isMakingSnapshot = false
    }

    /// A leader's snapshot is durable here and the state machine restored from it.
    package func snapshotInstalled(index: RaftIndex, term: RaftTerm, now: RaftInstant) {
        self.now = now
        guard installing != nil else { return }
        installing = nil
        guard index > appliedIndex else { return core.snapshotInstallFailed(now: now) }
        appliedIndex = index
        snapshotIndex = max(snapshotIndex, index)
        core.snapshotInstalled(index: index, term: term, now: now)
        let isEmpty = core.lastIndex == index
        if isEmpty { tail.reset(after: index) }
        ports.write(
            RaftLogWrite(
                sequence: 0, truncateFrom: isEmpty ? index + 1 : nil, entries: [], hardState: nil,
                compactThrough: RaftTermRun(firstIndex: index, term: term)))
        proposals.covered(through: index)
        reads.complete(applied: appliedIndex)
    }

    package func snapshotInstallFailed(now: RaftInstant) {
        self.now = now
        guard installing != nil else { return }
        installing = nil
        core.snapshotInstallFailed(now: now)
    }
}
