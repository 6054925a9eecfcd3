"""kill -9, SIGSTOP and SIGTERM while rows are written: nothing acknowledged is lost or doubled."""

import json
import signal
import time

import pyarrow.flight as flight
import pytest
from data import EVENTS, events
from load import check_rows, start_writers, wait_for_progress
from rig.client import TIMEOUT, connected, create_table, read, status_of, write
from rig.processes import wait_until

FAST = ["--election-timeout-ms", "600", "--heartbeat-interval-ms", "100"]
ROUNDS = 4


@pytest.fixture(params=["keyed", "append-only"])
def written(request, make_cluster):
    """A cluster with a table, and writers at work on it."""
    cluster = make_cluster(flags=FAST)
    key = ["id"] if request.param == "keyed" else []
    create_table(cluster.nodes[0], "rows", EVENTS, key)
    writers = start_writers(cluster, "rows", 3)
    yield cluster, writers
    for writer in writers:
        writer.stopping.set()


def finish(cluster, writers):
    wait_for_progress(writers, 100)
    for writer in writers:
        writer.stop()
    assert check_rows(cluster, "rows", writers) > 0


def test_killing_the_leader_while_writing(written):
    cluster, writers = written
    for _ in range(ROUNDS):
        wait_for_progress(writers, 100)
        leader = cluster.leader()
        leader.kill()
        wait_for_progress(writers, 100)
        leader.start()
    finish(cluster, writers)


def test_killing_a_follower_while_writing(written):
    cluster, writers = written
    for turn in range(ROUNDS):
        wait_for_progress(writers, 100)
        follower = cluster.followers()[turn % 2]
        follower.kill()
        wait_for_progress(writers, 100)
        follower.start()
    finish(cluster, writers)


def test_killing_all_nodes_while_writing(written):
    cluster, writers = written
    for _ in range(ROUNDS):
        wait_for_progress(writers, 100)
        for node in cluster.nodes:
            node.process.signal(signal.SIGKILL)
        for node in cluster.nodes:
            node.kill()
        for node in cluster.nodes:
            node.start(wait=False)
        for node in cluster.nodes:
            node.wait_ready()
    finish(cluster, writers)


def test_a_leader_that_stops_for_a_while_does_not_answer_old_reads(make_cluster):
    cluster = make_cluster(flags=FAST)
    create_table(cluster.nodes[0], "rows", EVENTS, ["id"])
    old = cluster.leader()
    write(old, "rows", events(0, 1))
    old.pause()
    try:
        others = [node for node in cluster.nodes if node is not old]

        def elected():
            groups = [status_of(node, timeout=2) for node in others]
            return any(each and each["groups"][0]["role"] == "leader" for each in groups)

        wait_until(elected, 30, "another leader is elected")
        write(others[0], "rows", events(1, 1))
    finally:
        old.resume()
    assert read(old, "rows").num_rows == 2


def test_a_cluster_without_a_majority_takes_no_write_and_goes_on_afterwards(make_cluster):
    cluster = make_cluster(flags=FAST)
    create_table(cluster.nodes[0], "rows", EVENTS, ["id"])
    survivor, *others = cluster.nodes
    for node in others:
        node.kill()
    with pytest.raises(flight.FlightError):
        write(survivor, "rows", events(0, 1), timeout=4)
    others[0].start()
    wait_until(lambda: cluster.leader(), 30, "a leader")
    write(survivor, "rows", events(1, 1))
    others[1].start()
    assert 1 in read(others[1], "rows").column("id").to_pylist()


def test_sigterm_hands_over_leadership_and_exits_with_zero(make_cluster):
    cluster = make_cluster(flags=["--election-timeout-ms", "6000"])
    create_table(cluster.nodes[0], "rows", EVENTS, ["id"])
    old = cluster.leader(60)
    others = [node for node in cluster.nodes if node is not old]
    began = time.monotonic()
    assert old.terminate() == 0
    write(others[0], "rows", events(0, 1))
    # Without a hand-over the others would wait at least the election timeout.
    assert time.monotonic() - began < 6
    assert read(others[1], "rows").num_rows == 1


def test_sigterm_lets_an_open_stream_finish(make_cluster):
    cluster = make_cluster(flags=FAST)
    create_table(cluster.nodes[0], "rows", EVENTS, ["id"])
    node = cluster.followers()[0]
    descriptor = flight.FlightDescriptor.for_path("rows")
    with connected(node) as client:
        writer, reader = client.do_put(descriptor, EVENTS, TIMEOUT)
        writer.write_batch(events(0, 1))
        assert json.loads(reader.read().to_pybytes())["rows"] == 1
        node.process.signal(signal.SIGTERM)
        writer.write_batch(events(1, 1))
        writer.done_writing()
        assert json.loads(reader.read().to_pybytes())["rows"] == 1
        writer.close()
    assert node.process.wait() == 0
    assert read(cluster.leader(), "rows").num_rows == 2


def test_all_nodes_end_by_sigterm_and_come_back_with_everything(make_cluster):
    cluster = make_cluster(flags=FAST)
    write(cluster.nodes[0], "rows", [events(i, 1) for i in range(100)])
    for node in cluster.nodes:
        node.process.signal(signal.SIGTERM)
    assert [node.process.wait() for node in cluster.nodes] == [0, 0, 0]
    cluster.start()
    for node in cluster.nodes:
        assert read(node, "rows").column("id").to_pylist() == list(range(100))
