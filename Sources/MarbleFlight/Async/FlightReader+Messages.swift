import NIOCore

// The readers and writers of each message type.

extension FlightStreamBridge {
    var dataReader: FlightReader<FlightData> {
        FlightReader(bridge: self) { data throws(FlightError) in data }
    }
    var dataWriter: FlightWriter<FlightData> { FlightWriter(bridge: self) { $0 } }

    var resultReader: FlightReader<FlightResult> {
        FlightReader(bridge: self) { data throws(FlightError) in
            FlightResult(body: data.appMetadata)
        }
    }
    var resultWriter: FlightWriter<FlightResult> {
        FlightWriter(bridge: self) { FlightData(appMetadata: $0.body) }
    }

    var putResultReader: FlightReader<FlightPutResult> {
        FlightReader(bridge: self) { data throws(FlightError) in
            FlightPutResult(appMetadata: data.appMetadata)
        }
    }
    var putResultWriter: FlightWriter<FlightPutResult> {
        FlightWriter(bridge: self) { FlightData(appMetadata: $0.appMetadata) }
    }

    var infoReader: FlightReader<FlightInfo> {
        FlightReader(bridge: self) { data throws(FlightError) in
            try FlightInfo(decoding: data.appMetadata)
        }
    }
    var infoWriter: FlightWriter<FlightInfo> {
        FlightWriter(bridge: self) { FlightData(appMetadata: $0.encoded()) }
    }

    var handshakeRequestReader: FlightReader<FlightHandshakeRequest> {
        FlightReader(bridge: self) { data throws(FlightError) in
            let message = try HandshakeMessage(decoding: data.appMetadata)
            return FlightHandshakeRequest(
                protocolVersion: message.protocolVersion, payload: message.payload)
        }
    }
    var handshakeRequestWriter: FlightWriter<FlightHandshakeRequest> {
        FlightWriter(bridge: self) {
            let message = HandshakeMessage(
                protocolVersion: $0.protocolVersion, payload: $0.payload)
            return FlightData(appMetadata: message.encoded())
        }
    }

    var handshakeResponseReader: FlightReader<FlightHandshakeResponse> {
        FlightReader(bridge: self) { data throws(FlightError) in
            let message = try HandshakeMessage(decoding: data.appMetadata)
            return FlightHandshakeResponse(
                protocolVersion: message.protocolVersion, payload: message.payload)
        }
    }
    var handshakeResponseWriter: FlightWriter<FlightHandshakeResponse> {
        FlightWriter(bridge: self) {
            let message = HandshakeMessage(
                protocolVersion: $0.protocolVersion, payload: $0.payload)
            return FlightData(appMetadata: message.encoded())
        }
    }
}
