"""do_put: what becomes of rows, what is answered, and what is refused."""

import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import EVENTS, by_id, events
from rig.client import TIMEOUT, connected, create_table, keyed, read, write

REFUSED = (flight.FlightError, pa.ArrowException)
KEYED = keyed(EVENTS, "id")


def with_schema(batch, schema):
    return pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def batch_of(ids, names, schema=None):
    schema = schema or keyed(pa.schema([("id", pa.int64()), ("name", pa.utf8())]), "id")
    return pa.RecordBatch.from_arrays([pa.array(ids), pa.array(names, pa.utf8())], schema=schema)


def pairs(node, table):
    return sorted(zip(*read(node, table).to_pydict().values(), strict=True))


def test_each_batch_is_answered_in_order_with_index_term_and_rows(cluster, table):
    results = write(cluster.nodes[0], table, [events(0, 5), events(5, 1), events(6, 300)])
    assert [result["rows"] for result in results] == [5, 1, 300]
    assert all(set(result) == {"index", "term", "rows"} for result in results)
    indices = [result["index"] for result in results]
    assert indices == sorted(set(indices))
    assert all(result["term"] >= 1 for result in results)


def test_any_node_takes_writes_and_every_node_reads_them(cluster, table):
    for position, node in enumerate(cluster.nodes):
        write(node, table, events(100 * position, 100))
    for node in cluster.nodes:
        assert by_id(read(node, table)).equals(by_id(pa.table(events(0, 300))))


def test_a_put_to_no_table_creates_one_that_appends(cluster, table):
    write(cluster.nodes[0], table, [events(0, 10), events(0, 10)])
    assert read(cluster.nodes[1], table).num_rows == 20


def test_a_table_without_a_key_keeps_rows_in_log_order(cluster, table):
    for first in (30, 10, 20):
        write(cluster.nodes[0], table, events(first, 10))
    ids = read(cluster.nodes[1], table).column("id").to_pylist()
    assert ids == [*range(30, 40), *range(10, 20), *range(20, 30)]


def test_the_primary_key_in_the_schema_metadata_counts_when_the_put_creates_the_table(
    cluster, table
):
    first, again = (with_schema(events(0, 10), KEYED) for _ in range(2))
    write(cluster.nodes[0], table, [first, again])
    assert read(cluster.nodes[1], table).num_rows == 10


def test_an_upsert_replaces_the_row_of_the_same_key(cluster, table):
    write(cluster.nodes[0], table, batch_of([1, 2, 3], ["a", "b", "c"]))
    write(cluster.nodes[1], table, batch_of([2, 4], ["B", "d"]))
    assert pairs(cluster.nodes[2], table) == [(1, "a"), (2, "B"), (3, "c"), (4, "d")]


def test_of_equal_keys_in_one_batch_the_last_row_stays(cluster, table):
    write(cluster.nodes[0], table, batch_of([1, 1, 1], ["a", "b", "c"]))
    assert pairs(cluster.nodes[1], table) == [(1, "c")]


def test_an_upsert_can_set_null(cluster, table):
    write(cluster.nodes[0], table, batch_of([1], ["a"]))
    write(cluster.nodes[0], table, batch_of([1], [None]))
    assert pairs(cluster.nodes[1], table) == [(1, None)]


def test_an_insert_of_a_key_that_exists_is_refused_and_changes_nothing(cluster, table):
    write(cluster.nodes[0], table, batch_of([1], ["a"]), operation="insert")
    with pytest.raises(REFUSED, match="(?i)key|exists"):
        write(cluster.nodes[0], table, batch_of([2, 1], ["b", "B"]), operation="insert")
    assert pairs(cluster.nodes[1], table) == [(1, "a")]


def test_a_delete_takes_the_keys_rows(cluster, table):
    write(cluster.nodes[0], table, batch_of([1, 2, 3], ["a", "b", "c"]))
    keys = pa.RecordBatch.from_arrays([pa.array([1, 3, 99])], names=["id"])
    write(cluster.nodes[1], table, keys, operation="delete")
    assert pairs(cluster.nodes[2], table) == [(2, "b")]


def test_a_deleted_key_can_be_written_again(cluster, table):
    write(cluster.nodes[0], table, batch_of([1], ["a"]))
    keys = pa.RecordBatch.from_arrays([pa.array([1])], names=["id"])
    write(cluster.nodes[0], table, keys, operation="delete")
    write(cluster.nodes[0], table, batch_of([1], ["b"]), operation="insert")
    assert pairs(cluster.nodes[1], table) == [(1, "b")]


def test_keys_of_several_columns(cluster, table):
    schema = keyed(
        pa.schema([("symbol", pa.utf8()), ("day", pa.int32()), ("price", pa.float64())]),
        "symbol",
        "day",
    )

    def rows(symbols, days, prices):
        columns = [pa.array(symbols), pa.array(days, pa.int32()), pa.array(prices, pa.float64())]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    write(cluster.nodes[0], table, rows(["a", "a", "b"], [1, 2, 1], [1, 2, 3]))
    write(cluster.nodes[0], table, rows(["a"], [2], [20]))
    assert pairs(cluster.nodes[1], table) == [("a", 1, 1.0), ("a", 2, 20.0), ("b", 1, 3.0)]


def test_a_delete_without_a_primary_key_is_refused(cluster, table):
    write(cluster.nodes[0], table, events(0, 1))
    with pytest.raises(REFUSED, match="(?i)primary key"):
        write(cluster.nodes[0], table, events(0, 1), operation="delete")


def test_an_empty_batch_is_answered_and_adds_nothing(cluster, table):
    write(cluster.nodes[0], table, events(0, 1))
    assert write(cluster.nodes[0], table, events(0, 0))[0]["rows"] == 0
    assert read(cluster.nodes[1], table).num_rows == 1


def test_a_null_in_the_primary_key_is_refused_with_the_column(cluster, table):
    write(cluster.nodes[0], table, batch_of([1], ["a"]))
    with pytest.raises(pa.ArrowInvalid, match="id"):
        write(cluster.nodes[0], table, batch_of([None], ["b"]))
    assert pairs(cluster.nodes[1], table) == [(1, "a")]


@pytest.mark.parametrize(
    "schema",
    [
        pa.schema([("id", pa.int32()), ("name", pa.utf8())]),
        pa.schema([("id", pa.int64()), ("title", pa.utf8())]),
        pa.schema([("id", pa.int64())]),
    ],
)
def test_a_schema_that_differs_from_the_tables_is_refused(cluster, table, schema):
    create_table(cluster.nodes[0], table, pa.schema([("id", pa.int64()), ("name", pa.utf8())]))
    columns = [pa.array(["x"] if field.type == pa.utf8() else [1], field.type) for field in schema]
    with pytest.raises(pa.ArrowInvalid, match="(?i)schema|column"):
        write(cluster.nodes[1], table, pa.RecordBatch.from_arrays(columns, schema=schema))


def test_a_primary_key_that_differs_from_the_tables_is_refused(cluster, table):
    write(cluster.nodes[0], table, batch_of([1], ["a"]))
    other = keyed(pa.schema([("id", pa.int64()), ("name", pa.utf8())]), "name")
    with pytest.raises(REFUSED, match="(?i)primary.key"):
        write(cluster.nodes[0], table, batch_of([2], ["b"], other))


def test_a_failing_batch_is_named_and_those_before_it_stay(cluster, table):
    with pytest.raises(REFUSED, match="(?i)batch 2"):
        write(
            cluster.nodes[0],
            table,
            [batch_of([1], ["a"]), batch_of([2], ["b"]), batch_of([None], ["c"])],
        )
    assert pairs(cluster.nodes[1], table) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        (b'{"operation": "truncate"}', "truncate"),
        (b'{"operations": "upsert"}', "operations"),
        (b"{", "JSON"),
        (b"[]", "(?i)object|JSON"),
    ],
)
def test_metadata_that_makes_no_sense_is_refused_with_what_is_wrong(
    cluster, table, metadata, named
):
    descriptor = flight.FlightDescriptor.for_path(table)
    with connected(cluster.nodes[0]) as client, pytest.raises(pa.ArrowInvalid, match=named):
        writer, reader = client.do_put(descriptor, EVENTS, TIMEOUT)
        try:
            writer.write_with_metadata(events(0, 1), metadata)
            writer.done_writing()
            reader.read()
        finally:
            writer.close()


@pytest.mark.parametrize("parts", [[], [""], ["a", "b"], ["system", "log"]])
def test_a_put_to_what_is_no_table_is_refused(cluster, parts):
    descriptor = flight.FlightDescriptor.for_path(*parts)
    with connected(cluster.nodes[0]) as client, pytest.raises(REFUSED):
        writer, _ = client.do_put(descriptor, EVENTS, TIMEOUT)
        try:
            writer.write_batch(events(0, 1))
            writer.done_writing()
        finally:
            writer.close()


def test_a_stream_answers_while_it_is_still_being_written(cluster, table):
    descriptor = flight.FlightDescriptor.for_path(table)
    with connected(cluster.nodes[0]) as client:
        writer, reader = client.do_put(descriptor, EVENTS, TIMEOUT)
        for i in range(20):
            writer.write_batch(events(i, 1))
            assert json.loads(reader.read().to_pybytes())["rows"] == 1
        writer.close()
    assert read(cluster.nodes[1], table).num_rows == 20


def test_two_hundred_streams_at_once_lose_nothing(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    streams = []
    with connected(cluster.nodes[0]) as client:
        for i in range(200):
            descriptor = flight.FlightDescriptor.for_path(table)
            writer, reader = client.do_put(descriptor, EVENTS, TIMEOUT)
            writer.write_batch(events(10 * i, 10))
            streams.append((writer, reader))
        for writer, reader in streams:
            writer.done_writing()
            assert reader.read() is not None
            writer.close()
    assert by_id(read(cluster.nodes[1], table)).equals(by_id(pa.table(events(0, 2000))))


def put(node, table, batch, **metadata):
    """One batch with a header of its own, and its result."""
    descriptor = flight.FlightDescriptor.for_path(table)
    with connected(node) as client:
        writer, reader = client.do_put(descriptor, batch.schema, TIMEOUT)
        try:
            writer.write_with_metadata(batch, json.dumps(metadata).encode())
            writer.done_writing()
            return json.loads(reader.read().to_pybytes())
        finally:
            writer.close()


def test_a_numbered_write_that_is_sent_again_gets_the_first_outcome(cluster, table):
    write(cluster.nodes[0], table, events(0, 1))
    first = put(cluster.nodes[0], table, events(1, 5), session="a", sequence=1)
    for node in cluster.nodes:
        assert put(node, table, events(1, 5), session="a", sequence=1) == first
    assert put(cluster.nodes[1], table, events(6, 1), session="a", sequence=2) != first
    assert put(cluster.nodes[1], table, events(7, 1), session="b", sequence=1) != first
    assert read(cluster.nodes[2], table).column("id").to_pylist() == list(range(8))


def test_dictionary_encoded_columns_become_columns_of_their_values(cluster, table):
    schema = pa.schema([("id", pa.int64()), ("kind", pa.dictionary(pa.int32(), pa.utf8()))])
    columns = [pa.array([1, 2, 3]), pa.array(["a", None, "a"]).dictionary_encode()]
    write(cluster.nodes[0], table, pa.RecordBatch.from_arrays(columns, schema=schema))
    for node in cluster.nodes:
        kind = read(node, table).column("kind")
        assert kind.type == pa.utf8()
        assert kind.to_pylist() == ["a", None, "a"]
