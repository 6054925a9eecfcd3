"""The other side of the round trips: writes and reads Arrow IPC streams with pyarrow.

peer.py write DIR   writes NAME.arrows and, beside it, NAME.txt with its values in canonical form
peer.py refused DIR writes streams that have to be refused
peer.py read FILE   prints the canonical form of a stream after validating it in full

The canonical form: a line a field (name, type, nullability), a line of schema metadata, then for each
batch a line with its row count and a line a column: values as integers (floats by their bits), bytes
in hexadecimal, nulls as "null".
"""

import decimal
import pathlib
import sys

import pyarrow as pa

INTEGER_VIEWS = {1: pa.int8(), 2: pa.int16(), 4: pa.int32(), 8: pa.int64()}


def canonical_values(array):
    kind = array.type
    if pa.types.is_boolean(kind):
        return ["null" if v is None else str(int(v)) for v in array.to_pylist()]
    if pa.types.is_decimal(kind):
        scale = kind.scale
        with decimal.localcontext() as context:
            context.prec = 60
            return [
                "null" if v is None else str(int(v.scaleb(scale))) for v in array.to_pylist()
            ]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ["null" if v is None else "x" + v.encode().hex() for v in array.to_pylist()]
    if (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    ):
        return ["null" if v is None else "x" + v.hex() for v in array.to_pylist()]
    if pa.types.is_unsigned_integer(kind):
        numbers = array
    else:
        numbers = array.view(INTEGER_VIEWS[kind.bit_width // 8])
    return ["null" if v is None else str(v) for v in numbers.to_pylist()]


def canonical(schema, batches):
    lines = []
    for field in schema:
        metadata = field.metadata or {}
        pairs = " ".join(f"{k.decode()}={v.decode()}" for k, v in metadata.items())
        null = "" if field.nullable else " not null"
        lines.append(f"{field.name}: {field.type}{null} [{pairs}]")
    metadata = schema.metadata or {}
    lines.append("[" + " ".join(f"{k.decode()}={v.decode()}" for k, v in metadata.items()) + "]")
    for batch in batches:
        lines.append(f"{batch.num_rows} rows")
        for column in batch.columns:
            lines.append(" ".join(canonical_values(column)))
    return "\n".join(lines) + "\n"


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


def refused(directory):
    types = {
        "Null": pa.null(),
        "List": pa.list_(pa.int64()),
        "LargeList": pa.large_list(pa.utf8()),
        "FixedSizeList": pa.list_(pa.int64(), 3),
        "Struct": pa.struct([("a", pa.int64())]),
        "Map": pa.map_(pa.utf8(), pa.int64()),
        "Union": pa.dense_union([pa.field("a", pa.int64())]),
        "Duration": pa.duration("us"),
        "Interval": pa.month_day_nano_interval(),
        "Utf8View": pa.string_view(),
        "BinaryView": pa.binary_view(),
        "ListView": pa.list_view(pa.int64()),
        "RunEndEncoded": pa.run_end_encoded(pa.int32(), pa.int64()),
        "Decimal(256 bits)": pa.decimal256(50, 2),
        "dictionary-encoded": pa.dictionary(pa.int32(), pa.utf8()),
    }
    for name, kind in types.items():
        schema = pa.schema([pa.field("fine", pa.int64()), pa.field("the culprit", kind)])
        write_stream(directory / f"{name}.arrows", schema, [])


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
        {"write": write, "refused": refused}[command](pathlib.Path(argument))
