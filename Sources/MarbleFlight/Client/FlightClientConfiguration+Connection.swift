extension FlightClientConfiguration {
    /// The server as messages and metrics name it.
    var peerName: String {
        "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// A client takes no streams and few headers, and lets its server reset what it likes.
    var http2: HTTP2Configuration {
        HTTP2Configuration(
            windowByteCount: windowByteCount, frameByteCountMax: frameByteCountMax,
            concurrentStreamsMax: 100, headerListByteCountMax: 64 << 10,
            streamResetsMax: 1_000_000)
    }
}
