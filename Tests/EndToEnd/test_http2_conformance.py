"""RFC 9113, by its sections: what a server must do with frames that are right, unusual or wrong.

The list of cases follows h2spec's. A stream error may also be answered with a connection error
(RFC 9113, 5.4.1), and a connection may end without its GOAWAY arriving.
"""

import socket
import struct
import time

import pytest
from http2 import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SERVICE,
    SETTINGS,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    Connection,
    frame,
    literal,
    message,
    request_headers,
)
from rig.client import status_of

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT = range(5)
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = range(5, 10)
ENHANCE_YOUR_CALM = 11
REQUEST = request_headers("ListActions")
OPEN = request_headers("DoExchange")
BODY = frame(DATA, END_STREAM, 1, message(b""))


@pytest.fixture(scope="module")
def node(cluster):
    return cluster.leader()


@pytest.fixture(autouse=True)
def unharmed(node):
    """Whatever a connection did, the node answers the next one."""
    yield
    assert status_of(node) is not None


def number(value):
    return struct.pack(">I", value)


def setting(name, value):
    return struct.pack(">HI", name, value)


def headers(stream, block, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, block)


def fields(*extra, without=(), order=None, replace=None):
    """The block of a ListActions request with fields added, left out, replaced or in another order."""
    all_fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": SERVICE + "ListActions",
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    all_fields.update(replace or {})
    names = order or [name for name in all_fields if name not in without]
    return b"".join(literal(name, all_fields[name]) for name in names) + b"".join(
        literal(*field) for field in extra
    )


def run(node, data, until, seconds=30, **settings):
    """Sends bytes, and reads until the condition holds or the connection has ended."""
    connection = Connection(node, **settings)
    with connection:
        try:
            connection.send(data)
        except OSError:
            pass
        deadline = time.monotonic() + seconds
        while not until(connection) and not connection.closed:
            assert time.monotonic() < deadline, "the server neither answers nor closes"
            connection.receive(seconds)
    return connection


def answered(connection):
    return "grpc-status" in connection.headers.get(1, {})


# Requests that are right, if unusual: (section, what, bytes).
WELCOME = [
    ("3.4", "SETTINGS come with the preface", headers(1, REQUEST) + BODY),
    ("4.1", "a frame of an unknown type is ignored", frame(77, 0, 0, b"x" * 8) + headers(1, REQUEST) + BODY),
    ("4.1", "undefined flags are ignored", frame(PING, 0xF6, 0, b"12345678") + headers(1, REQUEST) + BODY),
    ("4.1", "the reserved bit is ignored", frame(HEADERS, END_HEADERS, 1 | 1 << 31, REQUEST) + BODY),
    ("5.1", "PRIORITY on an idle stream", frame(PRIORITY, 0, 3, number(0) + b"\x10") + headers(1, REQUEST) + BODY),
    ("5.1", "PRIORITY on a closed stream", headers(1, REQUEST) + BODY + frame(PRIORITY, 0, 1, number(0) + b"\x10")),
    ("5.1", "WINDOW_UPDATE on a half-closed stream", headers(1, REQUEST) + BODY + frame(WINDOW_UPDATE, 0, 1, number(100))),
    ("6.1", "DATA with padding", headers(1, REQUEST) + frame(DATA, END_STREAM | PADDED, 1, b"\x03" + message(b"") + b"\0\0\0")),
    ("6.1", "empty DATA in between", headers(1, REQUEST) + frame(DATA, 0, 1) * 5 + BODY),
    ("6.2", "HEADERS with padding", headers(1, b"\x02" + REQUEST + b"\0\0", END_HEADERS | PADDED) + BODY),
    ("6.2", "HEADERS with priority", headers(1, number(0) + b"\x20" + REQUEST, END_HEADERS | WITH_PRIORITY) + BODY),
    ("6.5", "unknown settings are ignored", frame(SETTINGS, 0, 0, setting(0xFF, 7)) + headers(1, REQUEST) + BODY),
    ("6.5.3", "several SETTINGS are all acknowledged", frame(SETTINGS, 0, 0, setting(1, 100)) * 3 + headers(1, REQUEST) + BODY),
    ("6.9", "WINDOW_UPDATE of the connection", frame(WINDOW_UPDATE, 0, 0, number(1)) * 3 + headers(1, REQUEST) + BODY),
    ("6.10", "HEADERS with CONTINUATION", headers(1, REQUEST[:20], 0) + frame(CONTINUATION, 0, 1, REQUEST[20:60]) + frame(CONTINUATION, END_HEADERS, 1, REQUEST[60:]) + BODY),
    ("8.1", "trailers end a request", headers(1, REQUEST) + frame(DATA, 0, 1, message(b"")) + headers(1, literal("x-end", "1"), END_HEADERS | END_STREAM)),
]  # fmt: skip


@pytest.mark.parametrize(("section", "what", "data"), WELCOME, ids=[f"{c[0]} {c[1]}" for c in WELCOME])
def test_what_is_right_is_answered(node, section, what, data):
    connection = run(node, data, answered, window=65535)
    assert connection.headers[1]["grpc-status"] == "0"
    assert connection.connection_error in (None, NO_ERROR)


# Violations by frame: (section, what, bytes, error codes of a stream or the connection).
WRONG = [
    ("4.2", "DATA over the frame size", headers(1, OPEN) + frame(DATA, 0, 1, bytes((1 << 20) + 1)), {FRAME_SIZE_ERROR}),
    ("4.2", "HEADERS over the frame size", headers(1, bytes((1 << 20) + 1)), {FRAME_SIZE_ERROR, PROTOCOL_ERROR, ENHANCE_YOUR_CALM}),
    ("4.3", "a header block that isn't HPACK", headers(1, b"\xff\xff\xff\xff\xff\xff\xff"), {COMPRESSION_ERROR}),
    ("4.3", "another frame inside a header block", headers(1, REQUEST, 0) + frame(PING, 0, 0, bytes(8)), {PROTOCOL_ERROR}),
    ("4.3", "HEADERS of another stream inside a block", headers(1, REQUEST, 0) + headers(3, REQUEST), {PROTOCOL_ERROR}),
    ("5.1", "DATA on an idle stream", frame(DATA, END_STREAM, 1, b"x"), {PROTOCOL_ERROR}),
    ("5.1", "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, number(CANCEL)), {PROTOCOL_ERROR}),
    ("5.1", "WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, number(1)), {PROTOCOL_ERROR}),
    ("5.1", "CONTINUATION on an idle stream", frame(CONTINUATION, END_HEADERS, 1, REQUEST), {PROTOCOL_ERROR}),
    ("5.1", "DATA on a half-closed stream", headers(1, OPEN, END_HEADERS | END_STREAM) + frame(DATA, 0, 1, b"x"), {STREAM_CLOSED}),
    ("5.1", "HEADERS on a half-closed stream", headers(1, OPEN, END_HEADERS | END_STREAM) + headers(1, REQUEST), {STREAM_CLOSED, PROTOCOL_ERROR}),
    ("5.1", "HEADERS on a stream that was reset", headers(1, OPEN) + frame(RST_STREAM, 0, 1, number(CANCEL)) + headers(1, REQUEST), {STREAM_CLOSED, PROTOCOL_ERROR}),
    ("5.1.1", "an even stream number", headers(2, REQUEST), {PROTOCOL_ERROR}),
    ("5.1.1", "a smaller stream number", headers(5, OPEN) + headers(3, REQUEST), {PROTOCOL_ERROR, STREAM_CLOSED}),
    ("5.1.2", "more streams than allowed", b"".join(headers(2 * i + 1, OPEN) for i in range(300)), {REFUSED_STREAM, PROTOCOL_ERROR}),
    ("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), {PROTOCOL_ERROR}),
    ("6.1", "DATA whose padding is longer than it", headers(1, OPEN) + frame(DATA, PADDED, 1, b"\x09abc"), {PROTOCOL_ERROR}),
    ("6.2", "HEADERS on stream 0", headers(0, REQUEST), {PROTOCOL_ERROR}),
    ("6.2", "HEADERS whose padding is longer than it", headers(1, b"\xff" + REQUEST[:10], END_HEADERS | PADDED), {PROTOCOL_ERROR}),
    ("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)), {PROTOCOL_ERROR}),
    ("6.3", "PRIORITY of another length", headers(1, OPEN) + frame(PRIORITY, 0, 1, bytes(4)), {FRAME_SIZE_ERROR}),
    ("6.4", "RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, number(CANCEL)), {PROTOCOL_ERROR}),
    ("6.4", "RST_STREAM of another length", headers(1, OPEN) + frame(RST_STREAM, 0, 1, bytes(3)), {FRAME_SIZE_ERROR}),
    ("6.5", "an acknowledgement with content", frame(SETTINGS, ACK, 0, setting(1, 1)), {FRAME_SIZE_ERROR}),
    ("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1), {PROTOCOL_ERROR}),
    ("6.5", "SETTINGS of another length", frame(SETTINGS, 0, 0, bytes(5)), {FRAME_SIZE_ERROR}),
    ("6.5.2", "ENABLE_PUSH of 2", frame(SETTINGS, 0, 0, setting(2, 2)), {PROTOCOL_ERROR}),
    ("6.5.2", "INITIAL_WINDOW_SIZE over 2^31 - 1", frame(SETTINGS, 0, 0, setting(4, 1 << 31)), {FLOW_CONTROL_ERROR}),
    ("6.5.2", "MAX_FRAME_SIZE under 2^14", frame(SETTINGS, 0, 0, setting(5, 16383)), {PROTOCOL_ERROR}),
    ("6.5.2", "MAX_FRAME_SIZE over 2^24 - 1", frame(SETTINGS, 0, 0, setting(5, 1 << 24)), {PROTOCOL_ERROR}),
    ("6.6", "PUSH_PROMISE from a client", headers(1, OPEN) + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + REQUEST), {PROTOCOL_ERROR}),
    ("6.7", "PING on a stream", frame(PING, 0, 1, bytes(8)), {PROTOCOL_ERROR}),
    ("6.7", "PING of another length", frame(PING, 0, 0, bytes(7)), {FRAME_SIZE_ERROR}),
    ("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), {PROTOCOL_ERROR}),
    ("6.9", "WINDOW_UPDATE of 0 for the connection", frame(WINDOW_UPDATE, 0, 0, number(0)), {PROTOCOL_ERROR}),
    ("6.9", "WINDOW_UPDATE of 0 for a stream", headers(1, OPEN) + frame(WINDOW_UPDATE, 0, 1, number(0)), {PROTOCOL_ERROR}),
    ("6.9", "WINDOW_UPDATE of another length", frame(WINDOW_UPDATE, 0, 0, bytes(3)), {FRAME_SIZE_ERROR}),
    ("6.9.1", "a connection window over 2^31 - 1", frame(WINDOW_UPDATE, 0, 0, number((1 << 31) - 1)) * 2, {FLOW_CONTROL_ERROR}),
    ("6.9.1", "a stream window over 2^31 - 1", headers(1, OPEN) + frame(WINDOW_UPDATE, 0, 1, number((1 << 31) - 1)) * 2, {FLOW_CONTROL_ERROR}),
    ("6.9.2", "a new INITIAL_WINDOW_SIZE that overflows", headers(1, OPEN) + frame(WINDOW_UPDATE, 0, 1, number(1 << 30)) + frame(SETTINGS, 0, 0, setting(4, (1 << 31) - 1)), {FLOW_CONTROL_ERROR}),
    ("6.10", "CONTINUATION without HEADERS", headers(1, OPEN) + frame(CONTINUATION, END_HEADERS, 1, REQUEST), {PROTOCOL_ERROR}),
    ("6.10", "CONTINUATION on stream 0", headers(1, REQUEST, 0) + frame(CONTINUATION, END_HEADERS, 0, REQUEST), {PROTOCOL_ERROR}),
    ("6.10", "DATA before the header block's end", headers(1, REQUEST, 0) + frame(DATA, 0, 1, b"x"), {PROTOCOL_ERROR}),
    ("8.1", "a second HEADERS that doesn't end the stream", headers(1, OPEN) + headers(1, literal("x-end", "1")), {PROTOCOL_ERROR}),
    ("8.2", "a field name in upper case", headers(1, fields(("X-Test", "1"))), {PROTOCOL_ERROR}),
    ("8.2.2", "a connection field", headers(1, fields(("connection", "keep-alive"))), {PROTOCOL_ERROR}),
    ("8.2.2", "te other than trailers", headers(1, fields(replace={"te": "gzip"})), {PROTOCOL_ERROR}),
    ("8.3", "an unknown pseudo-header", headers(1, literal(":test", "1") + REQUEST), {PROTOCOL_ERROR}),
    ("8.3", "a pseudo-header of responses", headers(1, literal(":status", "200") + REQUEST), {PROTOCOL_ERROR}),
    ("8.3", "a pseudo-header behind a field", headers(1, fields(order=["te", ":method", ":scheme", ":path"])), {PROTOCOL_ERROR}),
    ("8.3", "a pseudo-header in trailers", headers(1, OPEN) + headers(1, literal(":method", "POST"), END_HEADERS | END_STREAM), {PROTOCOL_ERROR}),
    ("8.3.1", "no :method", headers(1, fields(without=[":method"])), {PROTOCOL_ERROR}),
    ("8.3.1", "no :scheme", headers(1, fields(without=[":scheme"])), {PROTOCOL_ERROR}),
    ("8.3.1", "no :path", headers(1, fields(without=[":path"])), {PROTOCOL_ERROR}),
    ("8.3.1", "two :method", headers(1, literal(":method", "POST") + REQUEST), {PROTOCOL_ERROR}),
    ("8.3.1", "two :path", headers(1, literal(":path", "/x") + REQUEST), {PROTOCOL_ERROR}),
    ("8.1.1", "a content-length that is wrong", headers(1, fields(("content-length", "1"))) + BODY, {PROTOCOL_ERROR}),
    ("8.1.1", "a content-length without content", headers(1, fields(("content-length", "1")), END_HEADERS | END_STREAM), {PROTOCOL_ERROR}),
]  # fmt: skip


@pytest.mark.parametrize(("section", "what", "data", "codes"), WRONG, ids=[f"{c[0]} {c[1]}" for c in WRONG])
def test_what_is_wrong_is_an_error(node, section, what, data, codes):
    connection = run(
        node, data, lambda it: it.connection_error is not None or bool(it.reset), window=65535
    )
    seen = set(connection.reset.values()) | {connection.connection_error} - {None}
    assert connection.closed or seen, "no error"
    assert not seen or seen & codes, f"{seen} instead of {codes}"


@pytest.mark.parametrize("text", ["GIT / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"])
def test_3_4_a_wrong_preface_ends_the_connection(node, text):
    host, _, port = node.endpoint.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(text.encode())
        while raw.recv(1 << 16):
            pass


def test_5_1_2_the_allowed_number_of_streams_is_told(node):
    connection = run(node, b"", lambda it: 3 in it.settings)
    assert connection.settings[3] >= 100


def test_6_5_3_settings_are_acknowledged(node):
    connection = run(node, b"", lambda it: it.settings_acknowledged > 0)
    assert connection.settings_acknowledged == 1


def test_6_7_a_ping_comes_back_with_its_bytes(node):
    connection = run(node, frame(PING, 0, 0, b"marbleDB"), lambda it: it.pongs)
    assert connection.pongs == [b"marbleDB"]


def test_6_7_an_acknowledgement_is_not_acknowledged(node):
    data = frame(PING, ACK, 0, b"answered") + frame(PING, 0, 0, b"question")
    connection = run(node, data, lambda it: it.pongs)
    assert connection.pongs == [b"question"]


def test_6_9_no_more_is_sent_than_the_window_allows(node):
    connection = Connection(node, window=3)
    with connection:
        connection.request(1, "ListActions")
        while connection.data.get(1, 0) < 3:
            connection.receive()
        connection.send(frame(PING, 0, 0, bytes(8)))
        while not connection.pongs:
            connection.receive()
        assert connection.data[1] == 3
        connection.send(frame(WINDOW_UPDATE, 0, 1, number(1000)))
        assert connection.wait_status(1)[0] == 0


def test_6_9_2_a_smaller_initial_window_makes_a_window_negative(node):
    connection = Connection(node, window=3)
    with connection:
        connection.request(1, "ListActions")
        while connection.data.get(1, 0) < 3:
            connection.receive()
        connection.send(frame(SETTINGS, 0, 0, setting(4, 2)))
        connection.send(frame(WINDOW_UPDATE, 0, 1, number(1)) + frame(PING, 0, 0, bytes(8)))
        while not connection.pongs:
            connection.receive()
        assert connection.data[1] == 3
        connection.send(frame(WINDOW_UPDATE, 0, 1, number(1000)))
        assert connection.wait_status(1)[0] == 0


def test_6_8_after_goaway_open_streams_go_on(node):
    data = headers(1, REQUEST) + frame(GOAWAY, 0, 0, bytes(8)) + BODY
    assert run(node, data, answered).headers[1]["grpc-status"] == "0"


FLOODS = {
    "SETTINGS": frame(SETTINGS, 0, 0, setting(1, 4096)),
    "PING": frame(PING, 0, 0, bytes(8)),
    "PING acknowledgements": frame(PING, ACK, 0, bytes(8)),
    "PRIORITY": frame(PRIORITY, 0, 3, bytes(5)),
    "WINDOW_UPDATE": frame(WINDOW_UPDATE, 0, 1, number(1)),
    "empty DATA": frame(DATA, 0, 1),
    "unknown frames": frame(99, 0, 0, bytes(8)),
    "GOAWAY": frame(GOAWAY, 0, 0, number((1 << 31) - 1) + bytes(4)),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_frames_harms_nobody_else(node, kind):
    before = node.process.resident_bytes()
    with Connection(node) as connection:
        connection.send(headers(1, OPEN))
        try:
            for _ in range(100):
                connection.send(FLOODS[kind] * 1000)
                connection.socket.settimeout(0.001)
                try:
                    connection.socket.recv(1 << 18)
                except TimeoutError:
                    pass
                connection.socket.settimeout(30)
        except OSError:
            pass  # the node may go away from a peer that only floods
        assert status_of(node) is not None
    assert node.process.resident_bytes() - before < 64 << 20


def test_a_header_block_without_end_is_cut_off(node):
    before = node.process.resident_bytes()
    with Connection(node) as connection:
        connection.send(headers(1, literal("x-a", "b" * 100), 0))
        try:
            for _ in range(100_000):
                connection.send(frame(CONTINUATION, 0, 1, literal("x-a", "b" * 100)))
        except OSError:
            pass
        else:
            while connection.receive():
                pass
    assert node.process.resident_bytes() - before < 64 << 20
