import NIOCore
import NIOHTTP1

extension ServerPipeline {
    /// The parser takes all that comes at once, unless it has stopped.
    private static let undecodedByteCountMax = 1 << 20

    /// Adds HTTP/1.1, for health pages, metrics and actions in JSON.
    func configureHTTP1(_ channel: any Channel) throws {
        // A client may close its side after its request and still wait for the answer.
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let connection = makeConnection(on: channel)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.headerListByteCountMax
        limits.maxHeaderListSize = configuration.headerListByteCountMax
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop,
            limitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandlers(
            connection, HTTPResponseEncoder(),
            ByteToMessageHandler(decoder, maximumBufferSize: Self.undecodedByteCountMax),
            HTTPServerPipelineHandler(), NIOHTTPResponseHeadersValidator(),
            HTTP1ExchangeHandler(
                HTTPExchange(
                    routes: routes, connection: connection, isHTTP2: false,
                    eventLoop: channel.eventLoop, logger: logger)),
            ConnectionErrorHandler(logger: logger))
    }
}
