"""Fixtures: a shared healthy cluster, clusters of a test's own, and table names."""

import itertools

import pytest
from rig.cluster import Cluster

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Three healthy nodes that the tests of one file share; none of them harms it."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def make_cluster(tmp_path):
    """Starts clusters of the test's own, with flags of its own; they end with the test."""
    made = []

    def make(start=True, **settings):
        each = Cluster(tmp_path / f"cluster{len(made)}", **settings)
        made.append(each)
        return each.start() if start else each

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def table():
    """A table name that no other test uses."""
    return f"table_{next(numbers)}"


def pytest_runtest_makereport(item, call):
    """A failed test shows the last lines that its nodes logged."""
    if call.excinfo is None or call.when != "call":
        return
    fixture = item.funcargs.get("cluster")
    if fixture is None:
        return
    for node in fixture.nodes:
        if node.process is not None:
            lines = node.process.output().splitlines()[-20:]
            item.add_report_section("call", f"log of {node.endpoint}", "\n".join(lines))
