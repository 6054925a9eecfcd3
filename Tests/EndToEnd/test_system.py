"""What a cluster says about itself: status, members, the log, the actions."""

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from data import EVENTS, events
from rig.client import (
    TIMEOUT,
    act,
    connected,
    create_table,
    drop_table,
    read_system,
    status_of,
    write,
)
from rig.processes import wait_until

REFUSED = (flight.FlightError, pa.ArrowException)


def test_status_names_the_node_the_group_and_its_members(cluster):
    leader = cluster.leader()
    for node in cluster.nodes:
        status = status_of(node)
        assert set(status) == {"cluster_id", "node_id", "endpoint", "version", "groups"}
        assert status["cluster_id"] == cluster.cluster_id
        assert status["node_id"] == node.number
        assert status["endpoint"] == node.endpoint
        (group,) = status["groups"]
        assert group["role"] == ("leader" if node is leader else "follower")
        assert group["leader"] == {"node_id": leader.number, "endpoint": leader.endpoint}
        assert group["first_index"] <= group["applied_index"] + 1
        assert group["applied_index"] <= group["commit_index"] <= group["last_index"]
        members = {(each["node_id"], each["endpoint"], each["kind"]) for each in group["members"]}
        assert members == {(each.number, each.endpoint, "voter") for each in cluster.nodes}


def test_the_leader_knows_how_far_each_member_is(cluster, table):
    index = write(cluster.nodes[0], table, events(0, 10))[0]["index"]
    leader = cluster.leader()

    def caught_up():
        (group,) = status_of(leader)["groups"]
        return all(each["match_index"] >= index and each["healthy"] for each in group["members"])

    wait_until(caught_up, 20, "every member holds the write")


def test_the_actions_are_listed_with_a_line_each(cluster):
    with connected(cluster.nodes[0]) as client:
        actions = {each.type: each.description for each in client.list_actions(TIMEOUT)}
    assert {"create_table", "drop_table", "status", "raft.message"} <= set(actions)
    assert all(description and "\n" not in description for description in actions.values())


@pytest.mark.parametrize("name", ["log", "members", "metrics", "tables"])
def test_system_flights_are_described_and_read_by_path_and_by_ticket(cluster, name):
    descriptor = flight.FlightDescriptor.for_path("system", name)
    with connected(cluster.nodes[0]) as client:
        info = client.get_flight_info(descriptor, TIMEOUT)
        by_path = client.do_get(info.endpoints[0].ticket, TIMEOUT).read_all()
    assert info.schema.names == by_path.schema.names
    assert read_system(cluster.nodes[0], name).schema.names == by_path.schema.names


def test_the_log_is_a_table_of_what_was_written(cluster, table):
    create_table(cluster.nodes[0], table, EVENTS, ["id"])
    results = write(cluster.nodes[0], table, [events(0, 3), events(3, 4)])
    drop_table(cluster.nodes[0], table)
    for node in cluster.nodes:
        log = read_system(node, "log")
        assert log.column_names == ["index", "term", "kind", "table", "rows", "bytes", "payload"]
        rows = {row["index"]: row for row in log.to_pylist()}
        for result in results:
            row = rows[result["index"]]
            assert (row["term"], row["table"], row["rows"]) == (
                result["term"],
                table,
                result["rows"],
            )
            assert row["bytes"] >= len(row["payload"]) > 0
        indices = log.column("index").to_pylist()
        assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_the_log_is_the_same_on_every_node(cluster, table):
    write(cluster.nodes[0], table, [events(i, 1) for i in range(20)])
    cluster.wait_applied()
    logs = [read_system(node, "log").to_pylist() for node in cluster.nodes]
    assert logs[0] == logs[1] == logs[2]


def test_the_members_are_a_table(cluster):
    members = read_system(cluster.nodes[0], "members").to_pylist()
    assert {(each["node_id"], each["endpoint"]) for each in members} == {
        (node.number, node.endpoint) for node in cluster.nodes
    }


def test_the_raft_action_refuses_what_is_no_message(cluster):
    before = status_of(cluster.nodes[0])["groups"][0]["term"]
    for body in (b"", b"\x00" * 100, b"\xff" * 100_000):
        with connected(cluster.nodes[0]) as client, pytest.raises(REFUSED):
            list(client.do_action(flight.Action("raft.message", body), TIMEOUT))
    assert status_of(cluster.nodes[0])["groups"][0]["term"] == before


def test_an_action_with_an_unknown_key_names_it(cluster):
    with pytest.raises(ValueError, match="tabel"):
        act(cluster.nodes[0], "drop_table", {"tabel": "x"})


def test_what_a_node_logs_can_be_changed_while_it_runs(make_cluster):
    cluster = make_cluster(size=1, flags=["--log-levels", "raft=error"])
    (node,) = cluster.nodes
    assert "marble.raft" not in node.process.output()
    levels = act(node, "set_log_level", {"component": "raft", "level": "trace"})["levels"]
    assert levels["raft"] == "trace"
    assert levels["flight.server"] == "info"
    levels = act(node, "set_log_level", {"level": "debug"})["levels"]
    assert set(levels.values()) == {"debug"}
    with pytest.raises(pa.ArrowInvalid, match="there are node, flight.server"):
        act(node, "set_log_level", {"component": "rft", "level": "debug"})
    with pytest.raises(pa.ArrowInvalid, match="trace, debug"):
        act(node, "set_log_level", {"level": "loud"})
