internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOCore

/// Clients propose and read, and are answered.
extension Simulation {
    private static let patience: VirtualNanoseconds = .milliseconds(700)

    func startOperation(_ client: Int) {
        guard clients[client].isIdle, mayStart(client) else { return }
        let node = pickNode(client)
        guard let process = node.process, node.pausedUntil <= now else {
            clients[client].favourite = nil
            return schedule(
                .clientStart(client: client), in: .milliseconds(5 + clientRandom.next(below: 60)))
        }
        clients[client].operation += 1
        schedule(
            .clientTimeout(client: client, operation: clients[client].operation),
            in: Self.patience)
        if healedToken == nil, clientRandom.chance(profile.readPerMille, in: 1000) {
            read(client, node, process)
        } else {
            propose(client, node, process)
        }
        settle(node)
    }

    /// Once everything has healed, one client shows that the cluster takes writes.
    private func mayStart(_ client: Int) -> Bool {
        healedToken == nil || (client == 0 && healedIndex == nil)
    }

    /// Clients keep to a node, so some still ask an old leader when there is another one.
    private func pickNode(_ client: Int) -> SimulatedNode {
        if let favourite = clients[client].favourite, clientRandom.chance(15, in: 16) {
            return node(favourite)
        }
        var choice = 1 + clientRandom.next(below: UInt64(nodes.count))
        if let leader = lastLeader, clientRandom.chance(3, in: 4) { choice = leader }
        clients[client].favourite = choice
        return node(choice)
    }

    private func read(_ client: Int, _ node: SimulatedNode, _ process: NodeProcess) {
        clients[client].openCount = 1
        clients[client].tokens = 0..<0
        let operation = ReadOperation(
            client: client, operation: clients[client].operation, node: node.id,
            floor: max(checker.proposals.acknowledgedIndex, readIndexMax))
        let inbox = inbox
        process.driver.readIndex(now: instant(on: node)) { result in
            inbox.readEnded(operation, result)
        }
    }

    private func propose(_ client: Int, _ node: SimulatedNode, _ process: NodeProcess) {
        let count = 1 + Int(clientRandom.next(below: 3))
        let firstToken = checker.proposals.add(count: count)
        clientOfToken.append(contentsOf: repeatElement(client, count: count))
        clients[client].openCount = count
        clients[client].tokens = firstToken..<firstToken + UInt64(count)
        let payloads = (0..<UInt64(count)).map { offset in
            CommandPayload.make(
                token: firstToken + offset,
                fillByteCount: Int(clientRandom.next(below: profile.payloadByteCountMax + 1)))
        }
        process.driver.propose(
            payloads, owner: inbox, firstToken: firstToken, now: instant(on: node))
    }

    /// Hands on what drivers have said to clients during the step.
    func deliverLetters() {
        while !inbox.isEmpty {
            for letter in inbox.take() {
                switch letter {
                case .applied(let results):
                    for result in results {
                        checker.acknowledged(result)
                        if let healedToken, result.token >= healedToken {
                            healedIndex = result.index
                        }
                        answered(result.token)
                    }
                case .failed(let tokens, let code):
                    checker.failed(tokens, code)
                    for token in tokens { answered(token, isRefused: true) }
                case .read(let operation, let result):
                    readEnded(operation, result)
                }
            }
        }
    }

    private func readEnded(_ read: ReadOperation, _ result: Result<RaftIndex, RaftError>) {
        if case .success(let index) = result, let process = node(read.node).process {
            counts.answeredReads += 1
            let appliedIndex = process.appliedThrough
            checker.read(read.node, index: index, appliedIndex: appliedIndex, floor: read.floor)
            readIndexMax = max(readIndexMax, appliedIndex)
        }
        guard clients[read.client].operation == read.operation, !clients[read.client].isIdle
        else { return }
        endOperation(read.client)
    }

    private func answered(_ token: UInt64, isRefused: Bool = false) {
        guard token > 0, token <= UInt64(clientOfToken.count) else { return }
        let client = clientOfToken[Int(token - 1)]
        guard !clients[client].isIdle, clients[client].tokens.contains(token) else { return }
        if isRefused { clients[client].favourite = nil }
        clients[client].openCount -= 1
        if clients[client].isIdle { goOn(client) }
    }

    func endOperation(_ client: Int) {
        clients[client].openCount = 0
        goOn(client)
    }

    private func goOn(_ client: Int) {
        schedule(
            .clientStart(client: client), in: clientRandom.next(below: profile.thinkTimeMax) + 1000)
    }
}
