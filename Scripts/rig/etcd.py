"""A local etcd cluster of Debian's etcd-server, with its data on disk and fsync on."""

import json
import shutil
import urllib.request
from pathlib import Path

from .processes import Process, free_ports, wait_until


class EtcdCluster:
    """Three members on loopback. Backend and log are etcd's defaults: every commit is synced."""

    def __init__(self, directory, members=3):
        self.directory = Path(directory)
        ports = free_ports(2 * members)
        self.client_ports, self.peer_ports = ports[:members], ports[members:]
        self.processes = []

    @property
    def endpoints(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.client_ports)

    def start(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        initial = ",".join(
            f"n{i}=http://127.0.0.1:{port}" for i, port in enumerate(self.peer_ports)
        )
        for i, (client, peer) in enumerate(zip(self.client_ports, self.peer_ports, strict=True)):
            arguments = [
                "etcd",
                "--name", f"n{i}",
                "--data-dir", self.directory / f"n{i}",
                "--listen-client-urls", f"http://127.0.0.1:{client}",
                "--advertise-client-urls", f"http://127.0.0.1:{client}",
                "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
                "--initial-cluster", initial,
                "--initial-cluster-token", "benchmark",
                "--quota-backend-bytes", str(8 << 30),
                "--log-level", "error",
            ]  # fmt: skip
            self.processes.append(Process(arguments, self.directory / f"n{i}.log"))
        wait_until(self._healthy, 30, "etcd has a leader")
        return self

    def _healthy(self):
        try:
            address = f"http://127.0.0.1:{self.client_ports[0]}/health"
            with urllib.request.urlopen(address, timeout=2) as response:
                return json.load(response)["health"] == "true"
        except OSError:
            return False

    def stop(self):
        for process in self.processes:
            process.terminate()
        self.processes = []
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
