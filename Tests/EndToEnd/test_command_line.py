"""`marble serve`, `marble status` and `marble demo` as a person starts them."""

import json
import os
import signal
import socket
import subprocess

import pyarrow.flight as flight
import pytest
from data import EVENTS, events
from rig.client import connected, create_table, read, status_of, write
from rig.processes import Process, binary, free_ports, wait_until


def run(*arguments, environment=None, seconds=30):
    return subprocess.run(
        [binary("marble"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, **(environment or {})},
    )


def serve_flags(directory, endpoint, nodes=None, cluster_id="alone"):
    return [
        "serve",
        "--endpoint", endpoint,
        "--nodes", nodes or endpoint,
        "--cluster-id", cluster_id,
        "--data-dir", directory,
    ]  # fmt: skip


@pytest.fixture
def endpoint():
    return f"127.0.0.1:{free_ports(1)[0]}"


@pytest.fixture
def start(tmp_path):
    """Starts `marble` with some arguments; ends it with the test."""
    started = []

    def begin(*arguments, environment=None):
        log = tmp_path / f"process{len(started)}.log"
        process = Process([binary("marble"), *arguments], log, environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.alive:
            process.kill()


def assert_refused(done, *named):
    """It ended with an error that names each of the things, and printed no stack trace."""
    assert done.returncode != 0
    assert done.returncode > 0, f"ended by signal {-done.returncode}: {done.stderr}"
    for each in named:
        assert str(each) in done.stderr, f"{each!r} is not in: {done.stderr}"
    assert "Fatal error" not in done.stderr


def test_one_node_alone_is_a_cluster(start, endpoint, tmp_path):
    process = start(*serve_flags(tmp_path / "data", endpoint))
    line = process.wait_for_line("ready ")
    assert line.endswith(f"ready endpoint={endpoint} node=1 cluster=alone")
    location = f"grpc://{endpoint}"
    wait_until(lambda: status_of(location)["groups"][0]["role"] == "leader", 30, "it leads")
    write(location, "rows", events(0, 10))
    assert read(location, "rows").num_rows == 10
    assert process.terminate() == 0


def test_a_taken_port_is_named(endpoint, tmp_path):
    host, _, port = endpoint.rpartition(":")
    with socket.create_server((host, int(port))):
        assert_refused(run(*serve_flags(tmp_path / "data", endpoint)), endpoint, "in use")


def test_a_data_directory_of_another_cluster_is_refused_with_both_names(start, endpoint, tmp_path):
    process = start(*serve_flags(tmp_path / "data", endpoint, cluster_id="first"))
    process.wait_for_line("ready ")
    process.terminate()
    done = run(*serve_flags(tmp_path / "data", endpoint, cluster_id="second"))
    assert_refused(done, "first", "second", tmp_path / "data")


def test_a_data_directory_that_another_process_uses_is_refused(start, endpoint, tmp_path):
    start(*serve_flags(tmp_path / "data", endpoint)).wait_for_line("ready ")
    other = f"127.0.0.1:{free_ports(1)[0]}"
    assert_refused(run(*serve_flags(tmp_path / "data", other)), tmp_path / "data")


def test_an_endpoint_that_is_not_in_the_node_list_is_refused_with_both(endpoint, tmp_path):
    nodes = "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"
    done = run(*serve_flags(tmp_path / "data", endpoint, nodes))
    assert_refused(done, endpoint, "127.0.0.1:2")


@pytest.mark.parametrize(
    "nodes", ["127.0.0.1", "127.0.0.1:", ":5001", "127.0.0.1:99999", "a:1,a:1"]
)
def test_a_node_list_that_makes_no_sense_is_refused(endpoint, tmp_path, nodes):
    done = run(*serve_flags(tmp_path / "data", endpoint, f"{endpoint},{nodes}"))
    assert_refused(done, nodes.partition(",")[0])


def test_another_node_list_than_the_directorys_is_refused(start, endpoint, tmp_path):
    process = start(*serve_flags(tmp_path / "data", endpoint))
    process.wait_for_line("ready ")
    process.terminate()
    done = run(*serve_flags(tmp_path / "data", endpoint, f"127.0.0.1:1,{endpoint}"))
    assert_refused(done, tmp_path / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every directory")
def test_an_unreadable_directory_is_named(endpoint, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert_refused(run(*serve_flags(closed, endpoint)), closed)


def test_a_data_directory_that_is_a_file_is_named(endpoint, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a directory")
    assert_refused(run(*serve_flags(file, endpoint)), file)


@pytest.mark.parametrize("missing", ["--endpoint", "--cluster-id", "--data-dir"])
def test_a_missing_flag_is_named(endpoint, tmp_path, missing):
    flags = serve_flags(tmp_path / "data", endpoint)
    position = flags.index(missing)
    del flags[position : position + 2]
    assert_refused(run(*flags), missing.removeprefix("--").split("-")[0])


def configuration(endpoint, directory, **more):
    return {
        "endpoint": endpoint,
        "node_endpoints": [endpoint],
        "cluster_id": "configured",
        "data_dir": str(directory),
        **more,
    }


def test_a_configuration_file_says_everything(start, endpoint, tmp_path):
    file = tmp_path / "marble.json"
    more = {
        "election_timeout_ms": 400,
        "heartbeat_interval_ms": 100,
        "snapshot_distance": 50,
        "enable_pre_vote": True,
        "enable_ssl": False,
    }
    file.write_text(json.dumps(configuration(endpoint, tmp_path / "data", **more)))
    process = start("serve", "--config", file)
    process.wait_for_line(f"ready endpoint={endpoint} node=1 cluster=configured")
    write(f"grpc://{endpoint}", "rows", [events(i, 1) for i in range(300)])

    def compacted():
        return status_of(f"grpc://{endpoint}")["groups"][0]["first_index"] > 1

    wait_until(compacted, 30, "a snapshot was made at the configured distance")


def test_a_flag_wins_over_the_environment_and_that_over_the_file(start, endpoint, tmp_path):
    file = tmp_path / "marble.json"
    file.write_text(json.dumps(configuration(endpoint, tmp_path / "data")))
    environment = {"MARBLE_CLUSTER_ID": "from-environment"}
    process = start("serve", "--config", file, environment=environment)
    process.wait_for_line("cluster=from-environment")
    process.terminate()
    process = start(
        "serve", "--config", file, "--cluster-id", "from-flag",
        "--data-dir", tmp_path / "other",
        environment=environment,
    )  # fmt: skip
    process.wait_for_line("cluster=from-flag")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"election_timeout": 400}, "election_timeout"),
        ({"election_timeout_ms": "soon"}, "election_timeout_ms"),
        ({"election_timeout_ms": 0}, "election_timeout_ms"),
        ({"heartbeat_interval_ms": 5000}, "heartbeat_interval_ms"),
        ({"snapshot_distance": -1}, "snapshot_distance"),
        ({"enable_ssl": True}, "tls_cert_path"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_by_its_key(
    endpoint, tmp_path, change, named
):
    file = tmp_path / "marble.json"
    file.write_text(json.dumps(configuration(endpoint, tmp_path / "data", **change)))
    assert_refused(run("serve", "--config", file), named)


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_configuration_file_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / "marble.json"
    if content is not None:
        file.write_text(content)
    assert_refused(run("serve", "--config", file), file)


def test_status_is_a_table_of_the_nodes(cluster):
    leader = cluster.leader()
    for node in cluster.nodes:
        done = run("status", "--endpoint", node.endpoint)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        for word in ("role", "term", "commit", "applied", "lag"):
            assert any(word in line.lower() for line in lines)
        for each in cluster.nodes:
            (line,) = [line for line in lines if each.endpoint in line]
            assert ("leader" if each is leader else "follower") in line


def test_status_as_json_holds_the_same(cluster):
    done = run("status", "--endpoint", cluster.nodes[1].endpoint, "--json")
    assert done.returncode == 0, done.stderr
    text = json.dumps(json.loads(done.stdout))
    assert all(node.endpoint in text for node in cluster.nodes)


def test_status_shows_a_node_that_does_not_answer(make_cluster):
    cluster = make_cluster()
    dead = cluster.followers()[0]
    dead.kill()
    other = next(node for node in cluster.nodes if node.running)
    done = run("status", "--endpoint", other.endpoint)
    (line,) = [line for line in done.stdout.splitlines() if dead.endpoint in line]
    assert "follower" not in line and "leader" not in line


def test_status_of_nothing_says_that_nobody_answers(endpoint):
    assert_refused(run("status", "--endpoint", endpoint), endpoint, "refused")


def consecutive_ports(count):
    """The first of some ports in a row that are free."""

    def free(port):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    first = free_ports(1)[0] % 20_000 + 20_000
    while not all(free(first + i) for i in range(count)):
        first += count
    return first


@pytest.mark.parametrize("size", [3, 5])
def test_a_demo_is_a_whole_cluster_and_ends_with_ctrl_c(start, size):
    port = consecutive_ports(size)
    process = start("demo", "--port", str(port), "--nodes", str(size))
    process.wait_for_line("Ctrl-C", 60)
    assert f"localhost:{port}" in process.output()
    locations = [f"grpc://localhost:{port + i}" for i in range(size)]
    create_table(locations[0], "rows", EVENTS, ["id"])
    write(locations[1], "rows", events(0, 100))
    for location in locations:
        assert read(location, "rows").num_rows == 100
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    for i in range(size):
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port + i), timeout=5)


def test_a_demo_keeps_its_data_where_it_is_told_to(start, tmp_path):
    port = consecutive_ports(3)
    for run_number in range(2):
        process = start("demo", "--port", str(port), "--data-dir", tmp_path / "demo")
        process.wait_for_line("Ctrl-C", 60)
        location = f"grpc://localhost:{port}"
        write(location, "rows", events(10 * run_number, 10))
        assert read(location, "rows").num_rows == 10 * (run_number + 1)
        process.signal(signal.SIGINT)
        assert process.wait() == 0


def test_a_demo_that_is_killed_leaves_no_node_behind(start, tmp_path):
    port = consecutive_ports(3)
    process = start("demo", "--port", str(port), "--data-dir", tmp_path / "demo")
    process.wait_for_line("Ctrl-C", 60)
    process.kill()

    def gone():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return True
        return False

    wait_until(gone, 30, "the nodes ended with the demo")


def test_a_demo_whose_port_is_taken_says_so(start):
    port = consecutive_ports(3)
    with socket.create_server(("127.0.0.1", port + 1)):
        assert_refused(run("demo", "--port", port, seconds=60), port + 1, "--port")


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["demo", "--help"]])
def test_help_is_there(arguments):
    done = run(*arguments)
    assert done.returncode == 0
    assert "USAGE" in done.stdout


def test_a_node_answers_by_the_name_localhost_over_both_address_families(start, tmp_path):
    port = free_ports(1)[0]
    process = start(*serve_flags(tmp_path / "data", f"localhost:{port}"))
    process.wait_for_line("ready ")
    for host in ("localhost", "127.0.0.1"):
        with connected(f"grpc://{host}:{port}") as client:
            assert list(client.list_actions(flight.FlightCallOptions(timeout=10)))
