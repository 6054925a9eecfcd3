internal import Logging
package import MarbleCluster
package import MarbleDB
package import MarbleFlight
package import MarbleMetrics
internal import NIOConcurrencyHelpers
package import NIOCore

/// A node's flights and actions: what `FlightServer` calls for everything that isn't between peers.
package final class DatabaseFlightService: FlightService {
    let configuration: NodeConfiguration
    let database: Database
    let metrics: MetricsRegistry
    let clients: LeaderClients
    let logging: NodeLogging
    let logger: Logger
    /// The term in which this node, as its leader, is known to have applied all earlier entries.
    let barrierTerm = NIOLockedValueBox<UInt64>(0)
    /// When the newest linearizable read of this node began.
    let lastBarrier = NIOLockedValueBox<ContinuousClock.Instant?>(nil)
    let writeBudget = WriteBudget()
    private let server = NIOLockedValueBox<RaftServer?>(nil)

    package init(
        configuration: NodeConfiguration, database: Database,
        peerConfiguration: FlightClientConfiguration, metrics: MetricsRegistry,
        logging: NodeLogging, eventLoopGroup: any EventLoopGroup
    ) {
        self.configuration = configuration
        self.database = database
        self.metrics = metrics
        self.logging = logging
        logger = logging.logger(.node)
        clients = LeaderClients(
            peerConfiguration, group: eventLoopGroup,
            messageByteCountMax: configuration.messageByteCountMax,
            connectTimeout: configuration.electionTimeout, metrics: metrics,
            logger: logging.logger(.flightClient))
    }

    /// Gives the service its group. Calls that come before are refused.
    package func attach(_ raft: RaftServer) {
        server.withLockedValue { $0 = raft }
    }

    /// Closes the connections to other nodes.
    package func stop() async {
        await clients.close()
    }

    var nodeID: UInt64 { configuration.nodeID }

    func raft() throws(FlightError) -> RaftServer {
        guard let raft = server.withLockedValue({ $0 }) else {
            throw FlightError(.unavailable, "node \(nodeID) is starting; try again")
        }
        return raft
    }

    package func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? {
        guard call.method == .doPut else { return nil }
        return PutStream(stream: call.stream, service: self)
    }

    package func handshake(
        requests: FlightReader<FlightHandshakeRequest>,
        responses: FlightWriter<FlightHandshakeResponse>, context: FlightCallContext
    ) async throws {
        throw FlightError(
            .unimplemented, "this node asks for no credentials; call without a handshake")
    }

    package func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws {
        throw FlightError(
            .unimplemented, "do_exchange is for peers; write with do_put, read with do_get")
    }

    /// Runs a call's body, and turns its error into a status.
    func answering<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws(FlightError) -> Result {
        do {
            return try await body()
        } catch {
            throw FlightError(answering: error)
        }
    }
}
