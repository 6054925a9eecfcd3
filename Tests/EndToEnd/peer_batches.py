"""A record batch of one column for each type that a Flight stream can have."""

import ctypes
import datetime
import decimal
import struct
import uuid

import pyarrow as pa


def dictionary_column():
    return pa.array(["red", None, "blue", "red"]).dictionary_encode()


def run_ends_column():
    return pa.RunEndEncodedArray.from_arrays(
        pa.array([2, 3, 5], pa.int32()), pa.array(["a", None, "b"])
    )


def union_columns():
    types = pa.array([0, 1, 0, 1], pa.int8())
    sparse = pa.UnionArray.from_sparse(
        types, [pa.array([1, 2, 3, 4]), pa.array(["a", "b", None, "d"])]
    )
    offsets = pa.array([0, 0, 1, 1], pa.int32())
    dense = pa.UnionArray.from_dense(
        types, offsets, [pa.array([1, 3]), pa.array(["b", None])]
    )
    return {"sparse union": sparse, "dense union": dense}


def extension_columns():
    tensor = pa.fixed_shape_tensor(pa.float32(), (2, 2), dim_names=["x", "y"])
    of_types = [
        (pa.uuid(), [uuid.UUID(int=1).bytes, None, uuid.UUID(int=2**128 - 1).bytes]),
        (pa.bool8(), [0, None, -1]),
        (pa.json_(), ['{"a": 1}', None, "[]"]),
        (pa.opaque(pa.int32(), "money", "a database"), [1, None, -1]),
        (tensor, [[1, 2, 3, 4], None, [0, 0, 0, 0]]),
    ]
    return {
        f"extension {kind.extension_name}": pa.ExtensionArray.from_storage(
            kind, pa.array(values, kind.storage_type)
        )
        for kind, values in of_types
    }


class CSchema(ctypes.Structure):
    """A type of the C data interface (Arrow, `format/CDataInterface.rst`), without children."""

    _fields_ = [
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("child_count", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    ]


@ctypes.CFUNCTYPE(None, ctypes.POINTER(CSchema))
def release(schema):
    schema.contents.release = None


def interval_batch(form, values):
    """Intervals of months (`tiM`), or of days and milliseconds (`tiD`).

    pyarrow makes and shows no arrays of these types, but it compares them. They are laid out as
    integers are, so that a batch of those under another schema is theirs.
    """
    schema = CSchema(form, b"", flags=2, release=ctypes.cast(release, ctypes.c_void_p))
    kind = pa.DataType._import_from_c(ctypes.addressof(schema))
    integers = pa.record_batch([values], names=["column"])
    return pa.ipc.read_record_batch(integers.serialize(), pa.schema([("column", kind)]))


def days_and_milliseconds(days, milliseconds):
    return struct.unpack("<q", struct.pack("<ii", days, milliseconds))[0]


D = decimal.Decimal
DAY = datetime.date(2024, 2, 29)
TIME = datetime.time(23, 59, 59, 999999)
MOMENT = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)
COLUMNS = {
    "null": pa.nulls(4),
    "bool": pa.array([True, None, False, True]),
    **{
        str(each): pa.array([0, None, 1, 2 ** (each.bit_width - 1) - 1], each)
        for each in (
            pa.int8(), pa.int16(), pa.int32(), pa.int64(),
            pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        )
    },
    "float16": pa.array([0.5, None, float("inf"), -1.0], pa.float16()),
    "float32": pa.array([0.5, None, float("inf"), -1.5], pa.float32()),
    "float64": pa.array([0.1, None, float("-inf"), 1e308], pa.float64()),
    "decimal32": pa.array([D("1.25"), None, D("-99.99")], pa.decimal32(9, 2)),
    "decimal64": pa.array([D("1.25"), None, D("-99.99")], pa.decimal64(18, 2)),
    "decimal128": pa.array([D("1.25"), None, D("-99.99")], pa.decimal128(38, 2)),
    "decimal256": pa.array([D("1.25"), None, D("-99.99")], pa.decimal256(76, 2)),
    "date32": pa.array([DAY, None], pa.date32()),
    "date64": pa.array([DAY, None], pa.date64()),
    "time32[s]": pa.array([TIME.replace(microsecond=0), None], pa.time32("s")),
    "time32[ms]": pa.array([TIME.replace(microsecond=999000), None], pa.time32("ms")),
    "time64[us]": pa.array([TIME, None], pa.time64("us")),
    "time64[ns]": pa.array([86_399_999_999_999, None], pa.time64("ns")),
    **{
        f"timestamp[{unit}]": pa.array([1709209815, None, -1], pa.timestamp(unit))
        for unit in ("s", "ms", "us", "ns")
    },
    "timestamp with zone": pa.array([MOMENT, None], pa.timestamp("us", "Europe/Paris")),
    "duration": pa.array([datetime.timedelta(seconds=1), None], pa.duration("us")),
    "interval (month, day, nano)": pa.array(
        [pa.MonthDayNano([1, 2, 3]), None], pa.month_day_nano_interval()
    ),
    "binary": pa.array([b"", None, b"\x00\xff"], pa.binary()),
    "large binary": pa.array([b"", None, b"\x00\xff"], pa.large_binary()),
    "fixed-size binary": pa.array([b"abc", None], pa.binary(3)),
    "utf8": pa.array(["", None, "Grüße 🙂"], pa.utf8()),
    "large utf8": pa.array(["", None, "Grüße 🙂"], pa.large_utf8()),
    "utf8 view": pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
    "binary view": pa.array([b"short", None, b"longer than twelve bytes"], pa.binary_view()),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
    "large list": pa.array([[1, None], None, []], pa.large_list(pa.int32())),
    "fixed-size list": pa.array([[1, None], None], pa.list_(pa.int32(), 2)),
    "list view": pa.array([[1, None], None, []], pa.list_view(pa.int32())),
    "large list view": pa.array([[1, None], None, []], pa.large_list_view(pa.int32())),
    "struct": pa.array([{"a": 1, "b": None}, None], pa.struct({"a": pa.int8(), "b": pa.utf8()})),
    "map": pa.array([[("k", 1), ("l", None)], None], pa.map_(pa.utf8(), pa.int32())),
    "list of structs": pa.array([[{"a": [1]}, None], None]),
    "dictionary": dictionary_column(),
    "run-end encoded": run_ends_column(),
    **union_columns(),
    **extension_columns(),
}
DAYS = [days_and_milliseconds(1, -1), None, days_and_milliseconds(-(2**31), 2**31 - 1)]
BATCHES = {
    **{name: pa.record_batch([column], names=["column"]) for name, column in COLUMNS.items()},
    "interval (months)": interval_batch(b"tiM", pa.array([1, None, -5], pa.int32())),
    "interval (days, milliseconds)": interval_batch(b"tiD", pa.array(DAYS, pa.int64())),
}
