"""HTTP/2 by hand over a plain socket, to send a node what no gRPC client would."""

import socket
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY = range(8)
WINDOW_UPDATE, CONTINUATION = 8, 9
END_STREAM, END_HEADERS, ACK, PADDED, WITH_PRIORITY = 1, 4, 1, 8, 32
SERVICE = "/arrow.flight.protocol.FlightService/"
LARGE_WINDOW = (1 << 31) - 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream
    ) + payload  # fmt: skip


def literal(name, value):
    """One header field, never indexed, not compressed: the same bytes on every stream."""
    name, value = name.encode(), value.encode()
    return b"\x10" + _length(len(name)) + name + _length(len(value)) + value


def _length(number):
    if number < 127:
        return bytes([number])
    rest, encoded = number - 127, b"\x7f"
    while rest >= 128:
        encoded += bytes([rest % 128 + 128])
        rest //= 128
    return encoded + bytes([rest])


def request_headers(method, content_type="application/grpc", extra=()):
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method if method.startswith("/") else SERVICE + method),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", content_type),
        *extra,
    ]
    return b"".join(literal(*field) for field in fields)


def message(body, claimed=None, compressed=0):
    """A gRPC message; `claimed` is a length other than the body's."""
    length = len(body) if claimed is None else claimed
    return bytes([compressed]) + struct.pack(">I", length) + body


class Connection:
    """A connection that counts ended streams, and keeps the first streams' headers."""

    def __init__(self, node, window=LARGE_WINDOW):
        host, _, port = node.endpoint.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.received = bytearray()
        self.decoder = hpack.Decoder()
        self.headers = {}
        self.decoding = True
        self.ended = 0
        self.reset = {}
        self.going_away = False
        self.connection_error = None
        self.settings = {}
        self.settings_acknowledged = 0
        self.pongs = []
        self.data = {}
        self.closed = False
        self.maximum_streams = 100
        self.unacknowledged = 0
        initial = struct.pack(">HI", 4, window)
        self.send(PREFACE + frame(SETTINGS, 0, 0, initial))
        if window == LARGE_WINDOW:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", LARGE_WINDOW - 65535)))

    def send(self, data):
        self.socket.sendall(data)

    def request(self, stream, method, body=b"", **headers):
        """A whole request with one message."""
        block = request_headers(method, **headers)
        self.send(
            frame(HEADERS, END_HEADERS, stream, block)
            + frame(DATA, END_STREAM, stream, message(body))
        )

    def receive(self, seconds=30):
        """Reads and handles what one recv brings; False once the peer has closed."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            return False
        self.received += data
        position = 0
        while len(self.received) - position >= 9:
            length = int.from_bytes(self.received[position : position + 3], "big")
            if len(self.received) - position < 9 + length:
                break
            kind, flags = self.received[position + 3], self.received[position + 4]
            stream = int.from_bytes(self.received[position + 5 : position + 9], "big")
            try:
                self._handle(
                    kind, flags, stream, bytes(self.received[position + 9 : position + 9 + length])
                )
            except ConnectionError:  # it was reset before our answer
                self.closed = True
                return False
            position += 9 + length
        del self.received[:position]
        if self.unacknowledged > 1 << 20:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self.unacknowledged)))
            self.unacknowledged = 0
        return True

    def _handle(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            for offset in range(0, len(payload), 6):
                name, value = struct.unpack_from(">HI", payload, offset)
                self.settings[name] = value
                if name == 3:
                    self.maximum_streams = value
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == SETTINGS:
            self.settings_acknowledged += 1
        elif kind == PING and flags & ACK:
            self.pongs.append(payload)
        elif kind == PING:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == HEADERS and self.decoding:
            self.headers.setdefault(stream, {}).update(self.decoder.decode(payload))
        elif kind == DATA:
            self.unacknowledged += len(payload)
            self.data[stream] = self.data.get(stream, 0) + len(payload)
        elif kind == RST_STREAM:
            self.reset[stream] = int.from_bytes(payload, "big")
            self.ended += 1
        elif kind == GOAWAY:
            self.going_away = True
            self.connection_error = int.from_bytes(payload[4:8], "big")
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.ended += 1

    def wait_status(self, stream, seconds=30):
        """The stream's gRPC status and message, or its HTTP status where there is no gRPC one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            headers = self.headers.get(stream, {})
            if "grpc-status" in headers:
                return int(headers["grpc-status"]), headers.get("grpc-message", "")
            if headers.get(":status", "200") != "200" or stream in self.reset or self.closed:
                return int(headers.get(":status", 0)), ""
            self.receive(seconds)
        raise TimeoutError(f"no status for stream {stream}")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
