"""The programs that are measured: each starts its servers, runs one load, and ends."""

import json
import os
import resource
import shutil
import subprocess

from rig.cluster import Cluster
from rig.etcd import EtcdCluster
from rig.processes import ROOT, Process, binary, free_ports

from .peers import etcd_load, flight_peer, tcp_peer

DATA = ROOT / "bench-results" / "data"  # on the disk of the working tree: fsync must cost something
LOAD_TIME_LIMIT = 120
# glibc gives a freed buffer of a megabyte back to the system at once; the page faults of having it
# again are more than half of the cost of a message of that size. Both sides of `flight` keep them.
KEEP_FREED_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}


class Side:
    """Something that serves, and a load generator for it."""

    name = ""
    environment = {}

    def __enter__(self):
        shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir(parents=True)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(DATA, ignore_errors=True)

    def measure(self, arguments):
        """Runs a load; its JSON, and what it cost in the load generator and in all servers."""
        servers = self.servers()
        before = sum(server.cpu_seconds() for server in servers)
        client_before = _children_cpu_seconds()
        command = [str(each) for each in self.load(arguments)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LOAD_TIME_LIMIT,
            env={**os.environ, **self.environment},
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        result = json.loads(done.stdout.strip().splitlines()[-1])
        result["server_cpu_seconds"] = sum(server.cpu_seconds() for server in servers) - before
        result["client_cpu_seconds"] = _children_cpu_seconds() - client_before
        result["server_peak_bytes"] = max(
            (server.peak_resident_bytes() for server in servers), default=0
        )
        return result


def _children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class FlightSide(Side):
    """One server process with an acknowledging do_exchange and an action."""

    environment = KEEP_FREED_MEMORY

    def start(self):
        self.port = free_ports(1)[0]
        server = [*self.server_command(), "--port", self.port]
        self.process = Process(server, DATA / "server.log", environment=self.environment)
        self.process.wait_for_line("ready")

    def stop(self):
        self.process.terminate()

    def servers(self):
        return [self.process]


class MarbleFlight(FlightSide):
    name = "MarbleFlight"

    def server_command(self):
        return [binary("marble-bench"), "flight-server"]

    def load(self, arguments):
        command, *rest = arguments
        endpoint = ["--endpoint", f"127.0.0.1:{self.port}"]
        return [binary("marble-bench"), f"flight-{command}", *endpoint, *rest, "--json"]


class CppFlight(FlightSide):
    name = "C++ Flight"

    def server_command(self):
        return [flight_peer(), "server"]

    def load(self, arguments):
        command, *rest = arguments
        return [flight_peer(), command, "--endpoint", f"127.0.0.1:{self.port}", *rest]


class WithTLS(FlightSide):
    """The same with TLS, by a certificate that is made for each start."""

    def start(self):
        self.certificate, self.key = DATA / "certificate.pem", DATA / "key.pem"
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=benchmark",
                "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", self.key, "-out", self.certificate,
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        super().start()

    def server_command(self):
        return [*super().server_command(), "--tls-cert", self.certificate, "--tls-key", self.key]

    def load(self, arguments):
        return super().load([*arguments, "--tls-root", self.certificate])


class MarbleFlightTLS(WithTLS, MarbleFlight):
    pass


class CppFlightTLS(WithTLS, CppFlight):
    pass


class PlainTCP(FlightSide):
    """Messages with a length prefix, and nothing else: the limit."""

    name = "plain TCP"
    environment = {}

    def server_command(self):
        return [tcp_peer(), "server"]

    def load(self, arguments):
        command, *rest = arguments
        return [tcp_peer(), command, "--endpoint", f"127.0.0.1:{self.port}", *rest]


class MarbleCommits(Side):
    """Three `marble serve` processes with their default settings: fsync on."""

    name = "MarbleDB"

    def start(self):
        self.cluster = Cluster(DATA, flags=["--log-level", "error"], cluster_id="benchmark")
        self.cluster.start()

    def stop(self):
        self.cluster.stop()

    def servers(self):
        return [node.process for node in self.cluster.nodes]

    def load(self, arguments):
        command, *rest = arguments
        endpoints = ["--endpoints", self.cluster.endpoints]
        return [binary("marble-bench"), command, *endpoints, *rest, "--json"]


class EtcdCommits(Side):
    """Three etcd processes with their default settings: fsync on."""

    name = "etcd"

    def start(self):
        self.cluster = EtcdCluster(DATA).start()

    def stop(self):
        self.cluster.stop()

    def servers(self):
        return self.cluster.processes

    def load(self, arguments):
        return [etcd_load(), "-endpoints", self.cluster.endpoints, *arguments]
