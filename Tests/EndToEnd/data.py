"""Rows for the tests: all column types of the product, with nulls, and batches of many sizes."""

import datetime
import decimal
import random

import pyarrow as pa

EVENTS = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("name", pa.utf8()),
        pa.field("value", pa.float64()),
        pa.field("at", pa.timestamp("us", tz="UTC")),
        pa.field("flag", pa.bool_()),
    ]
)

BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def events(first, count):
    """`count` rows of EVENTS from id `first` on; their contents follow from the id."""
    ids = range(first, first + count)
    columns = [
        pa.array(ids, pa.int64()),
        pa.array([None if i % 7 == 0 else f"name {i}" for i in ids], pa.utf8()),
        pa.array([None if i % 11 == 0 else i / 4 for i in ids], pa.float64()),
        pa.array([1_700_000_000_000_000 + i for i in ids], pa.int64()).cast(
            EVENTS.field("at").type
        ),
        pa.array([None if i % 5 == 0 else i % 2 == 0 for i in ids], pa.bool_()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)


def sizes(total, seed):
    """Batch sizes from 1 to some ten thousands that add up to `total`."""
    source = random.Random(seed)
    remaining = total
    while remaining > 0:
        size = min(remaining, int(10 ** source.uniform(0, 4.6)))
        yield size
        remaining -= size


def by_id(table):
    """The table sorted by id, in one chunk, without schema metadata: for comparing."""
    return table.replace_schema_metadata(None).sort_by("id").combine_chunks()


# A type, and values of it: extremes, empty values, and what else tends to be mishandled.
TYPES = {
    "boolean": (pa.bool_(), [True, False, True]),
    "int8": (pa.int8(), [-128, 0, 127]),
    "int16": (pa.int16(), [-(2**15), 0, 2**15 - 1]),
    "int32": (pa.int32(), [-(2**31), 0, 2**31 - 1]),
    "int64": (pa.int64(), [-(2**63), 0, 2**63 - 1]),
    "uint8": (pa.uint8(), [0, 1, 255]),
    "uint16": (pa.uint16(), [0, 1, 2**16 - 1]),
    "uint32": (pa.uint32(), [0, 1, 2**32 - 1]),
    "uint64": (pa.uint64(), [0, 1, 2**64 - 1]),
    "float32": (pa.float32(), [-0.0, 1.5, float("inf")]),
    "float64": (pa.float64(), [-0.0, 1e308, float("-inf")]),
    "utf8": (pa.utf8(), ["", "ascii", "Ünïcødé 🙂"]),
    "large_utf8": (pa.large_utf8(), ["", "ascii", "Ünïcødé 🙂"]),
    "binary": (pa.binary(), [b"", b"\x00", b"\xff" * 300]),
    "large_binary": (pa.large_binary(), [b"", b"\x00", b"\xff" * 300]),
    "fixed_size_binary": (pa.binary(16), [b"\x00" * 16, b"0123456789abcdef", b"\xff" * 16]),
    "date32": (
        pa.date32(),
        [datetime.date(1, 1, 1), datetime.date(1970, 1, 1), datetime.date(9999, 12, 31)],
    ),
    "date64": (
        pa.date64(),
        [datetime.date(1, 1, 1), datetime.date(1970, 1, 1), datetime.date(9999, 12, 31)],
    ),
    "time32_s": (pa.time32("s"), [datetime.time(0), datetime.time(12, 30), datetime.time(23, 59)]),
    "time32_ms": (pa.time32("ms"), [datetime.time(0), datetime.time(12), datetime.time(23, 59)]),
    "time64_us": (pa.time64("us"), [datetime.time(0), datetime.time(12), datetime.time(23, 59)]),
    "time64_ns": (pa.time64("ns"), [0, 1, 86_399_999_999_999]),
    "timestamp_s": (pa.timestamp("s"), [BEGIN.replace(tzinfo=None)] * 3),
    "timestamp_ms": (pa.timestamp("ms", tz="UTC"), [BEGIN] * 3),
    "timestamp_us": (pa.timestamp("us", tz="Europe/Berlin"), [BEGIN] * 3),
    "timestamp_ns": (pa.timestamp("ns", tz="+02:00"), [0, 1, 2**62]),
    "decimal128": (
        pa.decimal128(38, 10),
        [decimal.Decimal(text) for text in ("0", "-1.5", "9" * 28 + "." + "9" * 10)],
    ),
}


def column_with_nulls(name):
    """The type's values, and nulls before, between and after them."""
    kind, values = TYPES[name]
    spread = [None]
    for value in values:
        spread += [value, None]
    return pa.array(spread, kind)


def all_types():
    """A batch with a column of each type, an id first."""
    columns = [column_with_nulls(name) for name in TYPES]
    rows = len(columns[0])
    names = ["id", *TYPES]
    return pa.RecordBatch.from_arrays([pa.array(range(rows), pa.int64()), *columns], names=names)


POINT = pa.struct([("x", pa.float64()), ("tags", pa.list_(pa.utf8()))])

# Types that tables hold, but that can't be keys.
KEYLESS = {
    "null": (pa.null(), [None, None]),
    "duration": (pa.duration("us"), [datetime.timedelta(0), datetime.timedelta(days=-5)]),
    "interval": (pa.month_day_nano_interval(), [pa.MonthDayNano([1, -2, 3])]),
    "decimal32": (pa.decimal32(9, 2), [decimal.Decimal("-1234567.89")]),
    "decimal64": (pa.decimal64(18, 2), [decimal.Decimal("1234567890123456.78")]),
    "decimal256": (pa.decimal256(76, 2), [decimal.Decimal("9" * 70 + ".99")]),
    "utf8_view": (pa.string_view(), ["", "short", "longer than twelve bytes"]),
    "binary_view": (pa.binary_view(), [b"", b"\x00", b"\xff" * 300]),
    "list": (pa.list_(pa.int32()), [[], [1, None, 3]]),
    "large_list": (pa.large_list(pa.utf8()), [[], ["a", None]]),
    "list_view": (pa.list_view(pa.int64()), [[1, 2], [], [3]]),
    "fixed_size_list": (pa.list_(pa.float32(), 2), [[1.5, None], [2.5, 3.5]]),
    "struct": (POINT, [{"x": 1.5, "tags": ["a"]}, {"x": None, "tags": []}]),
    "map": (pa.map_(pa.utf8(), pa.int64()), [[("a", 1), ("b", None)], []]),
    "list_of_structs": (pa.list_(POINT), [[{"x": 0.5, "tags": None}], []]),
}


def keyless_column(name):
    """The type's values, and nulls before, between and after them."""
    kind, values = KEYLESS[name]
    spread = [None]
    for value in values:
        spread += [value, None]
    return pa.array(spread, kind)
