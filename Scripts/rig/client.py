"""What a pyarrow program does with a node, in as few lines as a test wants to read."""

import base64
import contextlib
import json

import pyarrow as pa
import pyarrow.flight as flight

TIMEOUT = flight.FlightCallOptions(timeout=60)
# A socket of its own for each client, tried again soon after a node came back.
OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 500)]


class Access:
    """What a client needs of a node that speaks TLS and asks for credentials."""

    def __init__(self, roots=None, token=None, identity=None):
        self.settings = {}
        if roots is not None:
            self.settings["tls_root_certs"] = roots
        if identity is not None:
            self.settings["cert_chain"], self.settings["private_key"] = identity
        if token is not None:
            self.settings["middleware"] = [_TokenFactory(token)]


class _TokenFactory(flight.ClientMiddlewareFactory):
    def __init__(self, token):
        super().__init__()
        self.headers = {"authorization": f"Bearer {token}"}

    def start_call(self, info):
        return _Token(self.headers)


class _Token(flight.ClientMiddleware):
    def __init__(self, headers):
        super().__init__()
        self.headers = headers

    def sending_headers(self):
        return self.headers


@contextlib.contextmanager
def connected(node, access=None):
    """A client of a node (or of a location), closed at the end."""
    access = access or getattr(node, "access", None) or Access()
    location = getattr(node, "location", node)
    client = flight.FlightClient(location, generic_options=OPTIONS, **access.settings)
    try:
        yield client
    finally:
        client.close()


def act(node, action, body=None, timeout=60):
    """Calls an action with a JSON body, and returns its JSON result (None where it has none)."""
    options = flight.FlightCallOptions(timeout=timeout)
    data = b"" if body is None else json.dumps(body).encode()
    with connected(node) as client:
        results = list(client.do_action(flight.Action(action, data), options))
    bodies = [json.loads(each.body.to_pybytes()) for each in results if each.body.size]
    return bodies[0] if bodies else None


def status_of(node, timeout=5):
    """The node's `status`, or None where it doesn't answer."""
    try:
        return act(node, "status", timeout=timeout)
    except (flight.FlightError, pa.ArrowException):
        return None


def create_table(node, table, schema, primary_key=()):
    encoded = base64.b64encode(schema.serialize().to_pybytes()).decode()
    body = {"table": table, "schema": encoded, "primary_key": list(primary_key)}
    return act(node, "create_table", body)


def drop_table(node, table):
    return act(node, "drop_table", {"table": table})


def keyed(schema, *columns):
    """The schema with its primary key named in the metadata."""
    return schema.with_metadata({"marble.primary_key": ",".join(columns)})


def write(node, table, batches, operation=None, timeout=60, compression=None):
    """Writes batches on one stream, and returns the result of each, in order."""
    if isinstance(batches, (pa.RecordBatch, pa.Table)):
        batches = [batches] if isinstance(batches, pa.RecordBatch) else batches.to_batches()
    metadata = None if operation is None else json.dumps({"operation": operation}).encode()
    options = flight.FlightCallOptions(
        timeout=timeout, write_options=pa.ipc.IpcWriteOptions(compression=compression)
    )
    descriptor = flight.FlightDescriptor.for_path(table)
    results = []
    with connected(node) as client:
        writer, reader = client.do_put(descriptor, batches[0].schema, options)
        try:
            for batch in batches:
                if metadata is None:
                    writer.write_batch(batch)
                else:
                    writer.write_with_metadata(batch, metadata)
            writer.done_writing()
            while (result := reader.read()) is not None:
                results.append(json.loads(result.to_pybytes()))
        finally:
            writer.close()
    return results


def read(node, table, timeout=120, **scan):
    """Reads a table (or what the scan's keys say of it) with a ticket written by hand."""
    ticket = flight.Ticket(json.dumps({"table": table, **scan}).encode())
    with connected(node) as client:
        return client.do_get(ticket, flight.FlightCallOptions(timeout=timeout)).read_all()


def read_system(node, name, timeout=60):
    ticket = flight.Ticket(json.dumps({"system": name}).encode())
    with connected(node) as client:
        return client.do_get(ticket, flight.FlightCallOptions(timeout=timeout)).read_all()
