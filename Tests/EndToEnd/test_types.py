"""Every column type of the product, with nulls, through the log and back from every node."""

import math
import re

import pyarrow as pa
import pytest
from data import KEYLESS, TYPES, all_types, column_with_nulls, keyless_column
from rig.client import create_table, read, write


def equal(left, right):
    """Arrow equality, and the sign of zeros, which Arrow's ignores."""
    if not left.equals(right):
        return False
    if not pa.types.is_floating(left.type):
        return True
    signs = [
        [value is not None and math.copysign(1, value) for value in column.to_pylist()]
        for column in (left, right)
    ]
    return signs[0] == signs[1]


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_each_type_comes_back_as_it_was(cluster, table, name):
    column = column_with_nulls(name)
    batch = pa.RecordBatch.from_arrays([column], names=["column"])
    write(cluster.nodes[0], table, batch)
    for node in cluster.nodes:
        result = read(node, table)
        assert result.schema.field("column").type == column.type
        assert equal(result.column("column").combine_chunks(), column)


def test_all_types_together_with_a_key(cluster, table):
    batch = all_types()
    create_table(cluster.nodes[0], table, batch.schema, ["id"])
    write(cluster.nodes[1], table, batch)
    for node in cluster.nodes:
        assert read(node, table, order="key").combine_chunks().equals(pa.table(batch))


def test_sliced_columns_arrive_as_the_slice(cluster, table):
    batch = all_types()
    slices = [batch.slice(1, 3), batch.slice(5, 2), batch.slice(0, 1)]
    write(cluster.nodes[0], table, slices)
    expected = pa.Table.from_batches(slices)
    assert read(cluster.nodes[1], table).combine_chunks().equals(expected.combine_chunks())


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_batches_are_taken_and_come_back(cluster, table, codec):
    batch = all_types()
    create_table(cluster.nodes[0], table, batch.schema, ["id"])
    many = pa.Table.from_batches([batch] * 500).combine_chunks().to_batches()[0]
    ids = pa.array(range(many.num_rows), pa.int64())
    many = many.set_column(0, "id", ids)
    write(cluster.nodes[1], table, [many], compression=codec)
    for node in cluster.nodes:
        assert read(node, table, order="key").combine_chunks().equals(pa.table(many))


@pytest.mark.parametrize("name", [each for each in TYPES if not each.startswith("float")])
def test_a_column_of_each_type_can_be_the_primary_key(cluster, table, name):
    values = TYPES[name][1]
    distinct = sorted({repr(value): value for value in values}.items())
    column = pa.array([value for _, value in distinct], TYPES[name][0])
    batch = pa.RecordBatch.from_arrays([column], names=["key"])
    create_table(cluster.nodes[0], table, batch.schema, ["key"])
    write(cluster.nodes[0], table, [batch, batch])
    result = read(cluster.nodes[1], table, order="key").column("key").combine_chunks()
    assert len(result) == len(column)
    # As Arrow's scalars: Python's times and datetimes have no nanoseconds.
    assert set(result) == set(column)
    backwards = read(cluster.nodes[1], table, order="-key").column("key").combine_chunks()
    assert backwards.equals(result[::-1])


@pytest.mark.parametrize("name", KEYLESS)
def test_a_column_of_each_other_type_comes_back_as_it_was(cluster, table, name):
    column = keyless_column(name)
    ids = pa.array(range(len(column)), pa.int64())
    batch = pa.RecordBatch.from_arrays([ids, column], names=["id", "column"])
    create_table(cluster.nodes[0], table, batch.schema, ["id"])
    write(cluster.nodes[0], table, [batch, batch.slice(1)])
    for node in cluster.nodes:
        result = read(node, table, order="key").combine_chunks()
        result.validate(full=True)
        assert result.equals(pa.table(batch))


def test_unions_and_runs_come_back_as_they_were(cluster, table):
    runs = pa.RunEndEncodedArray.from_arrays([2, 5, 6], ["a", None, "b"])
    numbers, texts = pa.array([1, 2, 3, 4, 5, 6]), pa.array(list("abcdef"))
    sparse = pa.UnionArray.from_sparse(pa.array([0, 1] * 3, pa.int8()), [numbers, texts])
    dense = pa.UnionArray.from_dense(
        pa.array([0, 1] * 3, pa.int8()), pa.array([0, 0, 1, 1, 2, 2], pa.int32()), [numbers, texts]
    )
    batch = pa.RecordBatch.from_arrays([runs, sparse, dense], ["runs", "sparse", "dense"])
    write(cluster.nodes[0], table, [batch, batch])
    rows = batch.to_pylist()
    for node in cluster.nodes:
        result = read(node, table)
        result.validate(full=True)
        assert result.schema.equals(batch.schema)
        assert result.to_pylist() == rows + rows


def test_dictionary_columns_are_kept_as_their_values(cluster, table):
    words = pa.array(["red", "green", None, "red"]).dictionary_encode()
    more = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int32()), ["blue", "red"])
    batches = [
        pa.RecordBatch.from_arrays([pa.array(ids), column], names=["id", "word"])
        for ids, column in (([1, 2, 3, 4], words), ([5, 6], more))
    ]
    # One PutResult a record batch, also where a follower passes the stream on.
    for node in cluster.nodes:
        assert [each["rows"] for each in write(node, table, batches)] == [4, 2]
    result = read(cluster.nodes[1], table)
    assert result.schema.field("word").type == pa.utf8()
    expected = ["red", "green", None, "red", "red", "blue"]
    assert result.column("word").to_pylist() == expected * len(cluster.nodes)


@pytest.mark.parametrize("name", KEYLESS)
def test_other_types_are_refused_as_keys_with_the_column_and_its_type(cluster, table, name):
    kind = KEYLESS[name][0]
    schema = pa.schema([("odd_one", kind)])
    with pytest.raises(pa.ArrowInvalid, match=f"odd_one.*{re.escape(str(kind))}.*key"):
        create_table(cluster.nodes[0], table, schema, ["odd_one"])


def test_long_and_empty_strings_in_large_batches(cluster, table):
    values = ["", None, "x" * 100_000, "é" * 1000] * 50
    batch = pa.RecordBatch.from_arrays([pa.array(values, pa.utf8())], names=["text"])
    write(cluster.nodes[0], table, batch)
    assert read(cluster.nodes[1], table).column("text").to_pylist() == values
