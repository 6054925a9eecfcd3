"""Nodes that lag, lost their directory, or belong elsewhere: snapshots, wiped disks, refusals."""

import pyarrow.flight as flight
import pytest
from data import EVENTS, by_id, events
from rig.client import create_table, read, status_of, write
from rig.cluster import Cluster
from rig.processes import wait_until

FAST = ["--election-timeout-ms", "600", "--heartbeat-interval-ms", "100"]
SNAPSHOTS = [*FAST, "--snapshot-distance", "200"]


def group_of(node):
    status = status_of(node)
    return status["groups"][0] if status else None


def fill(node, first, count):
    write(node, "rows", [events(i, 1) for i in range(first, first + count)])


def assert_rows(cluster, count):
    expected = list(range(count))
    for node in cluster.nodes:
        assert sorted(read(node, "rows").column("id").to_pylist()) == expected


def test_snapshots_bound_the_log(make_cluster):
    cluster = make_cluster(flags=SNAPSHOTS)
    fill(cluster.nodes[0], 0, 2000)
    for node in cluster.nodes:
        wait_until(
            lambda node=node: group_of(node)["first_index"] > 1000, 30, "the log's prefix is gone"
        )
        group = group_of(node)
        assert group["last_index"] - group["first_index"] < 1000
    assert_rows(cluster, 2000)


def test_overwriting_the_same_rows_does_not_grow_the_directory(make_cluster):
    cluster = make_cluster(flags=SNAPSHOTS)
    create_table(cluster.nodes[0], "rows", EVENTS, ["id"])
    batch = events(0, 500)
    write(cluster.nodes[0], "rows", [batch] * 1500)
    cluster.wait_applied()
    early = [node.stored_bytes() for node in cluster.nodes]
    write(cluster.nodes[0], "rows", [batch] * 6000, timeout=180)
    cluster.wait_applied()
    for node, before in zip(cluster.nodes, early, strict=True):
        wait_until(
            lambda node=node, before=before: node.stored_bytes() < 2 * before,
            30,
            "the directory is no larger than after a quarter of the writes",
        )


def test_a_restart_from_snapshot_and_log_has_every_row(make_cluster):
    cluster = make_cluster(flags=SNAPSHOTS)
    fill(cluster.nodes[0], 0, 1050)
    for node in cluster.nodes:
        node.kill()
    cluster.start()
    assert_rows(cluster, 1050)


def test_a_member_that_the_log_cannot_catch_up_gets_a_snapshot(make_cluster):
    cluster = make_cluster(flags=SNAPSHOTS)
    fill(cluster.nodes[0], 0, 10)
    lagging = cluster.followers()[0]
    lagging.kill()
    others = [node for node in cluster.nodes if node is not lagging]
    fill(others[0], 10, 1500)
    for node in others:
        wait_until(
            lambda node=node: group_of(node)["first_index"] > 500, 30, "the log's prefix is gone"
        )
    lagging.start()
    assert_rows(cluster, 1510)
    fill(lagging, 1510, 10)
    assert_rows(cluster, 1520)


def test_a_wiped_node_catches_up_and_never_votes(make_cluster):
    cluster = make_cluster(flags=FAST)
    fill(cluster.nodes[0], 0, 300)
    wiped = cluster.followers()[0]
    wiped.kill()
    wiped.wipe()
    wiped.start()
    leader = cluster.leader()
    index = group_of(leader)["commit_index"]
    wait_until(lambda: group_of(wiped)["applied_index"] >= index, 30, "the wiped node caught up")
    result = read(wiped, "rows", consistency="stale")
    assert sorted(result.column("id").to_pylist()) == list(range(300))

    # With one of the two that kept their disks gone, the wiped one must not make a majority.
    witness = next(node for node in cluster.nodes if node not in (leader, wiped))
    witness.kill()
    with pytest.raises(flight.FlightError):
        write(leader, "rows", events(300, 1), timeout=5)
    leader.kill()
    leader.start()
    with pytest.raises(flight.FlightError):
        write(leader, "rows", events(301, 1), timeout=5)
    assert {group_of(node)["role"] for node in (leader, wiped)}.isdisjoint({"leader"})

    witness.start()
    write(witness, "rows", events(302, 1))
    ids = read(witness, "rows").column("id").to_pylist()
    assert set(ids) >= {*range(300), 302}


def test_a_wiped_node_is_caught_up_by_snapshot_where_the_log_is_short(make_cluster):
    cluster = make_cluster(flags=SNAPSHOTS)
    fill(cluster.nodes[0], 0, 1500)
    wiped = cluster.followers()[0]
    wiped.kill()
    wiped.wipe()
    wiped.start()
    index = group_of(cluster.leader())["commit_index"]
    wait_until(lambda: group_of(wiped)["applied_index"] >= index, 60, "the wiped node caught up")
    expected = by_id(read(cluster.leader(), "rows"))
    assert by_id(read(wiped, "rows", consistency="stale")).equals(expected)


class Foreigner(Cluster):
    """A cluster of one running process, whose node list names the nodes of another cluster too."""

    def __init__(self, directory, other, cluster_id):
        super().__init__(directory, size=1, flags=FAST, cluster_id=cluster_id)
        self.own = self.nodes[0]
        self.nodes = [self.own, *other.nodes]


@pytest.mark.parametrize("cluster_id", ["another-cluster", None])
def test_a_process_that_does_not_belong_is_refused_and_changes_nothing(
    make_cluster, tmp_path, cluster_id
):
    cluster = make_cluster(flags=FAST)
    fill(cluster.nodes[0], 0, 10)
    before = group_of(cluster.leader())
    foreigner = Foreigner(tmp_path / "foreign", cluster, cluster_id or cluster.cluster_id)
    try:
        foreigner.own.start(wait=False)
        # It says why nobody talks to it: the other cluster's name, or that it is no member.
        spoken = cluster.cluster_id if cluster_id else "node"
        foreigner.own.process.wait_for_line(f"{spoken}", 30)
        fill(cluster.nodes[1], 10, 200)
        group = group_of(foreigner.own)
        assert group is None or (group["role"] != "leader" and group["commit_index"] == 0)
    finally:
        if foreigner.own.running:
            foreigner.own.kill()
    after = group_of(cluster.leader())
    assert (after["term"], after["leader"]) == (before["term"], before["leader"])
    assert_rows(cluster, 210)
