"""A million rows in batches of many sizes, and readers and writers that are slow."""

import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import EVENTS, by_id, events, sizes
from rig.client import TIMEOUT, connected, create_table, read, write

MILLION = 1_000_000
MEBIBYTE = 1 << 20


def batches_of(total, seed):
    first = 0
    for size in sizes(total, seed):
        yield events(first, size)
        first += size


def test_a_million_rows_are_read_back_from_each_node(cluster, table):
    batches = list(batches_of(MILLION, seed=1))
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    third = len(batches) // 3 + 1
    for position, node in enumerate(cluster.nodes):
        part = batches[position * third : (position + 1) * third]
        results = write(node, table, part, timeout=300)
        assert [each["rows"] for each in results] == [batch.num_rows for batch in part]
    expected = by_id(pa.Table.from_batches(batches))
    for node in cluster.nodes:
        assert by_id(read(node, table)).equals(expected)


def test_a_million_rows_without_a_key_come_in_log_order(cluster, table):
    batches = list(batches_of(MILLION, seed=2))
    write(cluster.nodes[0], table, batches, timeout=300)
    for node in cluster.nodes:
        result = read(node, table).replace_schema_metadata(None)
        assert result.combine_chunks().equals(pa.Table.from_batches(batches).combine_chunks())


def test_readers_that_stop_reading_do_not_make_the_node_hold_their_rows(cluster, table):
    node = cluster.nodes[0]
    blob = pa.RecordBatch.from_arrays([pa.array([bytes(MEBIBYTE)] * 2)], names=["blob"])
    write(node, table, [blob] * 32, timeout=300)
    ticket = flight.Ticket(json.dumps({"table": table}).encode())
    before = node.process.resident_bytes()
    readers = []
    clients = [flight.connect(node.location) for _ in range(16)]
    for client in clients:
        reader = client.do_get(ticket, TIMEOUT)
        assert reader.read_chunk().data.num_rows > 0
        readers.append(reader)
    assert node.process.resident_bytes() - before < 400 * MEBIBYTE
    for reader in readers[:2]:
        assert reader.read_all().num_rows > 0
    for client in clients:
        client.close()
    assert read(node, table).num_rows == 64


def test_a_writer_that_reads_no_results_is_slowed_down_not_lost(cluster, table):
    descriptor = flight.FlightDescriptor.for_path(table)
    with connected(cluster.nodes[1]) as client:
        writer, reader = client.do_put(descriptor, EVENTS, TIMEOUT)
        for i in range(20_000):
            writer.write_batch(events(i, 1))
        writer.done_writing()
        results = 0
        while reader.read() is not None:
            results += 1
        writer.close()
    assert results == 20_000
    assert read(cluster.nodes[0], table).num_rows == 20_000


def test_a_batch_over_the_limit_is_refused_and_the_node_goes_on(cluster, table):
    huge = pa.RecordBatch.from_arrays([pa.array([bytes(MEBIBYTE)] * 300)], names=["blob"])
    with pytest.raises((flight.FlightError, pa.ArrowException), match="(?i)byte|MiB|limit"):
        write(cluster.nodes[0], table, huge)
    assert write(cluster.nodes[0], f"{table}_after", events(0, 1))[0]["rows"] == 1
