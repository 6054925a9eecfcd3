"""Plain HTTP on a node's one port, with curl."""

import json
import shutil
import subprocess

import pytest
from rig.client import act
from rig.processes import wait_until

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

VERSIONS = ["--http1.1", "--http2-prior-knowledge"]


def curl(node, path, *arguments):
    """The status and the body that curl gets."""
    done = subprocess.run(
        ["curl", "-s", "-m", "60", "-w", "\n%{http_code}", *arguments,
         f"http://{node.endpoint}{path}"],
        capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def call(node, request, *arguments):
    status, body = curl(node, "/api/flight/do_action", "-d", json.dumps(request), *arguments)
    return status, json.loads(body)


@pytest.mark.parametrize("version", VERSIONS)
def test_curl_lists_the_actions(cluster, version):
    for headers in ([], ["-H", "Content-Type: application/json"]):
        status, types = call(cluster.nodes[0], {"type": "list_actions"}, version, *headers)
        assert status == 200
        assert {"status", "create_table", "health"} <= {each["type"] for each in types}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_action_over_plain_http_is_the_same_as_over_flight(cluster, version):
    node = cluster.nodes[1]
    status, results = call(node, {"type": "status"}, version)
    assert status == 200
    ours, theirs = results[0]["body"], act(node, "status")
    assert ours["node_id"] == theirs["node_id"] == 2
    assert ours["cluster_id"] == theirs["cluster_id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_errors_have_a_status_and_say_what_is_wrong(cluster, version):
    node = cluster.nodes[0]
    status, answer = call(node, {"type": "drop_table", "body": {"table": "none"}}, version)
    assert status == 404
    assert answer["error"]["code"] == "NOT_FOUND"
    assert '"none"' in answer["error"]["message"]
    status, answer = call(node, {"type": "nonsense"}, version)
    assert (status, answer["error"]["code"]) == (501, "UNIMPLEMENTED")
    status, body = curl(node, "/nothing", version)
    assert (status, json.loads(body)["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_body_over_the_limit_is_refused(cluster, tmp_path, version):
    big = tmp_path / "big"
    big.write_bytes(b"x" * (20 << 20))
    status, _ = curl(
        cluster.nodes[0], "/api/flight/do_action", version, "--data-binary", f"@{big}"
    )
    assert status == 413


@pytest.mark.parametrize("version", VERSIONS)
def test_a_healthy_node_is_live_and_ready(cluster, version):
    for node in cluster.nodes:
        assert curl(node, "/health/live", version) == (200, '{"live":true}')
        status, body = curl(node, "/health/ready", version)
        answer = json.loads(body)
        assert status == 200, answer
        assert answer["ready"]
        assert answer["components"]["leader"] == {"healthy": True}


def test_a_node_without_a_leader_is_live_but_not_ready(make_cluster):
    cluster = make_cluster()
    survivor = cluster.nodes[0]
    for node in cluster.nodes[1:]:
        node.kill()

    def is_unready():
        status, body = curl(survivor, "/health/ready")
        return status == 503 and "leader" in json.dumps(json.loads(body))

    wait_until(is_unready, 60, "the node says that it has no leader")
    answer = json.loads(curl(survivor, "/health/ready")[1])
    assert not answer["ready"]
    assert "majority" in answer["components"]["leader"]["reason"]
    assert curl(survivor, "/health/live")[0] == 200
