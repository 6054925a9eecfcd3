import NIOCore
import NIOHPACK

/// Answers each request that comes without TLS to a server which asks for it.
///
/// An answer to the call, because a GOAWAY would make gRPC's clients connect again, without a pause, for as
/// long as the call may take.
struct PlaintextRefusal: HTTP2StreamOpener {
    func streamOpened(_ stream: HTTP2Stream, _ request: HPACKHeaders, endStream: Bool) {
        let isGRPC = request.first(name: "content-type").map(GRPCHeader.isGRPC) ?? false
        var headers: HPACKHeaders =
            isGRPC
            ? [":status": "200", "content-type": GRPCHeader.contentType] : [":status": "400"]
        if isGRPC {
            headers.add(
                contentsOf: HPACKHeaders(
                    status: FlightError(
                        .unavailable, "this server speaks TLS only: connect with TLS")))
        }
        stream.refuse(headers, isComplete: endStream)
    }
}
