"""The programs in Examples, run as their descriptions say."""

import re
import socket
import subprocess
from pathlib import Path

import pyarrow.flight as flight
import pytest
from rig.processes import Process, binary, free_ports, wait_until


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def table_server(tmp_path):
    port = free_ports(1)[0]
    process = Process([binary("serve-table"), port], tmp_path / "serve-table.log")
    try:
        wait_until(lambda: listens(port), 60, "serve-table listens")
        yield port
    finally:
        if process.alive:
            process.kill()


def test_serve_table_serves_its_table(table_server):
    with flight.connect(f"grpc://localhost:{table_server}") as client:
        info = client.get_flight_info(flight.FlightDescriptor.for_path("prices"))
        table = client.do_get(info.endpoints[0].ticket).read_all()
    assert info.schema == table.schema
    assert info.total_records == 3
    assert table.to_pydict() == {"symbol": ["ABC", "DEF", "GHI"], "price": [9.5, 7.25, 8.0]}


def test_write_table_writes_to_a_cluster_and_reads_back(cluster):
    leader = cluster.nodes[0]
    port = leader.endpoint.rpartition(":")[2]
    done = subprocess.run(
        [binary("write-table"), port], capture_output=True, text=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith('committed: {"index"'), done
    assert lines[1:] == ["1 one", "2 -", "3 three"]


def test_the_tutorial_shows_the_example_as_it_is():
    """The functions in the tutorial on serving a table are those of Examples/ServeTable."""
    root = Path(__file__).resolve().parents[2]
    program = (root / "Examples/ServeTable/ServeTable.swift").read_text().split()
    article = (root / "Sources/MarbleFlight/MarbleFlight.docc/ServeATable.md").read_text()
    service = article[: article.index("FlightServerMiddleware")]
    functions = re.findall(r"^ *func .*?^ *}$", service, re.DOTALL | re.MULTILINE)
    assert len(functions) == 2
    for function in functions:
        words = function.split()
        assert any(
            program[start : start + len(words)] == words for start in range(len(program))
        ), function
