"""Real peers against a Flight server of this library that keeps streams whole (Examples/FlightEcho).

Every case is one of peer × call × what it carries. What ran is printed as a table at the end, the one
that docs/peers.md holds (`pytest Tests/EndToEnd/test_peers.py -s`).
"""

import datetime
import shutil
import subprocess
import threading
import time
from importlib.metadata import version

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from peer_batches import BATCHES, dictionary_column
from rig.processes import Process, binary, wait_until

RAN = {}


def start_echo(directory):
    """The server's process, with its port as `port`."""
    process = Process([binary("flight-echo")], directory / "log")
    process.port = int(process.wait_for_line("ready port=").rpartition("=")[2])
    return process


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    process = start_echo(tmp_path_factory.mktemp("echo"))
    yield process
    process.kill()


@pytest.fixture
def own_echo(tmp_path):
    """A server that no other test has made to take memory."""
    process = start_echo(tmp_path)
    yield process
    process.kill()


@pytest.fixture
def client(echo):
    with flight.connect(f"grpc+tcp://127.0.0.1:{echo.port}") as connected:
        yield connected


@pytest.fixture(scope="module", autouse=True)
def table_of_what_ran():
    yield
    print("\n\n| peer | call | what |\n|---|---|---|")
    for (peer, call), whats in sorted(RAN.items()):
        print(f"| {peer} | {call} | {', '.join(dict.fromkeys(whats))} |")


def ran(peer, call, what):
    """Notes a case that went well; the last line of a test."""
    RAN.setdefault((peer, call), []).append(what)


PYARROW = f"pyarrow.flight {pa.__version__}"


def put(client, name, schema, batches, metadata=()):
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(name), schema)
    for number, batch in enumerate(batches):
        if number < len(metadata):
            writer.write_with_metadata(batch, metadata[number])
        else:
            writer.write_batch(batch)
    writer.done_writing()
    acknowledged = []
    while (buffer := reader.read()) is not None:
        acknowledged.append(buffer.to_pybytes())
    writer.close()
    return acknowledged


def get(client, ticket, **settings):
    return client.do_get(flight.Ticket(ticket), flight.FlightCallOptions(**settings))


def exchange(client, schema, batches):
    """The batches as they come back."""
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("any"))
    back = []
    with writer:
        writer.begin(schema)
        for batch in batches:
            writer.write_batch(batch)
        writer.done_writing()
        for chunk in reader:
            back.append(chunk.data)
    return back


# pyarrow: every type by every way


@pytest.mark.parametrize("name", BATCHES)
def test_a_column_of_each_type_comes_back(client, name):
    batch = BATCHES[name]
    empty, part = batch.slice(0, 0), batch.slice(1, batch.num_rows - 1)
    batches = [batch, empty, part]
    put(client, f"type {name}", batch.schema, batches)
    table = get(client, f"type {name}").read_all()
    table.validate(full=True)
    assert table.schema == batch.schema
    assert table.equals(pa.Table.from_batches(batches))
    ran(PYARROW, "do_put, do_get", name)
    if name != "dictionary":
        back = exchange(client, batch.schema, batches)
        assert len(back) == len(batches)
        assert all(left.equals(right) for left, right in zip(back, batches))
        ran(PYARROW, "do_exchange", name)


def test_no_columns_and_ten_thousand_columns_come_back(client):
    none = pa.schema([])
    put(client, "no columns", none, [])
    assert get(client, "no columns").read_all().schema == none
    rows = pa.record_batch([pa.array([1, 2, 3])], names=["a"]).select([])
    put(client, "only rows", none, [rows, rows.slice(0, 0), rows.slice(1)])
    assert [chunk.data.num_rows for chunk in get(client, "only rows")] == [3, 0, 2]
    wide = pa.record_batch([pa.array([number]) for number in range(10_000)],
                           names=[f"c{number}" for number in range(10_000)])
    put(client, "wide", wide.schema, [wide, wide])
    assert get(client, "wide").read_all().equals(pa.Table.from_batches([wide, wide]))
    ran(PYARROW, "do_put, do_get", "0 columns, with and without rows")
    ran(PYARROW, "do_put, do_get", "10,000 columns")


def test_dictionaries_that_change_between_batches_come_back(client):
    first = pa.record_batch([dictionary_column()], names=["color"])
    second = pa.record_batch([pa.array(["green", "red"]).dictionary_encode()], names=["color"])
    put(client, "dictionaries", first.schema, [first, second])
    colors = get(client, "dictionaries").read_all().column("color").to_pylist()
    assert colors == ["red", None, "blue", "red", "green", "red"]
    ran(PYARROW, "do_put, do_get", "dictionary replacement")


def test_metadata_of_schemas_fields_and_messages_comes_back(client):
    schema = pa.schema([pa.field("a", pa.int8(), metadata={"unit": "m"})], {"owner": "me"})
    batch = pa.record_batch([pa.array([1], pa.int8())], schema=schema)
    acknowledged = put(client, "metadata", schema, [batch, batch], [b"one", b"two"])
    assert acknowledged == [b"one", b"two"]
    reader = get(client, "metadata")
    assert reader.schema.equals(schema, check_metadata=True)
    assert [chunk.app_metadata.to_pybytes() for chunk in reader] == [b"one", b"two"]
    assert client.get_schema(flight.FlightDescriptor.for_path("metadata")).schema == schema
    ran(PYARROW, "do_put, do_get", "schema and field metadata, app_metadata, PutResults")
    ran(PYARROW, "get_schema", "schema")


def test_flights_are_described_and_listed(client):
    batch = pa.record_batch([pa.array([1])], names=["a"])
    for name in ("list 1", "list 2"):
        put(client, name, batch.schema, [batch])
    info = client.get_flight_info(flight.FlightDescriptor.for_path("list 1"))
    assert info.schema == batch.schema
    [endpoint] = info.endpoints
    # C++ clients and servers agree on what this location means.
    assert [place.uri for place in endpoint.locations] == [b"arrow-flight-reuse-connection://?"]
    assert client.do_get(endpoint.ticket).read_all().equals(pa.Table.from_batches([batch]))
    names = [each.descriptor.path[0] for each in client.list_flights(b"list ")]
    assert names == [b"list 1", b"list 2"]
    ran(PYARROW, "get_flight_info", "endpoints with the connection to be reused")
    ran(PYARROW, "list_flights", "criteria")


def test_actions_answer(client):
    assert "echo" in [each.type for each in client.list_actions()]
    body = bytes(range(256))
    assert [each.body.to_pybytes() for each in client.do_action(flight.Action("echo", body))] == [
        body
    ]
    assert len(list(client.do_action(flight.Action("many", b"1000")))) == 1000
    ran(PYARROW, "list_actions", "types")
    ran(PYARROW, "do_action", "one result, 1,000 results")


# pyarrow: headers, errors, ends


class Middleware(flight.ClientMiddleware):
    """Sends a header with each call, and keeps what comes back."""

    received = {}
    completed = []

    def sending_headers(self):
        return {"x-middleware": "there"}

    def received_headers(self, headers):
        Middleware.received.update(headers)

    def call_completed(self, exception):
        Middleware.completed.append(exception)


class Factory(flight.ClientMiddlewareFactory):
    def start_call(self, info):
        return Middleware()


def test_headers_and_trailers_reach_a_client_middleware(echo):
    with flight.connect(f"grpc+tcp://127.0.0.1:{echo.port}", middleware=[Factory()]) as client:
        [result] = client.do_action(flight.Action("headers", b"x-middleware"))
        assert result.body.to_pybytes() == b"there"
        options = flight.FlightCallOptions(headers=[(b"x-own", b"mine")])
        [result] = client.do_action(flight.Action("headers", b"x-own"), options)
        assert result.body.to_pybytes() == b"mine"
    assert Middleware.received["echo-header"] == ["ahead"]
    assert Middleware.completed and not any(Middleware.completed)
    ran(PYARROW, "do_action", "headers both ways, client middleware")


def test_errors_arrive_with_message_and_type(client):
    # pyarrow makes this type of every status that has details.
    with pytest.raises(flight.FlightInternalError, match="Grüße, 50 %") as caught:
        list(client.do_action(flight.Action("fail", b"")))
    assert caught.value.extra_info == b"details"
    with pytest.raises(KeyError, match="there is no stream"):
        get(client, "nothing of this name").read_all()
    with pytest.raises(pa.ArrowNotImplementedError):
        list(client.do_action(flight.Action("unknown", b"")))
    ran(PYARROW, "do_action, do_get", "errors with their message")


def cancelled(client):
    [result] = client.do_action(flight.Action("cancelled", b""))
    return int(result.body.to_pybytes())


def test_a_deadline_ends_the_call_here_and_there(client):
    before = cancelled(client)
    with pytest.raises(flight.FlightTimedOutError):
        list(client.do_action(flight.Action("sleep", b""), flight.FlightCallOptions(timeout=0.3)))
    wait_until(lambda: cancelled(client) > before, 30, "the server's call is cancelled")
    ran(PYARROW, "do_action", "deadline")


def test_a_client_that_stops_reading_ends_the_call_on_the_server(client):
    batch = pa.record_batch([pa.array(range(10_000))], names=["a"])
    put(client, "endless", batch.schema, [batch])
    before = cancelled(client)
    reader = get(client, "repeat 100000000 endless")
    reader.read_chunk()
    reader.cancel()
    wait_until(lambda: cancelled(client) > before, 30, "the server's call is cancelled")
    ran(PYARROW, "do_get", "cancelled by the client")


def test_a_server_that_ends_a_put_is_heard(client):
    """More than the server keeps: it refuses in the middle of the stream."""
    body = pa.record_batch([pa.array([b"x" * (8 << 20)])], names=["a"])
    with pytest.raises(pa.ArrowException, match="which is the limit"):
        put(client, "too much", body.schema, (body for _ in range(200)))
    ran(PYARROW, "do_put", "ended by the server")


# pyarrow: size


def test_gigabytes_go_through_in_constant_memory(own_echo):
    """2 GiB of one column each way, in batches of 8 MiB."""
    body = pa.record_batch([pa.array(range(1 << 20), pa.int64())], names=["a"])
    count = (2 << 30) // body.nbytes
    with flight.connect(f"grpc+tcp://127.0.0.1:{own_echo.port}") as client:
        started = time.monotonic()
        [total] = put_discarded(client, body, count)
        put_seconds = time.monotonic() - started
        assert total >= count * body.nbytes
        put(client, "gigabytes", body.schema, [body])
        started = time.monotonic()
        rows = sum(len(chunk.data) for chunk in get(client, f"repeat {count} gigabytes"))
        get_seconds = time.monotonic() - started
        assert rows == count * len(body)
    peak = own_echo.peak_resident_bytes()
    assert peak < 384 << 20, f"the server had {peak >> 20} MiB"
    print(f"\n2 GiB: put {put_seconds:.1f} s, get {get_seconds:.1f} s, server {peak >> 20} MiB")
    ran(PYARROW, "do_put, do_get", "2 GiB of one column in constant memory")


def put_discarded(client, batch, count):
    """What the server counted."""
    writer, reader = client.do_put(flight.FlightDescriptor.for_path("discard"), batch.schema)
    answers = []

    def read():
        while (buffer := reader.read()) is not None:
            answers.append(buffer.to_pybytes())

    reading = threading.Thread(target=read)
    reading.start()
    for _ in range(count):
        writer.write_batch(batch)
    writer.done_writing()
    reading.join()
    writer.close()
    return [int(each) for each in answers if each]


# Our client


class EndlessServer(flight.FlightServerBase):
    """Sends and takes batches of 8 MiB without end, and counts their bytes."""

    BATCH = pa.record_batch(
        [pa.array(range(1 << 19), pa.int64()), pa.array(range(1 << 19), pa.float64())],
        names=["id", "value"],
    )

    def __init__(self):
        super().__init__("grpc://127.0.0.1:0")
        self.byte_count = 0

    def do_get(self, context, ticket):
        return flight.GeneratorStream(self.BATCH.schema, self.batches())

    def batches(self):
        while True:
            self.byte_count += self.BATCH.nbytes
            yield self.BATCH

    def do_put(self, context, descriptor, reader, writer):
        for chunk in reader:
            self.byte_count += chunk.data.nbytes
            writer.write(b"taken")


@pytest.mark.parametrize(
    "arguments", [["flight-get"], ["flight-put", "--in-flight", "4"]], ids=lambda each: each[0]
)
def test_our_client_moves_gigabytes_in_constant_memory(arguments, tmp_path):
    """4 GiB from and to a pyarrow server; each batch that comes is checked."""
    with EndlessServer() as server:
        command = [binary("marble-bench"), *arguments, "--endpoint", f"127.0.0.1:{server.port}"]
        command += ["--payload", EndlessServer.BATCH.nbytes, "--seconds", 3600]
        process = Process(command, tmp_path / "log")
        try:
            wait_until(
                lambda: server.byte_count >= 4 << 30 or not process.alive, 60, "4 GiB have gone"
            )
            assert process.alive, process.output()
            peak = process.peak_resident_bytes()
        finally:
            process.kill()
    assert peak < 256 << 20, f"the client had {peak >> 20} MiB"
    print(f"\n4 GiB: our client had {peak >> 20} MiB")
    method = arguments[0].replace("flight-", "do_")
    ran(PYARROW, f"{method} of our client", "4 GiB of batches in constant memory")


# Data frames that speak Arrow


def test_polars_frames_come_back(client):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "number": [1, None, 3],
            "text": ["a", None, "longer than twelve bytes"],
            "kind": polars.Series(["x", "y", "x"], dtype=polars.Categorical),
            "when": [datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)],
            "nested": [[1], None, []],
        }
    )
    # Utf8View and a dictionary as polars makes them.
    table = frame.to_arrow(compat_level=polars.CompatLevel.newest())
    put(client, "polars", table.schema, table.to_batches())
    assert polars.from_arrow(get(client, "polars").read_all()).equals(frame)
    ran(f"polars {polars.__version__}", "do_put, do_get", "numbers, views, categories, dates, lists")


def test_duckdb_queries_what_comes_back(client):
    duckdb = pytest.importorskip("duckdb")
    made = duckdb.sql(
        "select range as id, 'name ' || range as name, [range, range + 1] as pair,"
        " range::decimal(18, 3) as price from range(5000)"
    ).to_arrow_table()
    put(client, "duckdb", made.schema, made.to_batches())
    back = get(client, "duckdb").read_all()
    assert back.equals(made)
    [row] = duckdb.sql("select count(*), sum(id), max(name), sum(pair[2]) from back").fetchall()
    assert row == (5000, sum(range(5000)), "name 999", sum(range(1, 5001)))
    ran(f"duckdb {duckdb.__version__}", "do_put, do_get", "query result and query")


# ADBC's driver speaks Flight SQL, whose commands are in descriptors that plain Flight passes on.


def test_adbc_connects_and_is_told_what_the_server_has_not(echo):
    dbapi = pytest.importorskip("adbc_driver_flightsql.dbapi")
    import adbc_driver_manager

    with dbapi.connect(f"grpc://127.0.0.1:{echo.port}", autocommit=True) as connection:
        with connection.cursor() as cursor, pytest.raises(adbc_driver_manager.Error) as error:
            cursor.execute("select 1")
    assert "there is no stream" in str(error.value)
    ran(
        f"adbc-driver-flightsql {version('adbc-driver-flightsql')}", "get_flight_info",
        "connects; Flight SQL itself is refused with the server's words",
    )


# HTTP/2 tools


def request(*parts):
    """A gRPC message."""
    payload = b"".join(parts)
    return b"\0" + len(payload).to_bytes(4, "big") + payload


def action(kind):
    return request(b"\x0a", bytes([len(kind)]), kind)


GRPC = ["content-type: application/grpc", "te: trailers"]


def service(port, method):
    return f"http://127.0.0.1:{port}/arrow.flight.protocol.FlightService/{method}"


def test_curl_calls_by_http2_prior_knowledge(echo, tmp_path):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl isn't installed")
    (tmp_path / "body").write_bytes(request())
    headers = [part for each in GRPC for part in ("-H", each)]
    done = subprocess.run(
        [curl, "-sS", "--http2-prior-knowledge", "--data-binary", f"@{tmp_path}/body", *headers,
         "-D", tmp_path / "headers", service(echo.port, "ListActions")],
        capture_output=True, timeout=60, check=True,
    )
    assert b"sends back its body" in done.stdout
    head = (tmp_path / "headers").read_text().lower()
    assert head.startswith("http/2 200") and "grpc-status: 0" in head
    tool = subprocess.run([curl, "--version"], capture_output=True, text=True).stdout.split()[1]
    ran(f"curl {tool}", "list_actions", "HTTP/2 with prior knowledge, trailers")


def test_nghttp_calls(echo, tmp_path):
    nghttp = shutil.which("nghttp")
    if nghttp is None:
        pytest.skip("nghttp isn't installed")
    (tmp_path / "body").write_bytes(action(b"headers"))
    headers = [f"-H{each}" for each in GRPC]
    done = subprocess.run(
        [nghttp, "-nv", *headers, "-H:method: POST", "-d", tmp_path / "body",
         service(echo.port, "DoAction")],
        capture_output=True, text=True, timeout=60, check=True,
    )
    assert "echo-header: ahead" in done.stdout
    assert "echo-trailer: behind" in done.stdout and "grpc-status: 0" in done.stdout
    tool = subprocess.run([nghttp, "--version"], capture_output=True, text=True).stdout.split("/")
    ran(f"nghttp {tool[-1].strip()}", "do_action", "headers and trailers")


def test_h2load_loads(echo, tmp_path):
    h2load = shutil.which("h2load")
    if h2load is None:
        pytest.skip("h2load isn't installed")
    (tmp_path / "body").write_bytes(action(b"echo"))
    headers = [part for each in GRPC for part in ("-H", each)]
    done = subprocess.run(
        [h2load, "-n5000", "-c10", "-m20", "-d", tmp_path / "body", *headers,
         service(echo.port, "DoAction")],
        capture_output=True, text=True, timeout=120, check=True,
    )
    assert "5000 succeeded, 0 failed, 0 errored" in done.stdout
    tool = subprocess.run([h2load, "--version"], capture_output=True, text=True).stdout.split("/")
    ran(f"h2load {tool[-1].strip()}", "do_action", "5,000 calls, 10 connections, 20 at a time")
