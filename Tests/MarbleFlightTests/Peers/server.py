"""A pyarrow Flight server for the tests of the Swift client: prints its port and serves until its input ends."""

import sys
import threading
import time

import pyarrow as pa
import pyarrow.flight as flight

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])


def batch(start, count):
    ids = list(range(start, start + count))
    return pa.record_batch([ids, [f"n{i}" for i in ids]], schema=SCHEMA)


def every_type():
    """One table whose columns need all that a stream can have: dictionaries, views, unions, nesting."""
    union = pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", None, "c"])]
    )
    columns = {
        "null": pa.nulls(3),
        "bool": pa.array([True, None, False]),
        "decimal": pa.array([1, None, 3], pa.decimal256(50, 2)),
        "when": pa.array([1, None, 3], pa.timestamp("ns", "Europe/Paris")),
        "view": pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
        "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
        "struct": pa.array([{"a": 1}, None, {"a": None}]),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.utf8(), pa.int32())),
        "union": union,
        "dictionary": pa.array(["x", None, "x"]).dictionary_encode(),
    }
    whole = pa.table(columns)
    return pa.concat_tables([whole, whole.slice(1, 2), whole.slice(0, 0)])


class Headers(flight.ServerMiddleware):
    """Answers the header `x-client` with a header and a trailer."""

    def __init__(self, value):
        self.value = value

    def sending_headers(self):
        return {"x-server": self.value, "x-server-bin": bytes([0, 255])}


class HeadersFactory(flight.ServerMiddlewareFactory):
    def start_call(self, info, headers):
        return Headers(headers.get("x-client", ["nothing"])[0])


class Server(flight.FlightServerBase):
    def __init__(self, location):
        super().__init__(location, middleware={"headers": HeadersFactory()})
        self.cancelled = threading.Event()

    def spread(self):
        here = f"grpc+tcp://localhost:{self.port}"
        places = [["grpc+tcp://localhost:1", here], [here], []]
        endpoints = [flight.FlightEndpoint(b"2 10", each) for each in places]
        return flight.FlightInfo(
            SCHEMA, flight.FlightDescriptor.for_path("spread"), endpoints, -1, -1
        )

    def info(self, name):
        descriptor = flight.FlightDescriptor.for_path(name)
        endpoint = flight.FlightEndpoint(b"ticket", ["grpc+tcp://localhost:1"])
        return flight.FlightInfo(SCHEMA, descriptor, [endpoint], 7, 99)

    def list_flights(self, context, criteria):
        for number in range(3):
            yield self.info(f"{criteria.decode()}{number}")

    def get_flight_info(self, context, descriptor):
        if descriptor.path == [b"spread"]:
            return self.spread()
        if descriptor.path != [b"known"]:
            raise flight.FlightUnavailableError("nothing here")
        return self.info("known")

    def get_schema(self, context, descriptor):
        return flight.SchemaResult(SCHEMA)

    def do_get(self, context, ticket):
        if ticket.ticket == b"every type":
            return flight.RecordBatchStream(every_type())
        if ticket.ticket == b"endless":
            return flight.GeneratorStream(SCHEMA, self.endless())
        batches, rows = (int(word) for word in ticket.ticket.split())
        data = (batch(i * rows, rows) for i in range(batches))
        return flight.GeneratorStream(SCHEMA, data)

    def endless(self):
        try:
            while True:
                yield batch(0, 1000)
        finally:
            self.cancelled.set()

    def do_put(self, context, descriptor, reader, writer):
        if descriptor.path == [b"every type"]:
            table = reader.read_all()
            table.validate(full=True)
            writer.write(str(table.equals(every_type())).encode())
            return
        rows = 0
        for chunk in reader:
            rows += chunk.data.num_rows
            writer.write(f"{rows}".encode())

    def do_exchange(self, context, descriptor, reader, writer):
        writer.begin(reader.schema)
        for chunk in reader:
            if chunk.app_metadata is not None:
                writer.write_with_metadata(chunk.data, chunk.app_metadata)
            else:
                writer.write_batch(chunk.data)

    def do_action(self, context, action):
        if action.type == "fail":
            raise flight.FlightUnauthenticatedError("no, nö", bytes([0, 1, 254, 255]))
        if action.type == "sleep":
            while not context.is_cancelled():
                time.sleep(0.01)
            self.cancelled.set()
            return
        if action.type == "cancelled":
            yield flight.Result(str(self.cancelled.wait(60)).encode())
            self.cancelled.clear()
            return
        yield flight.Result(action.body)

    def list_actions(self, context):
        return [("echo", "sends back its body"), ("fail", "fails")]


server = Server("grpc://127.0.0.1:0")
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
print(server.port, flush=True)
server.serve()
