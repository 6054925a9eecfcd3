"""A pyarrow Flight client for the tests of the Swift server: calls everything, prints `ok` at the end."""

import sys

import pyarrow as pa
import pyarrow.flight as flight


class Received(flight.ClientMiddleware):
    """Keeps the headers and trailers that come back."""

    values = {}

    def received_headers(self, headers):
        Received.values.update(headers)


class ReceivedFactory(flight.ClientMiddlewareFactory):
    def start_call(self, info):
        return Received()


# gRPC's numbers for what it compresses messages with: 0 nothing, 1 deflate, 2 gzip.
compression = int(sys.argv[2])
client = flight.connect(
    sys.argv[1],
    generic_options=[("grpc.default_compression_algorithm", compression)],
    middleware=[ReceivedFactory()],
)
table = pa.table({"id": list(range(200_000)), "name": [f"name {i}" for i in range(200_000)]})


def expect(what, actual, wanted):
    if actual != wanted:
        sys.exit(f"{what}: {actual!r} instead of {wanted!r}")


expect(
    "action",
    [result.body.to_pybytes() for result in client.do_action(flight.Action("echo", b"hello"))],
    [b"hello"],
)
expect("many results", len(list(client.do_action(flight.Action("many", b"")))), 1000)
expect("actions", [action.type for action in client.list_actions()], ["echo", "sleep"])

options = flight.FlightCallOptions(headers=[(b"x-token", b"secret")])
results = list(client.do_action(flight.Action("headers", b"x-token"), options))
expect("header", results[0].body.to_pybytes(), b"secret")
expect("header of the service", Received.values.get("x-answer"), ["head"])
expect("trailer of the service", Received.values.get("x-trailer"), ["tail"])
expect("header of its middleware", Received.values.get("x-method"), ["DoAction"])
expect("trailer of its middleware", Received.values.get("x-status"), ["OK"])

try:
    list(client.do_action(flight.Action("fail", b"")))
    sys.exit("an action that fails did not")
except pa.ArrowException as error:
    if "Grüße, 50 %" not in str(error):
        sys.exit(f"message: {error}")
expect("trailer of an error", Received.values.get("x-status"), ["FAILED_PRECONDITION"])

try:
    list(client.do_action(flight.Action("status", b"14")))
    sys.exit("an action that fails did not")
except flight.FlightUnavailableError as error:
    expect("details", error.extra_info, bytes([0, 1, 254, 255]))

try:
    options = flight.FlightCallOptions(timeout=0.2)
    list(client.do_action(flight.Action("sleep", b""), options))
    sys.exit("a deadline passed without an error")
except flight.FlightTimedOutError:
    pass

writer, reader = client.do_exchange(flight.FlightDescriptor.for_path("a", "b"))
with writer:
    writer.begin(table.schema)
    # The first message that comes back is the one with only the descriptor; this steps over it.
    expect("exchanged schema", reader.schema, table.schema)
    count = 0
    for batch in table.to_batches(max_chunksize=10_000):
        writer.write_with_metadata(batch, b"number %d" % count)
        chunk = reader.read_chunk()
        expect("exchanged rows", chunk.data.num_rows, batch.num_rows)
        expect("exchanged batch", chunk.data.equals(batch), True)
        expect("metadata", chunk.app_metadata.to_pybytes(), b"number %d" % count)
        count += 1
    writer.done_writing()

writer, reader = client.do_put(flight.FlightDescriptor.for_path("t"), table.schema)
with writer:
    schema_result = reader.read()
    expect("result of the schema", schema_result.to_pybytes(), b"0")
    for batch in table.to_batches(max_chunksize=50_000):
        writer.write_batch(batch)
        if int(reader.read().to_pybytes()) <= 0:
            sys.exit("a batch came without its body")
    writer.done_writing()

info = client.get_flight_info(flight.FlightDescriptor.for_path("arrow"))
expect("records", info.total_records, 7)
expect("endpoints", len(info.endpoints), 1)
expect("ticket", info.endpoints[0].ticket.ticket, b"ticket of arrow")
expect("listed", len(list(client.list_flights(b"arrow"))), 3)
client.close()
print("ok")
