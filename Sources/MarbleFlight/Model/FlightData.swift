public import NIOCore

/// One message of a stream: an Arrow IPC message with its metadata, as slices of what was received.
///
/// A received value keeps alive the buffers that its bytes came in (up to 1 MiB for a small message);
/// copy the bytes if you keep a few of them for long.
///
/// On streams whose messages have another protobuf type (see ``FlightMethod``), the opaque bytes are
/// always in ``appMetadata``: a `Ticket`'s, `Result`'s, `PutResult`'s or `Criteria`'s content; an
/// `Action`'s body, with the action's type as UTF-8 in ``dataHeader``.
///
/// Source: Arrow, `format/Flight.proto`, message `FlightData`.
public struct FlightData: Sendable {
    /// What the stream is about; usually only in the first message of a `DoPut` or `DoExchange`.
    public var descriptor: FlightDescriptor? {
        get { named?.descriptor }
        set { named = newValue.map(Named.init) }
    }

    /// The descriptor of the few messages that have one: all others are copied without a look at its parts.
    private final class Named: Sendable {
        let descriptor: FlightDescriptor
        init(_ descriptor: FlightDescriptor) { self.descriptor = descriptor }
    }

    private var named: Named?
    // An absent field is `nil`, not an empty buffer: empty buffers share one storage, whose reference
    // count would bounce between the cores.
    var header: ByteBuffer?
    var metadata: ByteBuffer?
    var body: ByteBuffer?

    /// The IPC message's flatbuffer (`Message.fbs`), without length prefix; empty if there is none.
    public var dataHeader: ByteBuffer {
        get { header ?? ByteBuffer() }
        set { header = newValue }
    }
    /// Bytes whose meaning is the application's; empty if there are none.
    public var appMetadata: ByteBuffer {
        get { metadata ?? ByteBuffer() }
        set { metadata = newValue }
    }
    /// The IPC message's body; empty if there is none.
    public var dataBody: ByteBuffer {
        get { body ?? ByteBuffer() }
        set { body = newValue }
    }

    /// Makes a message to send. Absent fields aren't encoded.
    public init(
        descriptor: FlightDescriptor? = nil, dataHeader: ByteBuffer? = nil,
        appMetadata: ByteBuffer? = nil, dataBody: ByteBuffer? = nil
    ) {
        self.named = descriptor.map(Named.init)
        self.header = dataHeader
        self.metadata = appMetadata
        self.body = dataBody
    }

    /// The bytes of all fields together, without the encoding's overhead.
    public var byteCount: Int {
        (header?.readableBytes ?? 0) + (metadata?.readableBytes ?? 0) + (body?.readableBytes ?? 0)
    }
}

extension FlightData {
    /// Reads the message as the request of a `DoGet` stream.
    public var ticket: FlightTicket { FlightTicket(appMetadata) }

    /// Reads the message as the request of a `DoAction` stream.
    public var action: FlightAction {
        FlightAction(type: String(buffer: dataHeader), body: appMetadata)
    }
}
