"""The two sides of the benchmark `arrow`: each reads and writes the same streams in memory, in one
thread."""

import random
import sys

import pyarrow as pa
from rig.processes import ROOT, binary

from .sides import DATA, Side

# Rows a batch, batches, compression.
STREAMS = {
    "small": (64, 2000, None),
    "large": (65536, 20, None),
    "zstd": (65536, 20, "zstd"),
    "lz4": (65536, 20, "lz4"),
}


def write_stream(path, rows, batches, compression):
    """Columns of numbers and of text of 0 to 30 characters, ASCII but for every tenth value."""
    source = random.Random(42)
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("price", pa.float64()),
            ("count", pa.int32()),
            ("at", pa.timestamp("us", tz="UTC")),
            ("name", pa.utf8()),
            ("flag", pa.bool_()),
        ]
    )
    words = ["größe", "a", "", "some words of text", "twenty-five characters ok", "x" * 30]
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema, options=options) as writer:
        for _ in range(batches):
            numbers = [source.randrange(1 << 40) for _ in range(rows)]
            columns = [
                pa.array(numbers, pa.int64()),
                pa.array([None if n % 11 == 0 else n / 7 for n in numbers], pa.float64()),
                pa.array([n % 1000 for n in numbers], pa.int32()),
                pa.array(numbers, pa.int64()).cast(schema.field("at").type),
                pa.array([None if n % 13 == 0 else words[n % 6] for n in numbers], pa.utf8()),
                pa.array([n % 2 == 0 for n in numbers], pa.bool_()),
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


class ArrowSide(Side):
    """Has no server."""

    def start(self):
        for name, stream in STREAMS.items():
            write_stream(DATA / f"{name}.arrows", *stream)

    def stop(self):
        pass

    def servers(self):
        return []

    def load(self, arguments):
        work, stream, *rest = arguments
        return [*self.program(), work, DATA / f"{stream}.arrows", *rest]


class MarbleArrow(ArrowSide):
    name = "MarbleArrow"

    def program(self):
        return [binary("marble-bench"), "arrow", "--json"]


class PyArrow(ArrowSide):
    name = "pyarrow"

    def program(self):
        return [sys.executable, ROOT / "Benchmarks" / "peers" / "arrow_peer.py"]
