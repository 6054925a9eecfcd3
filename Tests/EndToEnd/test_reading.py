"""do_get: columns, order, limits, consistency, and scans that are refused."""

import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import EVENTS, events
from rig.client import TIMEOUT, act, connected, create_table, keyed, read, write


@pytest.fixture(scope="module")
def filled(cluster):
    """A table of the ids 0 to 99, written in an order that is not the key's."""
    create_table(cluster.nodes[0], "filled", keyed(EVENTS, "id"), ["id"])
    for first in (50, 0, 75, 25):
        write(cluster.nodes[0], "filled", events(first, 25))
    return "filled"


def ids(result):
    return result.column("id").to_pylist()


def test_columns_come_in_the_order_that_was_asked_for(cluster, filled):
    result = read(cluster.nodes[0], filled, columns=["value", "id"])
    assert result.column_names == ["value", "id"]
    assert result.num_rows == 100


@pytest.mark.parametrize(("order", "expected"), [("key", range(100)), ("-key", range(99, -1, -1))])
def test_order_by_key_both_ways(cluster, filled, order, expected):
    for node in cluster.nodes:
        assert ids(read(node, filled, order=order)) == list(expected)


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        ({"limit": 3}, [0, 1, 2]),
        ({"limit": 3, "offset": 98}, [98, 99]),
        ({"offset": 97}, [97, 98, 99]),
        ({"limit": 0}, []),
        ({"offset": 100}, []),
        ({"limit": 10**15, "offset": 99}, [99]),
    ],
)
def test_limit_and_offset_count_in_key_order(cluster, filled, scan, expected):
    assert ids(read(cluster.nodes[1], filled, order="key", **scan)) == expected


def test_the_rows_come_without_an_order_too(cluster, filled):
    assert sorted(ids(read(cluster.nodes[0], filled))) == list(range(100))


@pytest.mark.parametrize("consistency", ["linearizable", "lease", "stale"])
def test_each_consistency_reads_what_was_applied_everywhere(cluster, filled, consistency):
    cluster.wait_applied()
    for node in cluster.nodes:
        assert read(node, filled, consistency=consistency).num_rows == 100


def test_a_linearizable_read_of_a_follower_sees_the_write_before_it(cluster, table):
    leader, followers = cluster.leader(), cluster.followers()
    for i in range(50):
        write(leader, table, events(i, 1))
        assert read(followers[i % len(followers)], table).num_rows == i + 1


def test_the_last_message_says_the_index_that_was_read(cluster, table):
    index = write(cluster.nodes[0], table, events(0, 10))[0]["index"]
    ticket = flight.Ticket(json.dumps({"table": table}).encode())
    metadata = []
    with connected(cluster.nodes[1]) as client:
        for chunk in client.do_get(ticket, TIMEOUT):
            if chunk.app_metadata is not None:
                metadata.append(json.loads(chunk.app_metadata.to_pybytes()))
    assert metadata[-1]["index"] >= index


@pytest.mark.parametrize(
    ("scan", "named"),
    [
        ({"colums": ["id"]}, "colums"),
        ({"columns": ["nothing"]}, "nothing"),
        ({"columns": "id"}, "columns"),
        ({"order": "name"}, "order"),
        ({"limit": -1}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"offset": 1.5}, "offset"),
        ({"limit": 2**70}, "limit"),
        ({"consistency": "eventual"}, "consistency"),
        ({"max_staleness_ms": -1}, "max_staleness_ms"),
        ({"system": "log"}, "system|table"),
    ],
)
def test_a_scan_that_makes_no_sense_is_refused_with_the_key(cluster, filled, scan, named):
    with pytest.raises(pa.ArrowInvalid, match=named):
        read(cluster.nodes[0], filled, **scan)


@pytest.mark.parametrize(("key", "value"), [("where", "id > 3"), ("as_of", 3)])
def test_where_and_as_of_are_refused_by_name(cluster, filled, key, value):
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError), match=key):
        read(cluster.nodes[0], filled, **{key: value})


@pytest.mark.parametrize(
    "ticket", [b"", b"{", b"null", b"[1]", b"\xff\xfe", b'{"limit": 3}', b"{" * 100_000]
)
def test_a_ticket_that_is_no_scan_is_refused(cluster, ticket):
    with connected(cluster.nodes[0]) as client, pytest.raises(pa.ArrowInvalid):
        client.do_get(flight.Ticket(ticket), TIMEOUT).read_all()


def test_a_table_that_does_not_exist_is_not_found(cluster, table):
    with pytest.raises(KeyError, match=table):
        read(cluster.nodes[0], table)


def test_an_unknown_system_flight_is_not_found(cluster):
    with connected(cluster.nodes[0]) as client, pytest.raises(KeyError, match="nothing"):
        client.do_get(flight.Ticket(b'{"system": "nothing"}'), TIMEOUT).read_all()


def test_an_unknown_action_says_which_there_are(cluster):
    with pytest.raises((pa.ArrowException, flight.FlightError), match="create_tabel"):
        act(cluster.nodes[0], "create_tabel")


def test_a_reader_that_cancels_harms_nobody(cluster, filled):
    with connected(cluster.nodes[0]) as client:
        for _ in range(50):
            reader = client.do_get(flight.Ticket(json.dumps({"table": filled}).encode()), TIMEOUT)
            reader.cancel()
        again = client.do_get(flight.Ticket(json.dumps({"table": filled}).encode()), TIMEOUT)
        assert again.read_all().num_rows == 100


def test_messages_stay_under_four_mebibytes(cluster, table):
    rows = pa.RecordBatch.from_arrays([pa.array([bytes(1000)] * 16_000)], names=["blob"])
    write(cluster.nodes[0], table, rows)
    ticket = flight.Ticket(json.dumps({"table": table}).encode())
    with connected(cluster.nodes[0]) as client:
        chunks = [chunk.data for chunk in client.do_get(ticket, TIMEOUT) if chunk.data is not None]
    assert sum(chunk.num_rows for chunk in chunks) == 16_000
    assert max(chunk.get_total_buffer_size() for chunk in chunks) < 4 << 20
