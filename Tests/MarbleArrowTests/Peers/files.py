"""Compressed streams and files of pyarrow, for the round trips.

files.py compressed DIR   writes NAME.arrows, compressed, and beside it NAME.txt in canonical form
"""

import pathlib
import random
import sys

import pyarrow as pa
from peer import all_columns, canonical, write_stream


def compressed(directory):
    large = all_columns(5000, True)
    noise = random.Random(7).randbytes(100_000)
    cases = {
        "nulls": [all_columns(1000, True)],
        "plain": [all_columns(1000, False)],
        "one": [all_columns(1, False)],
        "empty": [all_columns(0, False)],
        "slices": [large.slice(3, 500), large.slice(1001, 1), large.slice(13, 0)],
        # A buffer that doesn't get smaller is stored as it is by some writers.
        "noise": [pa.record_batch({"noise": [noise], "few": [1]})],
    }
    options = {
        "lz4": pa.ipc.IpcWriteOptions(compression="lz4"),
        "zstd": pa.ipc.IpcWriteOptions(compression="zstd"),
        "zstd-19": pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=19)),
    }
    for name, batches in cases.items():
        for codec, option in options.items():
            path = directory / f"{name}-{codec}.arrows"
            write_stream(path, batches[0].schema, batches, option)
            path.with_suffix(".txt").write_text(canonical(batches[0].schema, batches))


if __name__ == "__main__":
    command, argument = sys.argv[1:]
    {"compressed": compressed}[command](pathlib.Path(argument))
