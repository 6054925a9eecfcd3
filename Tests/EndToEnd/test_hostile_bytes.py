"""What no well-meaning client sends: the node answers or closes, and goes on with everyone else."""

import errno
import os
import random
import socket
import struct

import pytest
from data import events
from http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Connection,
    frame,
    message,
    request_headers,
)
from rig.client import read, status_of, write

MEBIBYTE = 1 << 20
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 3, 8, 12, 13
STREAMS = int(os.environ.get("MARBLE_TEST_STREAMS", 100_000))


@pytest.fixture(autouse=True)
def unharmed(cluster, table):
    """After each test every node runs, in the same process, under the same term, and takes rows."""
    processes = [node.process.pid for node in cluster.nodes]
    term = status_of(cluster.leader())["groups"][0]["term"]
    yield
    assert [node.process.pid for node in cluster.nodes] == processes
    assert all(node.running for node in cluster.nodes)
    for position, node in enumerate(cluster.nodes):
        write(node, table, events(position, 1))
        assert read(node, table).num_rows == position + 1
    assert status_of(cluster.leader())["groups"][0]["term"] == term


@pytest.fixture
def node(cluster):
    return cluster.leader()


def send_and_close(node, data, read_answer=True):
    """Sends bytes, half-closes, and reads until the node closes or resets: it must do one."""
    host, _, port = node.endpoint.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while read_answer and connection.recv(1 << 16):
                pass
        except OSError as error:
            # ENOTCONN: the reset came between sending and half-closing. A timeout has no number.
            if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):
                raise


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(node, seed):
    source = random.Random(seed)
    send_and_close(node, source.randbytes(source.choice((1, 9, 23, 24, 1000, 100_000))))


@pytest.mark.parametrize("seed", range(20))
def test_random_frames_after_a_good_preface(node, seed):
    source = random.Random(seed)
    frames = b"".join(
        frame(
            source.randrange(12),
            source.randrange(256),
            source.choice((0, 1, 2, 3, 2**31 - 1)),
            source.randbytes(source.randrange(200)),
        )
        for _ in range(50)
    )
    send_and_close(node, PREFACE + frame(SETTINGS, 0, 0) + frames)


@pytest.mark.parametrize("method", ["DoPut", "DoGet", "DoAction", "DoExchange", "GetFlightInfo"])
@pytest.mark.parametrize("seed", range(5))
def test_random_bodies_of_real_methods(node, method, seed):
    source = random.Random(seed)
    with Connection(node) as connection:
        connection.request(1, method, source.randbytes(source.randrange(1, 3000)))
        status, _ = connection.wait_status(1)
        assert status not in (0, 200)


def test_a_request_cut_at_every_byte(node):
    whole = (
        PREFACE
        + frame(SETTINGS, 0, 0)
        + frame(HEADERS, END_HEADERS, 1, request_headers("DoAction"))
        + frame(DATA, END_STREAM, 1, message(b"\x0a\x06status"))
    )
    for length in range(len(whole)):
        send_and_close(node, whole[:length], read_answer=False)


@pytest.mark.parametrize("body", [b"", b"\x00\x00", message(b"\x0a\x06status")[:-3]])
def test_half_a_message_at_the_end_of_a_stream_is_an_error(node, body):
    with Connection(node) as connection:
        connection.send(
            frame(HEADERS, END_HEADERS, 1, request_headers("DoAction"))
            + frame(DATA, END_STREAM, 1, body)
        )
        status, _ = connection.wait_status(1)
        assert status not in (0, 200)


@pytest.mark.parametrize("method", ["DoPut", "DoAction", "DoExchange"])
@pytest.mark.parametrize("claimed", [2**31 - 1, 2**31, 2**32 - 1])
def test_a_length_of_two_gibibytes_is_refused_and_not_allocated(node, method, claimed):
    before = node.process.resident_bytes()
    with Connection(node) as connection:
        connection.send(
            frame(HEADERS, END_HEADERS, 1, request_headers(method))
            + frame(DATA, 0, 1, message(b"some bytes", claimed))
        )
        status, text = connection.wait_status(1)
        assert status == RESOURCE_EXHAUSTED
        assert any(character.isdigit() for character in text), f"no limit named: {text}"
    assert node.process.resident_bytes() - before < 64 * MEBIBYTE


def test_a_claimed_length_that_never_comes_holds_no_memory(node):
    before = node.process.resident_bytes()
    connections = [Connection(node) for _ in range(20)]
    for connection in connections:
        for stream in range(1, 41, 2):
            connection.send(
                frame(HEADERS, END_HEADERS, stream, request_headers("DoPut"))
                + frame(DATA, 0, stream, message(b"x", 32 * MEBIBYTE))
            )
        connection.receive()
    assert status_of(node) is not None
    assert node.process.resident_bytes() - before < 256 * MEBIBYTE
    for connection in connections:
        connection.close()


def test_an_unknown_method_is_unimplemented(node):
    with Connection(node) as connection:
        connection.request(1, "DoNothing")
        connection.request(3, "/no.such.Service/Method")
        assert connection.wait_status(1)[0] == UNIMPLEMENTED
        assert connection.wait_status(3)[0] == UNIMPLEMENTED


def test_a_content_type_that_is_not_grpc_is_an_unsupported_media_type(node):
    with Connection(node) as connection:
        connection.request(1, "ListActions", content_type="text/html")
        assert connection.wait_status(1)[0] == 415


def test_a_compressed_message_without_an_encoding_is_an_internal_error(node):
    with Connection(node) as connection:
        connection.send(
            frame(HEADERS, END_HEADERS, 1, request_headers("DoAction"))
            + frame(DATA, END_STREAM, 1, message(b"\x0a\x06status", compressed=1))
        )
        assert connection.wait_status(1)[0] == INTERNAL


def test_headers_without_end_are_refused(node):
    with Connection(node) as connection:
        huge = [(f"x-{i}", "v" * 1000) for i in range(15)]
        for stream in range(1, 201, 2):
            block = request_headers("ListActions", extra=huge)
            try:
                connection.send(frame(HEADERS, 0, stream, block))
            except OSError:
                return
        while connection.receive():
            if connection.going_away or connection.reset:
                return
        assert connection.closed


def test_many_small_streams_on_one_connection(node):
    """100,000 in the test run; MARBLE_TEST_STREAMS=1000000 for a million."""
    block = request_headers("ListActions")
    body = message(b"")
    before = node.process.resident_bytes()
    sent = 0
    with Connection(node) as connection:
        while connection.ended < STREAMS:
            room = min(connection.maximum_streams, 100) - (sent - connection.ended)
            batch = bytearray()
            for _ in range(min(room, STREAMS - sent)):
                stream = 2 * sent + 1
                batch += frame(HEADERS, END_HEADERS, stream, block)
                batch += frame(DATA, END_STREAM, stream, body)
                sent += 1
            if batch:
                connection.send(batch)
            assert connection.receive(), "the node closed the connection"
            connection.decoding = sent < 1000
        assert not connection.reset
        statuses = {headers.get("grpc-status") for headers in connection.headers.values()}
        assert statuses <= {"0", None} and "0" in statuses
    assert node.process.resident_bytes() - before < 128 * MEBIBYTE


def test_streams_that_are_reset_at_once(node):
    block = request_headers("DoExchange")
    before = node.process.resident_bytes()
    for _ in range(5):
        with Connection(node) as connection:
            try:
                for stream in range(1, 20_001, 2):
                    connection.send(
                        frame(HEADERS, END_HEADERS, stream, block)
                        + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
                    )
            except OSError:
                pass  # a node may go away from a peer that only resets
    assert status_of(node) is not None
    assert node.process.resident_bytes() - before < 128 * MEBIBYTE


def test_a_thousand_connections_that_say_nothing(node):
    host, _, port = node.endpoint.rpartition(":")
    silent = [socket.create_connection((host, int(port)), timeout=10) for _ in range(900)]
    assert status_of(node) is not None
    for connection in silent:
        connection.close()


def test_a_reader_without_a_window_holds_only_its_own_stream(node, cluster):
    with Connection(node, window=0) as connection:
        for stream in range(1, 100, 2):
            connection.request(stream, "ListActions")
        connection.receive()
        assert status_of(node) is not None
        connection.send(frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 0)))
        while connection.receive() and 1 not in connection.reset and not connection.going_away:
            pass


def test_http_1_at_the_port_does_no_harm(node):
    for text in ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /api HTTP/1.1\r\n"):
        send_and_close(node, text.encode())


def test_connections_to_the_raft_stream_of_another_program_are_refused(node):
    with Connection(node) as connection:
        descriptor = b"\x08\x01\x1a\x04raft\x1a\x05other"
        flight_data = b"\x0a" + bytes([len(descriptor)]) + descriptor
        connection.request(1, "DoExchange", flight_data)
        status, _ = connection.wait_status(1)
        assert status not in (0, 200)
