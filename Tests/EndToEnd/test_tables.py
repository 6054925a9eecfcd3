"""Tables as flights: creating, dropping, listing, their schemas and their tickets."""

import base64
import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import EVENTS, by_id, events
from rig.client import TIMEOUT, act, connected, create_table, drop_table, read, write


def path(*parts):
    return flight.FlightDescriptor.for_path(*parts)


def test_a_created_table_is_listed_by_every_node(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    for node in cluster.nodes:
        with connected(node) as client:
            paths = [info.descriptor.path for info in client.list_flights(options=TIMEOUT)]
        assert [table.encode()] in paths


def test_a_created_table_is_empty_and_has_its_schema(cluster, table):
    create_table(cluster.nodes[1], table, EVENTS, ["id"])
    result = read(cluster.nodes[2], table)
    assert result.num_rows == 0
    assert result.schema.equals(EVENTS, check_metadata=False)


def test_creating_a_table_twice_says_that_it_exists(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    with pytest.raises((flight.FlightError, pa.ArrowException), match=f"{table}.*exists"):
        create_table(cluster.nodes[1], table, EVENTS, ["id"])


@pytest.mark.parametrize("key", [["missing"], ["id", "id"]])
def test_a_primary_key_of_wrong_columns_is_refused(cluster, table, key):
    with pytest.raises(pa.ArrowInvalid, match=key[0]):
        create_table(cluster.nodes[0], table, EVENTS, key)


def test_a_schema_that_is_no_schema_is_refused(cluster, table):
    body = {"table": table, "schema": base64.b64encode(b"no schema").decode(), "primary_key": []}
    with pytest.raises(pa.ArrowInvalid, match="schema"):
        act(cluster.nodes[0], "create_table", body)


def test_an_unknown_key_of_an_action_is_named(cluster, table):
    with pytest.raises(pa.ArrowInvalid, match="primary_keys"):
        act(cluster.nodes[0], "create_table", {"table": table, "primary_keys": ["id"]})


def test_a_key_of_a_type_that_has_no_order_is_refused_with_the_column_and_its_type(cluster, table):
    schema = pa.schema([("id", pa.int64()), ("tags", pa.list_(pa.utf8()))])
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError), match="(?i)tags.*list"):
        create_table(cluster.nodes[0], table, schema, ["tags"])


def test_a_dropped_table_is_gone_on_every_node(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS)
    drop_table(cluster.nodes[1], table)
    for node in cluster.nodes:
        with pytest.raises(KeyError, match=table):
            read(node, table)


def test_a_dropped_table_can_be_created_anew_and_is_empty(cluster, table):
    write(cluster.nodes[0], table, events(0, 10))
    drop_table(cluster.nodes[0], table)
    create_table(cluster.nodes[1], table, EVENTS)
    assert read(cluster.nodes[2], table).num_rows == 0


def test_dropping_a_table_that_does_not_exist_is_not_found(cluster, table):
    with pytest.raises(KeyError, match=table):
        drop_table(cluster.nodes[0], table)


def test_get_schema_answers_the_table_schema(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    for node in cluster.nodes:
        with connected(node) as client:
            schema = client.get_schema(path(table), TIMEOUT).schema
        assert schema.equals(EVENTS, check_metadata=False)


def test_the_tickets_of_a_flight_info_work_on_every_replica(cluster, table):
    write(cluster.nodes[0], table, events(0, 1000))
    with connected(cluster.nodes[1]) as client:
        info = client.get_flight_info(path(table), TIMEOUT)
    assert info.schema.equals(EVENTS, check_metadata=False)
    assert info.endpoints
    locations = {each.uri for endpoint in info.endpoints for each in endpoint.locations}
    assert len(locations) == len(cluster.nodes)
    for location in locations:
        parts = []
        with connected(location.decode()) as client:
            for endpoint in info.endpoints:
                parts.append(client.do_get(endpoint.ticket, TIMEOUT).read_all())
        assert by_id(pa.concat_tables(parts)).equals(by_id(pa.table(events(0, 1000))))


def test_a_flight_info_of_a_command_reads_what_the_command_says(cluster, table):
    write(cluster.nodes[0], table, events(0, 100))
    command = json.dumps({"table": table, "columns": ["name", "id"], "limit": 7})
    with connected(cluster.nodes[1]) as client:
        info = client.get_flight_info(flight.FlightDescriptor.for_command(command), TIMEOUT)
        result = client.do_get(info.endpoints[0].ticket, TIMEOUT).read_all()
    assert result.column_names == ["name", "id"]
    assert result.num_rows == 7


@pytest.mark.parametrize("method", ["get_flight_info", "get_schema"])
def test_a_descriptor_of_no_table_is_not_found(cluster, table, method):
    with connected(cluster.nodes[0]) as client, pytest.raises(KeyError, match=table):
        getattr(client, method)(path(table), TIMEOUT)
