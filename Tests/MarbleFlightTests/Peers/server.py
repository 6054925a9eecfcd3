"""A pyarrow Flight server for the tests of the Swift client: prints its port and serves until its input ends."""

import sys
import threading

import pyarrow as pa
import pyarrow.flight as flight

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])


def batch(start, count):
    ids = list(range(start, start + count))
    return pa.record_batch([ids, [f"n{i}" for i in ids]], schema=SCHEMA)


class Server(flight.FlightServerBase):
    def info(self, name):
        descriptor = flight.FlightDescriptor.for_path(name)
        endpoint = flight.FlightEndpoint(b"ticket", ["grpc+tcp://localhost:1"])
        return flight.FlightInfo(SCHEMA, descriptor, [endpoint], 7, 99)

    def list_flights(self, context, criteria):
        for number in range(3):
            yield self.info(f"{criteria.decode()}{number}")

    def get_flight_info(self, context, descriptor):
        if descriptor.path != [b"known"]:
            raise flight.FlightUnavailableError("nothing here")
        return self.info("known")

    def get_schema(self, context, descriptor):
        return flight.SchemaResult(SCHEMA)

    def do_get(self, context, ticket):
        batches, rows = (int(word) for word in ticket.ticket.split())
        data = (batch(i * rows, rows) for i in range(batches))
        return flight.GeneratorStream(SCHEMA, data)

    def do_put(self, context, descriptor, reader, writer):
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
            raise flight.FlightUnauthenticatedError("no, nö")
        yield flight.Result(action.body)

    def list_actions(self, context):
        return [("echo", "sends back its body"), ("fail", "fails")]


server = Server("grpc://127.0.0.1:0")
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
print(server.port, flush=True)
server.serve()
