import NIOCore
import NIOHPACK

/// What the headers of a gRPC request ask for.
struct ServerCallRequest {
    let method: FlightMethod
    /// A method that isn't Flight's. Its messages come and go as a handshake's do: whole, both ways.
    let builtIn: BuiltInMethod?
    let deadline: NIODeadline?
    let compression: FlightCompression

    var hasSingleMessage: Bool { builtIn?.hasSingleRequest ?? method.hasSingleRequest }
    /// Service and method, with a slash between them.
    var fullName: String { builtIn?.rawValue ?? method.fullName }

    /// - Throws: The status that the request gets.
    init(_ headers: HPACKHeaders, headerListByteCountMax: Int) throws(FlightError) {
        let byteCount = headers.listByteCount
        guard byteCount <= headerListByteCountMax else {
            throw FlightError(
                .resourceExhausted,
                "the request's headers have \(byteCount) bytes, more than the limit of "
                    + "\(headerListByteCountMax)")
        }
        let path = headers.first(name: ":path") ?? ""
        if let method = FlightMethod(path: path) {
            self.method = method
            builtIn = nil
        } else if let builtIn = BuiltInMethod(path: path) {
            method = .handshake
            self.builtIn = builtIn
        } else {
            throw FlightError(.unimplemented, "this server has no method \(path.prefix(128))")
        }
        if let text = headers.first(name: GRPCHeader.timeout) {
            guard let timeout = GRPCTimeout.decode(text) else {
                throw FlightError(
                    .invalidArgument, "grpc-timeout \(text.prefix(128)) is not a timeout")
            }
            deadline = .now() + timeout
        } else {
            deadline = nil
        }
        let encoding = headers.first(name: GRPCHeader.encoding) ?? "identity"
        guard let compression = FlightCompression(rawValue: encoding) else {
            throw FlightError(
                .unimplemented,
                "grpc-encoding \(encoding.prefix(128)) is not supported; use "
                    + FlightCompression.accepted)
        }
        self.compression = compression
    }
}
