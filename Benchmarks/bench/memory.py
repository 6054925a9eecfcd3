"""What connections cost a server in memory: idle ones, and readers that hardly read."""

import resource
import socket
import statistics
import time

import pyarrow.flight as flight

from .sides import CppFlight, MarbleFlight

IDLE_CONNECTIONS = 1_000
SLOW_READERS = 100
BATCH_BYTES = b"1048576"
# How long the slow readers are watched: what isn't bounded has grown by then.
WATCHED_SECONDS = 10
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS_ACK = bytes([0, 0, 0, 4, 1, 0, 0, 0, 0])


def idle_connections(port):
    """Connections that have said that they speak HTTP/2, and say nothing more."""
    connections = []
    for _ in range(IDLE_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(PREFACE + EMPTY_SETTINGS)
        connections.append(connection)
    for connection in connections:
        assert connection.recv(9), "the server closed an idle connection"
        connection.sendall(SETTINGS_ACK)
    return connections


def slow_readers(port):
    """Readers of streams without end that have read one batch, on connections of their own."""
    readers = []
    for _ in range(SLOW_READERS):
        client = flight.connect(
            f"grpc://127.0.0.1:{port}", generic_options=[("grpc.use_local_subchannel_pool", 1)]
        )
        reader = client.do_get(flight.Ticket(BATCH_BYTES))
        assert reader.read_chunk().data.num_rows > 0
        readers.append((client, reader))
    return readers


def measure(side_type):
    with side_type() as side:
        (server,) = side.servers()
        begin = server.resident_bytes()
        connections = idle_connections(side.port)
        time.sleep(1)
        idle = server.resident_bytes()
        for connection in connections:
            connection.close()
    with side_type() as side:
        (server,) = side.servers()
        before = server.resident_bytes()
        readers = slow_readers(side.port)
        samples = []
        for _ in range(WATCHED_SECONDS):
            time.sleep(1)
            samples.append(server.resident_bytes())
        for client, reader in readers:
            reader.cancel()
            client.close()
        return {
            "begin_bytes": begin,
            "idle_connections_bytes": idle - begin,
            "slow_readers_first_bytes": samples[0] - before,
            "slow_readers_last_bytes": samples[-1] - before,
        }


def run(rounds):
    """The medians of both sides as a Markdown table, and all runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    runs = {side.name: [measure(side) for _ in range(rounds)] for side in (MarbleFlight, CppFlight)}
    mebibyte = 1 << 20
    print(
        f"| server | at the start, MiB | {IDLE_CONNECTIONS:,} idle connections, KiB each "
        f"| {SLOW_READERS} slow readers, MiB each after 1 s | after {WATCHED_SECONDS} s |"
    )
    print("|---|---|---|---|---|")
    for name, results in runs.items():

        def median(key, results=results):
            return statistics.median(each[key] for each in results)

        print(
            f"| {name} | {median('begin_bytes') / mebibyte:.0f} "
            f"| {median('idle_connections_bytes') / IDLE_CONNECTIONS / 1024:.1f} "
            f"| {median('slow_readers_first_bytes') / SLOW_READERS / mebibyte:.2f} "
            f"| {median('slow_readers_last_bytes') / SLOW_READERS / mebibyte:.2f} |"
        )
    print()
    return runs
