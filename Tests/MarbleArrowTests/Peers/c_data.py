"""pyarrow's side of the C data interface, run inside of the test process. Numbers are addresses."""

import ctypes

import pyarrow as pa
from every_type import every_type

BATCHES = [(name, batch) for name, batches in every_type().items() for batch in batches]


def put(address, number):
    ctypes.c_int64.from_address(address).value = number


def round_trip(array_in, schema_in, array_out, schema_out):
    """Takes a batch, checks it, and hands it back."""
    batch = pa.RecordBatch._import_from_c(array_in, schema_in)
    batch.validate(full=True)
    batch._export_to_c(array_out, schema_out)


def take(array, schema):
    """Takes a batch, and lets go of it."""
    pa.RecordBatch._import_from_c(array, schema).validate(full=True)


def count(address):
    put(address, len(BATCHES))


def hand_out(index, array, schema):
    BATCHES[index][1]._export_to_c(array, schema)


def compare(index, array, schema):
    name, expected = BATCHES[index]
    batch = pa.RecordBatch._import_from_c(array, schema)
    batch.validate(full=True)
    assert batch.schema.equals(expected.schema, check_metadata=True), (name, batch.schema)
    assert batch.equals(expected) or str(batch.to_pylist()) == str(expected.to_pylist()), name


def hand_out_slice(array, schema):
    """An array whose offset isn't 0, and whose children have offsets of their own."""
    structs = pa.array([{"a": i, "b": [str(i)] * i, "c": i % 2 == 0} for i in range(20)])
    structs.slice(3, 10)._export_to_c(array, schema)


def hand_out_stream(address):
    batches = [pa.record_batch({"a": pa.array(range(n), pa.int64())}) for n in (3, 0, 5)]
    pa.RecordBatchReader.from_batches(batches[0].schema, batches)._export_to_c(address)


def failing_stream(address):
    def batches():
        yield pa.record_batch({"a": pa.array([1], pa.int64())})
        raise ValueError("no more of them")

    schema = pa.schema([("a", pa.int64())])
    pa.RecordBatchReader.from_batches(schema, batches())._export_to_c(address)


def sum_stream(address, total):
    table = pa.RecordBatchReader._import_from_c(address).read_all()
    table.validate(full=True)
    put(total, sum(table.column(0).to_pylist()))


def stream_fails(address, text):
    reader = pa.RecordBatchReader._import_from_c(address)
    try:
        reader.read_all()
    except OSError as error:
        assert text in str(error), error
    else:
        raise AssertionError("it didn't fail")
