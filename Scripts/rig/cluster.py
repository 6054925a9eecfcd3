"""Clusters of real `marble serve` processes on loopback, each node with a directory of its own."""

import shutil
import signal
from pathlib import Path

from .client import status_of
from .processes import Process, binary, free_ports, wait_until

CLUSTER_ID = "test-cluster"


class Node:
    """One node: its endpoint, its data directory, and its process while it runs."""

    def __init__(self, cluster, number, endpoint):
        self.cluster = cluster
        self.number = number
        self.endpoint = endpoint
        self.data_directory = cluster.directory / f"node{number}"
        self.process = None

    @property
    def location(self):
        return f"{self.cluster.scheme}://{self.endpoint}"

    @property
    def access(self):
        return self.cluster.access

    @property
    def running(self):
        return self.process is not None and self.process.alive

    def arguments(self):
        return [
            binary("marble"), "serve",
            "--endpoint", self.endpoint,
            "--nodes", ",".join(node.endpoint for node in self.cluster.nodes),
            "--cluster-id", self.cluster.cluster_id,
            "--data-dir", self.data_directory,
            *self.cluster.flags,
        ]  # fmt: skip

    def start(self, wait=True):
        """Starts the process, and waits for its ready line."""
        log = self.cluster.directory / f"node{self.number}.log"
        self.process = Process(self.arguments(), log)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        return self.process.wait_for_line("ready endpoint=", seconds)

    def kill(self):
        self.process.kill()

    def terminate(self, seconds=30):
        return self.process.terminate(seconds)

    def pause(self):
        self.process.signal(signal.SIGSTOP)

    def resume(self):
        self.process.signal(signal.SIGCONT)

    def wipe(self):
        shutil.rmtree(self.data_directory)

    def stored_bytes(self):
        return sum(each.stat().st_size for each in self.data_directory.rglob("*") if each.is_file())


class Cluster:
    """Nodes with one cluster ID and one node list; `flags` go to each `marble serve`."""

    #: How clients connect; see `rig.client.connected`.
    scheme = "grpc"
    access = None

    def __init__(self, directory, size=3, flags=(), cluster_id=CLUSTER_ID):
        self.directory = Path(directory)
        self.cluster_id = cluster_id
        self.flags = list(flags)
        self.nodes = []
        for number, port in enumerate(free_ports(size), start=1):
            self.nodes.append(Node(self, number, f"127.0.0.1:{port}"))

    @property
    def endpoints(self):
        return ",".join(node.endpoint for node in self.nodes)

    def start(self):
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.wait_ready()
        self.leader()
        return self

    def stop(self):
        for node in self.nodes:
            if node.running:
                node.resume()
                node.kill()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def leader(self, seconds=30):
        """The running node that the group's members take for their leader, once one is known."""
        running = [node for node in self.nodes if node.running]

        def agreed():
            for node in running:
                status = status_of(node)
                group = status["groups"][0] if status else None
                if group and group["role"] == "leader":
                    return node
            return None

        return wait_until(agreed, seconds, "a leader is elected")

    def followers(self):
        leader = self.leader()
        return [node for node in self.nodes if node.running and node is not leader]

    def wait_applied(self, seconds=60):
        """Waits until all running nodes have applied the same index as the leader."""

        def same():
            groups = [status_of(node) for node in self.nodes if node.running]
            if not all(groups):
                return False
            applied = {each["groups"][0]["applied_index"] for each in groups}
            committed = {each["groups"][0]["commit_index"] for each in groups}
            return len(applied | committed) == 1

        wait_until(same, seconds, "all nodes have applied the same index")
