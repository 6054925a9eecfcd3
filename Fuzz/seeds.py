"""Writes the seeds of the fuzz targets to Fuzz/Corpus: what real peers send, and what the format
documents say, as the beginning of a corpus. Existing files stay; the same seeds have the same names.

    .venv/bin/python Fuzz/seeds.py
"""

import decimal
import gzip
import hashlib
import json
import pathlib
import socket
import struct
import threading
import zlib

import pyarrow as pa
import pyarrow.flight as flight

CORPUS = pathlib.Path(__file__).parent / "Corpus"


def write(target, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    data = bytes(data)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


# MARK: Arrow


def columns():
    """One column of each type, each with nulls where the type has them."""
    yield from [
        pa.array([True, None, False]),
        pa.array([1, None, 3], pa.int8()),
        pa.array([1, None, 3], pa.uint64()),
        pa.array([1.5, None, -3], pa.float16()),
        pa.array([1.5, None, -3], pa.float64()),
        pa.array(["a", None, "ü"], pa.utf8()),
        pa.array([b"a", None, b""], pa.large_binary()),
        pa.array([b"abc", None, b"def"], pa.binary(3)),
        pa.array([1, None, 3], pa.date64()),
        pa.array([1, None, 3], pa.time64("ns")),
        pa.array([1, None, 3], pa.timestamp("us", "Europe/Berlin")),
        pa.array([1, None, 3], pa.duration("s")),
        pa.array([decimal.Decimal("1.25"), None, decimal.Decimal(-3)], pa.decimal128(10, 2)),
        pa.array([decimal.Decimal("1.25"), None, decimal.Decimal(-3)], pa.decimal256(50, 2)),
        pa.array([decimal.Decimal("1.25"), None, decimal.Decimal(-3)], pa.decimal32(8, 2)),
        pa.array([(1, 2, 3), None, (4, 5, 6)], pa.month_day_nano_interval()),
        pa.nulls(3),
        pa.array([[1, 2], None, []], pa.list_(pa.int32())),
        pa.array([["a"], None, []], pa.large_list(pa.utf8())),
        pa.array([[1, 2], None, [3, None]], pa.list_(pa.int16(), 2)),
        pa.array([[1, 2], None, []], pa.list_view(pa.int32())),
        pa.array([[1, 2], None, []], pa.large_list_view(pa.int32())),
        pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        pa.array([[("k", 1)], None, []], pa.map_(pa.utf8(), pa.int64())),
        pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
        pa.array([b"short", None, b"longer than twelve bytes"], pa.binary_view()),
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([["a"], None, ["b", "a"]], pa.list_(pa.dictionary(pa.int8(), pa.utf8()))),
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None])),
        pa.UnionArray.from_dense(
            pa.array([0, 1, 0], pa.int8()),
            pa.array([0, 0, 1], pa.int32()),
            [pa.array([1, 2]), pa.array(["x"])],
        ),
        pa.UnionArray.from_sparse(
            pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["x", "y", None])]
        ),
    ]


def stream_of(batches, options=None):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def file_of(batches, options=None):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def message_parts(encapsulated):
    """A message's metadata and body."""
    length = struct.unpack_from("<i", encapsulated, 4)[0]
    return encapsulated[8 : 8 + length], encapsulated[8 + length :]


def schema_message(schema):
    return message_parts(schema.serialize().to_pybytes())[0]


def batch_message(batch):
    return message_parts(batch.serialize().to_pybytes())


def arrow():
    all_columns = list(columns())
    streams = []
    for column in all_columns:
        batch = pa.record_batch([column], names=["c"])
        streams.append([batch, batch.slice(1, 1), batch.slice(0, 0)])
    many = pa.record_batch(
        [all_columns[1], all_columns[5], all_columns[10]],
        schema=pa.schema(
            [pa.field("a", pa.int8(), metadata={"k": "v"}), ("b", pa.utf8()), ("c", all_columns[10].type)],
            metadata={"marble.primary_key": "a"},
        ),
    )
    streams += [[many, many], [pa.record_batch([], schema=pa.schema([]))]]
    for batches in streams:
        write("arrow-stream", b"\0" + stream_of(batches))
        write("arrow-stream", b"\x0b" + stream_of(batches))
        write("arrow-file", file_of(batches))
    for name in ["lz4", "zstd"]:
        long = pa.record_batch([pa.array(["abcabcabc"] * 300), pa.array(range(300))], names=["a", "b"])
        options = pa.ipc.IpcWriteOptions(compression=name)
        write("arrow-stream", b"\0" + stream_of([long], options))
        write("arrow-stream", b"\0" + stream_of([long], options)[:-40] + bytes(40))
        write("arrow-file", file_of([long], options))
    write("arrow-stream", b"\0" + struct.pack("<Ii", 0xFFFFFFFF, 0x7FFFFFFF))
    write("arrow-file", b"ARROW1\0\0" + struct.pack("<i", 0x7FFFFFFF) + b"ARROW1")
    legacy = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True)
    write("arrow-stream", b"\0" + stream_of([many], legacy))
    dictionaries = [pa.array([t]).dictionary_encode() for t in "ab"]
    deltas = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    batches = [
        pa.record_batch([pa.DictionaryArray.from_arrays([0], ["a"])], names=["d"]),
        pa.record_batch([pa.DictionaryArray.from_arrays([0, 1], ["a", "b"])], names=["d"]),
    ]
    write("arrow-stream", b"\0" + stream_of(batches, deltas))
    write("arrow-stream", b"\0" + stream_of([pa.record_batch([d], names=["d"]) for d in dictionaries]))


def arrow_batches():
    """Choices of types, rows, and for each buffer its length and bytes."""

    def batch(choices, rows, parts, target="arrow-batch", before=b""):
        data = before + bytes([len(choices)]) + bytes(choices) + struct.pack("<H", rows)
        for null_count, buffers in parts:
            data += struct.pack("<b", null_count)
            for buffer in buffers:
                data += struct.pack("<H", len(buffer)) + buffer
        write(target, data)

    batch([3], 2, [(0, [b"", struct.pack("<ii", 1, 2)])])
    batch([0], 9, [(1, [b"\xfe\x01", b"\xaa\x01"])])
    batch([7], 2, [(1, [b"\x01", struct.pack("<iii", 0, 2, 2), "ü".encode()])])
    batch([10 | 0x80], 2, [(0, [b"", struct.pack("<qqq", 0, 1, 3), b"abc"])])
    batch([11, 17], 1, [(0, [b"", b"abc"]), (0, [b"", bytes(16)])])
    batch([7], 1, [(0, [b"", struct.pack("<ii", 0, 9), b"abc"])])

    for first, codec in enumerate(["lz4", "zstd"]):

        def packed(buffer):
            stored = pa.compress(buffer, codec=codec, asbytes=True)
            return struct.pack("<q", len(buffer)) + stored

        numbers = packed(struct.pack("<100i", *[7] * 100))
        plain = struct.pack("<q", -1) + struct.pack("<100i", *range(100))
        offsets = packed(struct.pack("<101i", *range(0, 303, 3)))
        for buffers in [[b"", numbers], [b"", plain], [packed(b"\xaa" * 13), numbers], [b"", numbers[:-3]]]:
            batch([3], 100, [(50 if buffers[0] else 0, buffers)], "arrow-compressed", bytes([first]))
        batch([7], 100, [(0, [b"", offsets, packed(b"abc" * 100)])], "arrow-compressed", bytes([first]))
        batch([7], 100, [(0, [b"", offsets, packed(b"abc" * 99)])], "arrow-compressed", bytes([first]))


# MARK: Flight


def varint(number):
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def flight_data(header=b"", body=b"", metadata=b"", descriptor=b""):
    data = field(1, descriptor) if descriptor else b""
    data += field(2, header) if header else b""
    data += field(3, metadata) if metadata else b""
    return data + (field(1000, body) if body else b"")


def grpc(message, flag=0):
    return bytes([flag]) + struct.pack(">I", len(message)) + message


def sample_info():
    schema = pa.schema([("id", pa.int64()), ("name", pa.utf8())])
    endpoint = flight.FlightEndpoint(b"ticket", ["grpc://localhost:5001"], None, b"endpoint")
    return flight.FlightInfo(
        schema, flight.FlightDescriptor.for_path("a", "b"), [endpoint], 7, -1, True, b"info"
    )


LOGIN = field(2, "ann") + field(3, "secret: ü")


def messages():
    info = sample_info().serialize()
    path = flight.FlightDescriptor.for_path("a", "b").serialize()
    command = flight.FlightDescriptor.for_command(b"command").serialize()
    batch = pa.record_batch([pa.array([1, 2])], names=["a"])
    header, body = batch_message(batch)
    data = flight_data(header, body, b"{}", path)
    poll = field(1, info) + field(2, path) + varint(3 << 3 | 1) + struct.pack("<d", 0.5)
    poll += field(4, field(1, 1_700_000_000) + field(2, 5))
    samples = [
        info,
        poll,
        path,
        flight.FlightEndpoint(b"t", ["grpc://h:1"]).serialize(),
        flight.Ticket(b"ticket").serialize(),
        field(1, "type") + field(2, "description"),
        field(1, 5) + field(2, 6),
        field(1, 1) + field(2, b"payload"),
        data,
        flight.Action("action", b"body").serialize(),
        flight.Result(b"result").serialize(),
        command,
        data,
        LOGIN,
        field(1, "arrow.flight.protocol.FlightService"),
        field(1, "localhost") + field(3, "Flight.proto"),
        b'{"type": "echo", "body": {"a": [1, "\\u00fc"]}}',
    ]
    for kind, sample in enumerate(samples):
        write("flight-messages", bytes([kind]) + sample)
        write("flight-messages", bytes([kind]) + sample[:-1])
    ticket = "arrow.flight.protocol.Ticket"
    for question in [field(4, ticket), field(5, field(1, ticket)), field(6, ticket), field(7, "")]:
        write("flight-messages", b"\x0f" + question)
    for action in ['{"type": "list_actions"}', '{"type": "e\\n", "body_base64": "aGVsbG8="}']:
        write("flight-messages", b"\x10" + action.encode())
    for kind, sample in [(0, data), (1, samples[4]), (2, samples[9]), (3, info)]:
        for piece in [0, 1, 100]:
            write("grpc-messages", bytes([kind, piece]) + grpc(sample) + grpc(b"") + grpc(sample))
        write("grpc-messages", bytes([kind, 3]) + grpc(sample, flag=1))
    for choice, compressed in [(4, gzip.compress(data, mtime=0)), (8, zlib.compress(data))]:
        for piece in [0, 7]:
            write("grpc-messages", bytes([choice, piece]) + grpc(compressed, flag=1) + grpc(data))
    bomb = gzip.compress(flight_data(body=bytes(1_000_000)), mtime=0)
    write("grpc-messages", b"\4\0" + grpc(bomb, flag=1) * 4)
    write("grpc-messages", b"\0\0\0\x7f\xff\xff\xff")


class Recorder:
    """A proxy that keeps what a client sends and what its server answers."""

    def __init__(self, port):
        self.target = port
        self.recorded = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            record = (bytearray(), bytearray())
            self.recorded.append(record)
            for source, sink, bytes_seen in [(client, server, record[0]), (server, client, record[1])]:
                threading.Thread(target=self.copy, args=(source, sink, bytes_seen), daemon=True).start()

    @staticmethod
    def copy(source, sink, bytes_seen):
        try:
            while data := source.recv(1 << 16):
                bytes_seen += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side has gone


class SampleServer(flight.FlightServerBase):
    batch = pa.record_batch([pa.array([1, 2]), pa.array(["a", None])], names=["a", "b"])

    def list_flights(self, context, criteria):
        yield sample_info()

    def get_flight_info(self, context, descriptor):
        return sample_info()

    def get_schema(self, context, descriptor):
        return flight.SchemaResult(self.batch.schema)

    def do_get(self, context, ticket):
        return flight.RecordBatchStream(pa.Table.from_batches([self.batch]))

    def do_put(self, context, descriptor, reader, writer):
        for chunk in reader:
            writer.write(b"taken")

    def do_exchange(self, context, descriptor, reader, writer):
        writer.begin(self.batch.schema)
        for chunk in reader:
            writer.write_batch(chunk.data)

    def do_action(self, context, action):
        yield flight.Result(action.body)

    def list_actions(self, context):
        return [("echo", "sends back its body")]


def recorded(server, call):
    """What a client that makes the call sends and is answered, on each of its connections."""
    recorder = Recorder(server.port)
    with flight.connect(f"grpc://127.0.0.1:{recorder.port}") as client:
        call(client)
    return recorder.recorded


def connections():
    """The bytes of real clients' connections, and what a real server answered."""
    server = SampleServer("grpc://127.0.0.1:0")
    path = flight.FlightDescriptor.for_path("a")
    batch = SampleServer.batch

    def put(client):
        writer, results = client.do_put(path, batch.schema)
        writer.write_with_metadata(batch, b"{}")
        results.read()
        writer.close()

    def exchange(client):
        writer, reader = client.do_exchange(path)
        with writer:
            writer.begin(batch.schema)
            writer.write_batch(batch)
            writer.done_writing()
            reader.read_all()

    # By the method's place in FlightMethod.
    calls = {
        1: lambda client: list(client.list_flights()),
        2: lambda client: client.get_flight_info(path),
        4: lambda client: client.get_schema(path),
        5: lambda client: client.do_get(flight.Ticket(b"ticket")).read_all(),
        6: put,
        7: exchange,
        8: lambda client: list(client.do_action(flight.Action("echo", b"body"))),
        9: lambda client: client.list_actions(),
    }
    for method, call in calls.items():
        for sent, answered in recorded(server, call):
            write("flight-connection", b"\0" + sent)
            write("flight-connection", b"\x11" + sent)
            write("flight-client", bytes([0, method]) + answered)
    server.shutdown()
    write("flight-client", b"\0\5HTTP/1.1 400 Bad Request\r\n\r\n")
    for text in [
        "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "POST /api/flight/do_action HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        'Content-Length: 24\r\n\r\n{"type": "list_actions"}',
        "POST /api/flight/do_action HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        '1e\r\n{"type": "echo", "body": "ä"}\r\n0\r\n\r\n',
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ]:
        write("flight-connection", b"\0" + text.encode())


class Login(flight.ClientAuthHandler):
    def authenticate(self, outgoing, incoming):
        outgoing.write(LOGIN)
        self.token = incoming.read()

    def get_token(self):
        return self.token


class Greeter(flight.ServerAuthHandler):
    def authenticate(self, outgoing, incoming):
        incoming.read()
        outgoing.write(b"token")

    def is_valid(self, token):
        return b"ann"


def logins():
    """Connections of those who say who they are, to a server that asks."""

    def handshake(client):
        client.authenticate(Login())
        client.list_actions()

    def basic(client):
        try:
            client.authenticate_basic_token("ann", "secret")
        except flight.FlightError:
            pass  # this server knows only the other way

    server = SampleServer("grpc://127.0.0.1:0", auth_handler=Greeter())
    for call in [handshake, basic]:
        for sent, _ in recorded(server, call):
            write("flight-connection", b"\x80" + sent)
            write("flight-connection", b"\x91" + sent)
    server.shutdown()
    for authorization in ["Basic YW5uOnNlY3JldA==", "Bearer token", "Digest x", "Basic !"]:
        header = f"Host: localhost\r\nAuthorization: {authorization}\r\n"
        page = f"GET /page HTTP/1.1\r\n{header}\r\n"
        action = f"POST /api/flight/do_action HTTP/1.1\r\n{header}Content-Length: 16\r\n\r\n"
        write("flight-connection", b"\x80" + page.encode() * 2)
        write("flight-connection", b"\x80" + (action + '{"type": "echo"}').encode() * 2)
    write("flight-connection", b"\x80GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
    write("flight-connection", b"\0GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")


def frames():
    def frame(kind, flags, stream, payload=b""):
        return bytes([kind, flags, stream]) + struct.pack("<H", len(payload)) + payload

    settings = frame(4, 0, 0)
    data = grpc(flight_data(metadata=b"hello"))
    for number in range(10):
        write(
            "flight-frames",
            settings + frame(0x80 + number, 0, 1) + frame(0, 0, 1, data) + frame(0, 1, 1),
        )
    write("flight-frames", settings + frame(0x80, 0, 1) + frame(3, 0, 1, struct.pack(">I", 8)))
    write("flight-frames", settings + frame(6, 0, 0, bytes(8)) + frame(8, 0, 0, struct.pack(">I", 99)))
    write("flight-frames", settings + frame(7, 0, 0, bytes(8)) + frame(0x85, 1, 3))
    write("flight-frames", settings + frame(0, 0, 0, data))

    def header(name, value):
        """A literal field that is never indexed."""
        return bytes([0x10, len(name)]) + name + bytes([len(value)]) + value

    timeout = header(b"grpc-timeout", b"1S")
    write("flight-frames", settings + frame(0x86, 0, 1, timeout) + frame(0, 0, 1, data))
    for number, request in [(10, b""), (11, b""), (12, field(7, "")), (13, field(3, "Flight.proto"))]:
        call = frame(0x80 + number, 0, 1) + frame(0, 0, 1, grpc(request)) + frame(0, 1, 1)
        write("flight-frames", settings + call)
        write("flight-frames", b"\xff" + settings + call)
    login = frame(0, 0, 1, grpc(field(1, 1) + field(2, LOGIN)))
    write("flight-frames", b"\xff" + settings + frame(0x80, 0, 1) + login + frame(0, 1, 1))
    write("flight-frames", b"\xff" + settings + frame(0x80, 0, 1) + login + login)
    write("flight-frames", b"\xff" + settings + frame(0x80, 1, 1))
    for value in [b"Basic YW5uOnNlY3JldA==", b"Bearer token", b"Digest x"]:
        named = header(b"authorization", value)
        for number in [0, 5, 6]:
            call = frame(0x80 + number, 0, 1, named) + frame(0, 0, 1, data) + frame(0, 1, 1)
            again = frame(0x80 + number, 0, 3, named) + frame(3, 0, 3, struct.pack(">I", 8))
            write("flight-frames", b"\xff" + settings + call + again)
    token = header(b"auth-token-bin", b"dG9rZW4")
    write("flight-frames", b"\xff" + settings + frame(0x86, 0, 1, token) + frame(0, 1, 1, data))


# MARK: Raft


def raft_message(kind, **fields):
    numbers = dict(
        sender=2, to=3, term=4, index=5, log_term=6, last_index=7, commit_index=8, hint_index=9,
        hint_term=10, sequence=11, flag=12, is_counted=13,
    )  # fmt: skip
    runs = fields.pop("runs", [])
    message = field(1, kind)
    for name, value in fields.items():
        message += field(numbers[name], value)
    for first, term in runs:
        message += field(14, field(1, first) + field(2, term))
    return field(3, message)


def raft():
    hello = field(1, "cluster") + field(2, 1) + field(3, "localhost:5001")
    hello += field(4, 1) + field(5, 1) + field(7, 99)
    write("raft-wire", flight_data(metadata=field(1, hello)))
    write("raft-wire", flight_data(metadata=field(1, hello) + field(4, b"foreign")))
    entries = pa.record_batch(
        [
            pa.array([1, 1], pa.uint64()),
            pa.array([5, 6], pa.uint64()),
            pa.array([2, 2], pa.uint64()),
            pa.array([0, 1], pa.uint8()),
            pa.array([b"", b"payload"], pa.large_binary()),
        ],
        schema=pa.schema(
            [
                pa.field(name, kind, nullable=False)
                for name, kind in [
                    ("group", pa.uint64()), ("index", pa.uint64()), ("term", pa.uint64()),
                    ("kind", pa.uint8()), ("payload", pa.large_binary()),
                ]
            ]
        ),
    )  # fmt: skip
    header, body = batch_message(entries)
    append = raft_message(
        5, sender=1, to=2, term=2, index=4, log_term=1, last_index=6, commit_index=4, runs=[(5, 2)]
    )
    write("raft-wire", flight_data(header, body, field(2, 1) + append))
    for kind in range(1, 15):
        message = raft_message(
            kind, sender=1, to=2, term=3, index=5, log_term=2, last_index=6, commit_index=4,
            hint_index=3, hint_term=1, sequence=7, flag=1, is_counted=1,
        )  # fmt: skip
        write("raft-wire", flight_data(metadata=field(2, 1) + message))
    write("raft-wire", flight_data(metadata=b"\xff"))


def log():
    def record(kind, index, term, payload=b"", group=0, sub=1):
        numbers = b"".join(
            bytes([n]) if n < 255 else b"\xff" + struct.pack("<Q", n) for n in [index, term]
        )
        return bytes([kind, sub, group]) + numbers + bytes([len(payload)]) + payload

    def batch(*records):
        return bytes([len(records)]) + b"".join(records)

    def state(voted, base, base_term, *runs):
        return struct.pack("<QQQ", voted, base, base_term) + b"".join(
            struct.pack("<QQ", *run) for run in runs
        )

    begin = b"\1\0" + batch()
    write("log-recovery", begin)
    write("log-recovery", begin + batch(record(1, 1, 1, b"one"), record(1, 2, 1, b"two")))
    write(
        "log-recovery",
        begin
        + batch(record(3, 2, 5), record(1, 1, 1, b"one"), record(1, 2, 1, b"two"), record(1, 3, 2))
        + batch(record(4, 3, 0), record(1, 3, 4, b"three"))
        + batch(record(5, 2, 1), record(2, 3, 4, b"three")),
    )
    head = batch(record(6, 9, 5, state(2, 7, 4, (8, 4), (9, 5))))
    write("log-recovery", b"\1\0" + head + batch(record(2, 8, 4, b"copy"), record(2, 9, 5)))
    write("log-recovery", b"\1\0" + head)
    write("log-recovery", b"\1" + b"\x42" + batch() + batch(record(1, 1, 1, b"cut off")))
    write("log-recovery", b"\1\1\xff\xff" + batch(record(1, 7, 1)))
    write("log-recovery", b"\0" + b"MARBLELG" + bytes(56))


# MARK: Database


def pad(data):
    return data + bytes(-len(data) % 8)


def command(operation, header=b"", body=b"", text=b"", table=1, layout=0, sequence=0, rows=0):
    prefix = struct.pack(
        "<BBBBIQQII", 1, operation, layout, 0, len(header), table, sequence, rows, len(text)
    )
    payload = prefix + pad(text) + pad(header) + body
    return struct.pack("<H", len(payload)) + payload


def name(text):
    return struct.pack("<H", len(text.encode())) + text.encode()


TABLE = pa.schema([pa.field("id", pa.int64(), nullable=False), ("text", pa.utf8()), ("flag", pa.bool_())])


def database():
    rows = pa.record_batch([[1, 2], ["a", None], [True, None]], schema=TABLE)
    more = pa.record_batch([[2, 3], ["b", "c"], [None, False]], schema=TABLE)
    keys = pa.record_batch([pa.array([2, 9])], schema=pa.schema([TABLE.field("id")]))
    one, two, key = batch_message(rows), batch_message(more), batch_message(keys)
    write("commands", command(1, *one) + command(1, *two) + command(3, *key, layout=1))
    write("commands", command(2, *one) + command(2, *two))
    write("commands", command(2, *one, table=2) + command(1, *two, table=2))
    session = dict(text=b"session", sequence=5)
    write("commands", command(1, *one, **session) + command(1, *two, **session))
    define = name("other") + struct.pack("<H", 1) + name("id")
    write("commands", command(4, schema_message(TABLE), text=define) + command(1, *one, table=3))
    write("commands", command(5, text=b"k") + command(1, *one))
    write("commands", command(5, text=b"missing"))
    for columns_of_key in [["text"], ["flag", "id"], ["id", "id"]]:
        define = name("t") + struct.pack("<H", len(columns_of_key))
        define += b"".join(name(column) for column in columns_of_key)
        write("commands", command(4, schema_message(TABLE), text=define, layout=1))

    def chunk(kind, data, goes_on=0):
        return struct.pack("<HBBHI", len(data) + 8, kind, goes_on, 0, 0) + data

    def header(tables, sessions=0):
        return chunk(1, b"MARBLEDB" + struct.pack("<IIQQ", 1, tables, 50, sessions))

    def table(number, title, count, key=()):
        message = schema_message(TABLE)
        data = struct.pack("<QQQ", number, 40, count) + name(title) + struct.pack("<H", len(key))
        data += b"".join(name(column) for column in key)
        return chunk(2, data + struct.pack("<I", len(message)) + message)

    def batch(message):
        return chunk(3, struct.pack("<II", 2, len(message[0])) + pad(message[0]) + message[1])

    def end(count):
        return chunk(5, struct.pack("<Q", count))

    outcome = struct.pack("<BBHIQQ", 0, 0, 0, 2, 30, 1)
    refusal = struct.pack("<BBHIQQ", 1, 6, 4, 0, 31, 1) + b"text"
    sessions = name("session") + struct.pack("<QQI", 31, 2, 2)
    sessions += struct.pack("<Q", 5) + outcome + struct.pack("<Q", 6) + refusal
    write("snapshots", header(0) + end(0))
    write("snapshots", header(1) + table(1, "k", 2, ["id"]) + batch(one) + end(2))
    write(
        "snapshots",
        header(2, 1) + table(1, "k", 2, ["id"]) + batch(one) + table(2, "a", 4) + batch(one)
        + batch(two) + chunk(4, sessions) + end(6),
    )  # fmt: skip
    half = len(sessions) // 2
    parts = chunk(4, sessions[:half], 1) + chunk(4, sessions[half:])
    write("snapshots", header(0, 1) + parts + end(0))
    write("snapshots", header(1) + table(1, "k", 3, ["id"]) + batch(one) + end(3))


def tickets():
    for ticket in [
        {"table": "t"},
        {"table": "trades", "columns": ["id", "price"], "order": "-key", "limit": 2, "offset": 1},
        {"table": "ü\"\\\n\u2028", "consistency": "stale", "max_staleness_ms": 500, "index": 9},
        {"table": "t", "where": "price > 100 and symbol in ('A', 'B')"},
        {"table": "t", "limit": -1},
        {"table": "t", "limit": 1e3},
        {"columns": []},
        {"table": None},
        [[[[]]]],
    ]:
        write("tickets", json.dumps(ticket).encode())
        write("tickets", json.dumps(ticket, ensure_ascii=False, indent=1).encode())
    write("tickets", b'{"table": "\\ud83d\\ude00"}')
    write("tickets", b'{"table": "\\ud83d"}')


if __name__ == "__main__":
    arrow()
    arrow_batches()
    messages()
    connections()
    logins()
    frames()
    raft()
    log()
    database()
    tickets()
