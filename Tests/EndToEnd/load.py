"""Writers that go on through crashes and remember what was acknowledged."""

import json
import random
import threading
import time
from collections import Counter

import pyarrow as pa
import pyarrow.flight as flight
from data import EVENTS, events
from rig.client import connected, read
from rig.processes import wait_until

BATCHES_IN_FLIGHT = 8


class Writer(threading.Thread):
    """Writes rows with fresh ids to any running node until it is told to stop.

    An id is sent once. So each acknowledged id must be there exactly once, and each other id that
    was sent at most once: it may or may not have been committed before the stream broke.
    """

    def __init__(self, cluster, table, first_id, seed):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.table = table
        self.next_id = first_id
        self.first_id = first_id
        self.random = random.Random(seed)
        self.acknowledged = set()
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stopping.is_set():
                running = [node for node in self.cluster.nodes if node.running]
                if not running:
                    time.sleep(0.05)
                    continue
                try:
                    self._stream(self.random.choice(running))
                except (flight.FlightError, pa.ArrowException, OSError):
                    time.sleep(0.02)
        except BaseException as failure:
            self.failure = failure

    def _stream(self, node):
        descriptor = flight.FlightDescriptor.for_path(self.table)
        options = flight.FlightCallOptions(timeout=8)
        with connected(node) as client:
            writer, reader = client.do_put(descriptor, EVENTS, options)
            in_flight = []
            try:
                for _ in range(self.random.randint(1, 200)):
                    if self.stopping.is_set():
                        break
                    size = self.random.choice((1, 1, 5, 50))
                    first = self.next_id
                    self.next_id += size
                    writer.write_batch(events(first, size))
                    in_flight.append(range(first, first + size))
                    if len(in_flight) >= BATCHES_IN_FLIGHT:
                        self._acknowledge(reader, in_flight)
                writer.done_writing()
                while in_flight:
                    self._acknowledge(reader, in_flight)
            finally:
                writer.close()

    def _acknowledge(self, reader, in_flight):
        result = reader.read()
        if result is None:
            raise OSError("the stream ended before all batches were answered")
        rows = in_flight.pop(0)
        assert json.loads(result.to_pybytes())["rows"] == len(rows)
        self.acknowledged.update(rows)

    def stop(self):
        self.stopping.set()
        self.join(60)
        assert not self.is_alive(), "a writer hangs"
        if self.failure is not None:
            raise self.failure


def start_writers(cluster, table, count):
    writers = [Writer(cluster, table, number * 10**9, number) for number in range(count)]
    for writer in writers:
        writer.start()
    return writers


def check_rows(cluster, table, writers):
    """Each acknowledged row exactly once, no row twice, all rows whole, on every node alike."""
    acknowledged = set().union(*(writer.acknowledged for writer in writers))
    contents = []
    for node in cluster.nodes:
        result = read(node, table)
        counts = Counter(result.column("id").to_pylist())
        lost = acknowledged - counts.keys()
        assert not lost, f"{len(lost)} acknowledged rows are lost on {node.endpoint}"
        twice = [each for each, count in counts.items() if count > 1]
        assert not twice, f"{len(twice)} rows are there twice on {node.endpoint}"
        for writer in writers:
            sent = range(writer.first_id, writer.next_id)
            counts -= Counter({each: 1 for each in counts.keys() & set(sent)})
        assert not counts, f"rows that nobody wrote on {node.endpoint}"
        contents.append(result.replace_schema_metadata(None).combine_chunks())
    assert contents[0].equals(contents[1]) and contents[1].equals(contents[2])
    for row in contents[0].slice(0, 1000).to_pylist():
        assert row == events(row["id"], 1).to_pylist()[0]
    return len(acknowledged)


def wait_for_progress(writers, rows, seconds=60):
    """Waits until `rows` more rows are acknowledged."""
    goal = sum(len(writer.acknowledged) for writer in writers) + rows

    def reached():
        return sum(len(writer.acknowledged) for writer in writers) >= goal

    wait_until(reached, seconds, f"{rows} more rows are acknowledged")
