"""The other side of the round trips: writes and reads Arrow IPC streams with pyarrow.

peer.py write DIR   writes NAME.arrows and, beside it, NAME.txt with its values in canonical form
peer.py types DIR   writes the same for every type, with and without nulls, nested, sliced, numbered
peer.py describe DIR  writes NAME.txt for each NAME.arrows that is there and whose values it can show
peer.py verify DIR  compares each NAME.back.arrows with NAME.arrows, and what is valid in full
peer.py read FILE   prints the canonical form of a stream after validating it in full
"""

import decimal
import pathlib
import sys

import pyarrow as pa
from canonical import canonical
from every_type import every_type


# Types that pyarrow reads and compares, but has no arrays for in Python.
UNSHOWN = ("month_interval", "day_time_interval")


def write_stream(path, schema, batches, options=None):
    with pa.OSFile(str(path), "wb") as sink:
        with pa.ipc.new_stream(sink, schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)


def all_columns(count, with_nulls):
    def values(make):
        return [None if with_nulls and i % 3 == 1 else make(i) for i in range(count)]

    text = ["", "a", "grüße", "漢字", "🦀 crab", "zero\0inside", "x" * 300]
    numbers = {
        pa.int8(): lambda i: i % 256 - 128,
        pa.int16(): lambda i: (i * 977) % 65536 - 32768,
        pa.int32(): lambda i: (i * 1000003) % 2**32 - 2**31,
        pa.int64(): lambda i: (i * 10**15 + 7) % 2**63 * (-1) ** i,
        pa.uint8(): lambda i: i * 7 % 256,
        pa.uint16(): lambda i: i * 977 % 65536,
        pa.uint32(): lambda i: 2**32 - 1 - i,
        pa.uint64(): lambda i: 2**64 - 1 - i,
        pa.float32(): lambda i: i / 7 * (-1) ** i,
        pa.float64(): lambda i: float("inf") if i == 5 else i / 7 * (-1) ** i,
        pa.date32(): lambda i: i * 100 - 5000,
        pa.date64(): lambda i: (i * 100 - 5000) * 86400000,
        pa.time32("s"): lambda i: i % 86400,
        pa.time32("ms"): lambda i: i % 86400 * 1000,
        pa.time64("us"): lambda i: i % 86400 * 10**6,
        pa.time64("ns"): lambda i: i % 86400 * 10**9,
        pa.timestamp("s"): lambda i: i * 10**6 - 10**9,
        pa.timestamp("ms", "UTC"): lambda i: i * 10**9,
        pa.timestamp("us", "Europe/Amsterdam"): lambda i: i * 10**12,
        pa.timestamp("ns", "+02:00"): lambda i: -i * 10**15,
    }
    arrays = {}
    for kind, make in numbers.items():
        arrays[f"c{len(arrays)}"] = pa.array(values(make), kind)
    halves = pa.array(values(lambda i: i * 1021 % 31744), pa.uint16())
    arrays["half"] = halves.view(pa.float16())
    arrays["bool"] = pa.array(values(lambda i: i % 5 < 2), pa.bool_())
    for kind in (pa.utf8(), pa.large_utf8()):
        arrays[str(kind)] = pa.array(values(lambda i: text[i % len(text)]), kind)
    for kind in (pa.binary(), pa.large_binary()):
        arrays[str(kind)] = pa.array(values(lambda i: bytes([255, 0, i % 256]) * (i % 9)), kind)
    arrays["fixed"] = pa.array(values(lambda i: bytes([i % 256] * 11)), pa.binary(11))
    arrays["decimal"] = pa.array(
        values(lambda i: decimal.Decimal(i * 10**20 - 5).scaleb(-6)), pa.decimal128(38, 6)
    )
    arrays["negative scale"] = pa.array(
        values(lambda i: decimal.Decimal(-i).scaleb(2)), pa.decimal128(10, -2)
    )
    return pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays.keys()))


def write(directory):
    cases = {}
    for count in (1, 7, 8, 9, 64, 1000):
        cases[f"nulls-{count}"] = [all_columns(count, True)]
        cases[f"plain-{count}"] = [all_columns(count, False)]
    cases["empty-batch"] = [all_columns(0, False)]
    cases["no-batches"] = []
    large = all_columns(2000, True)
    cases["many-batches"] = [large.slice(i * 100, 100) for i in range(20)]
    cases["sliced"] = [large.slice(3, 500), large.slice(1001, 1), large.slice(13, 0)]
    empty = all_columns(0, False).schema
    for name, batches in cases.items():
        schema = batches[0].schema if batches else empty
        write_stream(directory / f"{name}.arrows", schema, batches)
        (directory / f"{name}.txt").write_text(canonical(schema, batches))
    required = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False, metadata={"role": "key", "unit": "1"}),
            pa.field("name", pa.utf8()),
        ],
        metadata={"primary_key": "id", "origin": "größe"},
    )
    batch = pa.record_batch([pa.array([1, 2]), pa.array(["a", None])], schema=required)
    old = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    legacy = pa.ipc.IpcWriteOptions(
        metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True
    )
    for name, options in (("metadata", None), ("version-4", old), ("without-marker", legacy)):
        write_stream(directory / f"{name}.arrows", required, [batch], options)
        (directory / f"{name}.txt").write_text(canonical(required, [batch]))


def every(directory):
    for name, batches in every_type().items():
        schema = batches[0].schema
        for batch in batches:
            batch.validate(full=True)
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        write_stream(directory / f"{name}.arrows", schema, batches, options)
        (directory / f"{name}.txt").write_text(canonical(schema, batches))


def describe(directory):
    for path in directory.glob("*.arrows"):
        with pa.ipc.open_stream(path) as reader:
            if any(str(kind) in UNSHOWN for kind in reader.schema.types):
                continue
            path.with_suffix(".txt").write_text(canonical(reader.schema, list(reader)))


def flaw(batch):
    """What pyarrow finds wrong with a batch; some versions wrote dates64 that are no whole days."""
    try:
        return batch.validate(full=True)
    except pa.ArrowInvalid as error:
        return str(error)


def verify(directory):
    for path in sorted(directory.glob("*.back.arrows")):
        original = path.with_name(path.name.replace(".back.arrows", ".arrows"))
        with pa.ipc.open_stream(path) as back, pa.ipc.open_stream(original) as reader:
            if not back.schema.equals(reader.schema, check_metadata=True):
                print(f"{path.name} has the schema {back.schema}, not {reader.schema}")
            originals, batches = list(reader), list(back)
            flaws = [flaw(batch) for batch in batches]
            if flaws != [flaw(batch) for batch in originals]:
                print(f"{path.name} is not as valid as {original.name}: {flaws}")
            same = [left.equals(right) for left, right in zip(originals, batches, strict=True)]
        # Arrow's equality takes NaNs to differ; the values' bits are in the description.
        described = original.with_suffix(".txt")
        if described.exists():
            same = [canonical(back.schema, batches) == described.read_text()]
        if not all(same):
            print(f"{path.name} has other values than {original.name}: {same}")


def read(path):
    with pa.OSFile(path, "rb") as source:
        with pa.ipc.open_stream(source) as reader:
            batches = list(reader)
            for batch in batches:
                batch.validate(full=True)
            sys.stdout.write(canonical(reader.schema, batches))


if __name__ == "__main__":
    command, argument = sys.argv[1:]
    if command == "read":
        read(argument)
    else:
        commands = {
            "write": write,
            "types": every,
            "describe": describe,
            "verify": verify,
        }
        commands[command](pathlib.Path(argument))
