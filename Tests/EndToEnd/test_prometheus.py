"""A node's metrics: read as text, by promtool, and scraped by a real Prometheus."""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
from data import events
from rig.client import act, read_system, write
from rig.processes import ROOT, Process, free_ports, wait_until

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="needs Debian's prometheus"
)


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers, answer.read().decode()


def metrics_of(node):
    return fetch(f"http://{node.endpoint}/metrics")[1]


def value(text, name, **labels):
    """The value of one sample; None where it isn't there."""
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name:
            own = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if own == labels:
                return float(found[3])
    return None


def test_writes_and_calls_are_counted(cluster, table):
    leader = cluster.leader()
    before = value(metrics_of(leader), "raft_proposals_total") or 0
    index = write(leader, table, events(0, 10))[0]["index"]
    text = metrics_of(leader)
    assert value(text, "raft_proposals_total") > before
    assert value(text, "raft_commit_index", group="1") >= index
    assert value(text, "raft_applied_index", group="1") >= index
    assert value(text, "raft_role", group="1", role="leader") == 1
    assert value(text, "raft_role", group="1", role="follower") == 0
    assert value(text, "raft_has_leader", group="1") == 1
    assert value(text, "flight_server_calls_total", method="DoPut", status="OK") >= 1
    assert value(text, "flight_server_messages_received_total", method="DoPut") >= 2
    assert value(text, "flight_server_bytes_received_total", method="DoPut") > 0
    assert value(text, "log_sync_duration_seconds_count") >= 1
    for node in cluster.nodes:
        if node is not leader:
            peer = node.endpoint
            assert value(text, "raft_messages_sent_total", peer=peer) >= 1
            assert value(text, "raft_messages_received_total", peer=peer) >= 1
            assert value(text, "raft_peer_connected", peer=peer) == 1


def test_what_a_failed_call_ends_with_is_counted(cluster):
    node = cluster.nodes[0]
    with pytest.raises(Exception, match="nonsense"):
        act(node, "nonsense")
    text = metrics_of(node)
    assert value(text, "flight_server_calls_total", method="DoAction", status="UNIMPLEMENTED") >= 1


def test_a_dead_peer_shows(make_cluster):
    cluster = make_cluster()
    leader = cluster.leader()
    dead = next(node for node in cluster.nodes if node is not leader)
    dead.kill()

    def is_seen():
        text = metrics_of(leader)
        return value(text, "raft_peer_connected", peer=dead.endpoint) == 0

    wait_until(is_seen, 30, "the dead peer shows in the metrics")
    assert value(metrics_of(leader), "raft_peer_connect_failures_total", peer=dead.endpoint) >= 1


def test_the_action_and_the_system_flight_show_the_same_metrics(cluster):
    node = cluster.nodes[0]
    names = {each["name"] for each in act(node, "metrics")["metrics"]}
    rows = read_system(node, "metrics").to_pylist()
    assert names <= {row["name"] for row in rows}
    term = next(row for row in rows if row["name"] == "raft_term")
    assert term["value"] >= 1
    assert json.loads(term["labels"]) == {"group": "1"}


def test_every_metric_is_in_the_documentation(cluster, table):
    write(cluster.leader(), table, events(0, 10))
    documented = (ROOT / "docs" / "metrics.md").read_text()
    for node in cluster.nodes:
        text = metrics_of(node)
        for name in re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE):
            plain = re.sub("^flight_client_(?!(re)?connect)", "flight_server_", name)
            assert f"`{plain}`" in documented, name
        assert "Recorded as" not in text


@needs_prometheus
def test_promtool_finds_nothing_to_complain_about(cluster):
    headers, text = fetch(f"http://{cluster.nodes[0].endpoint}/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_prometheus
def test_prometheus_scrapes_a_cluster(cluster, tmp_path):
    (port,) = free_ports(1)
    targets = json.dumps([node.endpoint for node in cluster.nodes])
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
        f"scrape_configs: [{{job_name: marble, static_configs: [{{targets: {targets}}}]}}]\n"
    )
    prometheus = Process(
        [
            "prometheus", f"--config.file={configuration}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        tmp_path / "prometheus.log",
    )  # fmt: skip

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}
        )
        try:
            answer = json.loads(fetch(url)[1])
        except OSError:
            return []
        return [each["value"][1] for each in answer["data"]["result"]]

    try:
        wait_until(lambda: query('up{job="marble"}') == ["1"] * 3, 60, "all nodes are scraped")
        wait_until(
            lambda: query('sum(raft_role{role="leader"})') == ["1"], 60, "one leader is seen"
        )
        assert query("count(log_sync_duration_seconds_bucket) > 0")
    finally:
        prometheus.kill()
