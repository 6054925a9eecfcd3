import NIOConcurrencyHelpers

/// Takes the headers and trailers that the answer to a call came with, also those of one that failed.
///
/// ```swift
/// let response = FlightResponseMetadata()
/// let results = try await client.doAction(
///     action, options: FlightCallOptions(responseMetadata: response))
/// print(response.trailers.first("x-cost") ?? "free")
/// ```
///
/// It is filled when the function returns or throws, with what has come by then, of the attempt that
/// counts. What comes later of a call whose messages are read one by one, its reader has:
/// ``FlightReader/headers()`` and ``FlightReader/trailers()``. Each call needs one of its own.
public final class FlightResponseMetadata: Sendable {
    private struct State {
        var headers = FlightMetadata()
        var trailers = FlightMetadata()
    }

    private let state = NIOLockedValueBox(State())

    /// Makes one that nothing has come to yet.
    public init() {}

    /// What the server sent ahead of its messages; without entries if nothing came.
    public var headers: FlightMetadata { state.withLockedValue { $0.headers } }

    /// What the server sent with the call's status; without entries if nothing came.
    public var trailers: FlightMetadata { state.withLockedValue { $0.trailers } }

    /// Replaces what an earlier attempt got.
    func set(headers: FlightMetadata?, trailers: FlightMetadata?) {
        state.withLockedValue {
            $0.headers = headers ?? FlightMetadata()
            $0.trailers = trailers ?? FlightMetadata()
        }
    }

    /// Takes over what an attempt got.
    func set(_ other: FlightResponseMetadata?) {
        set(headers: other?.headers, trailers: other?.trailers)
    }
}
