"""What is measured: the rows of each benchmark, the loads of both sides, and the goals.

A peer's settings are the best that were found by trying; Benchmarks/README.md holds what was tried.
"""

from dataclasses import dataclass, replace

from .arrow import MarbleArrow, PyArrow
from .sides import (
    CppFlight,
    CppFlightTLS,
    EtcdCommits,
    MarbleCommits,
    MarbleFlight,
    MarbleFlightTLS,
    PlainTCP,
)

KIBIBYTE, MEBIBYTE = "1024", str(1 << 20)
SECONDS = ["--seconds", "3", "--warm-up", "1"]


@dataclass(frozen=True)
class Row:
    """One comparison. `metric` is what the ratio is of: "rate" (more is better) or "p50_us"."""

    name: str
    metric: str
    ours: tuple
    peer: tuple
    goal: float
    note: str = ""
    floor_us: tuple | None = None  # (p50, p99) that the reference promises for any machine

    @property
    def more_is_better(self):
        return self.metric == "rate"

    def reached(self, ratio):
        return ratio >= self.goal if self.more_is_better else ratio <= self.goal


@dataclass(frozen=True)
class Benchmark:
    """Rows that share the servers of both sides."""

    title: str
    ours: type
    peer: type
    rows: tuple


def _load(command, payload, *more):
    return (command, "--payload", payload, *more, *SECONDS)


STREAM_SMALL = _load("stream", KIBIBYTE, "--in-flight", "256", "--body", "metadata")
STREAM_PLAIN = _load("stream", KIBIBYTE, "--in-flight", "256")
STREAM_LARGE = _load("stream", MEBIBYTE, "--in-flight", "8", "--body", "batch")
PUT = _load("put", MEBIBYTE, "--in-flight", "8")
GET = _load("get", MEBIBYTE)
UNARY_ONE = _load("unary", KIBIBYTE, "--in-flight", "1")
UNARY_MANY = _load("unary", KIBIBYTE, "--in-flight", "64")


def _commit(command, clients, in_flight):
    return _load(command, KIBIBYTE, "--clients", clients, "--in-flight", in_flight)


def _puts(clients, in_flight, connections):
    more = ("--clients", clients, "--in-flight", in_flight, "--connections", connections)
    return ("--payload", KIBIBYTE, *more, *SECONDS)


def _scheduled(payload, rate):
    return ("--payload", payload, "--rate", rate, "--seconds", "4", "--warm-up", "1")


def _arrow(name, *work):
    return Row(name, "rate", (*work, *SECONDS), (*work, *SECONDS), goal=1)


# Without and with TLS.
FLIGHT = (
    Row(
        "acknowledged 1 KiB messages, one stream, 256 in flight",
        "rate",
        STREAM_SMALL,
        STREAM_SMALL,
        goal=30,
    ),
    Row("unary action 1 KiB, 1 in flight", "p50_us", UNARY_ONE, UNARY_ONE, goal=0.6),
    Row(
        "unary action 1 KiB, 64 in flight",
        "rate",
        UNARY_MANY,
        (*UNARY_MANY, "--connections", "8"),
        goal=3,
        note="the peer on 8 connections",
    ),
    Row(
        "acknowledged 1 MiB messages, one stream, 8 in flight",
        "rate",
        STREAM_LARGE,
        STREAM_LARGE,
        goal=2,
    ),
    Row("do_put of 1 MiB record batches, 8 in flight", "rate", PUT, PUT, goal=2),
    Row("do_get of 1 MiB record batches", "rate", GET, GET, goal=2),
)

BENCHMARKS = {
    "arrow": Benchmark(
        title="Arrow IPC streams in memory, one thread",
        ours=MarbleArrow,
        peer=PyArrow,
        rows=(
            _arrow("read batches of 64 rows", "decode", "small"),
            _arrow("read batches of 65,536 rows", "decode", "large"),
            _arrow("read batches of 64 rows, every value checked", "validate", "small"),
            _arrow("read batches of 65,536 rows, every value checked", "validate", "large"),
            _arrow("write batches of 64 rows", "encode", "small"),
            _arrow("write batches of 65,536 rows", "encode", "large"),
            _arrow("read batches of 65,536 rows, LZ4", "decode", "lz4"),
            _arrow("read batches of 65,536 rows, Zstandard", "decode", "zstd"),
            _arrow(
                "write batches of 65,536 rows, Zstandard", "encode", "large", "--compression", "zstd"
            ),
        ),
    ),
    "flight": Benchmark(
        title="Arrow Flight on one machine, client and server in two processes",
        ours=MarbleFlight,
        peer=CppFlight,
        rows=FLIGHT,
    ),
    "tls": Benchmark(
        title="Arrow Flight with TLS on one machine",
        ours=MarbleFlightTLS,
        peer=CppFlightTLS,
        rows=tuple(replace(row, name=f"TLS: {row.name}") for row in FLIGHT),
    ),
    "tcp": Benchmark(
        title="Arrow Flight against plain TCP on one machine",
        ours=MarbleFlight,
        peer=PlainTCP,
        rows=(
            Row(
                "acknowledged 1 KiB messages, one stream, 256 in flight",
                "rate",
                STREAM_SMALL,
                STREAM_PLAIN,
                goal=0.8,
            ),
        ),
    ),
    "commit": Benchmark(
        title="Committed 1 KiB entries, three processes, fsync on",
        ours=MarbleCommits,
        peer=EtcdCommits,
        rows=(
            Row(
                "one client, one in flight",
                "p50_us",
                _commit("commit", "1", "1"),
                _puts("1", "1", "1"),
                goal=0.6,
            ),
            Row(
                "64 clients, one in flight each",
                "rate",
                _commit("commit", "64", "1"),
                _puts("64", "1", "1"),
                goal=4,
            ),
            Row(
                "64 clients, pipelined on do_put streams, against etcd's 64 clients",
                "rate",
                _commit("commit-stream", "64", "64"),
                _puts("64", "1", "1"),
                goal=8,
            ),
            Row(
                "64 clients, pipelined on do_put streams, against etcd at its best",
                "rate",
                _commit("commit-stream", "64", "64"),
                _puts("64", "4", "4"),
                goal=8,
                note="etcd with 256 puts in flight on 4 connections",
            ),
        ),
    ),
    "latency": Benchmark(
        title="Commit latency at a given rate (open loop), three processes, fsync on",
        ours=MarbleCommits,
        peer=EtcdCommits,
        rows=(
            Row(
                "1 KiB at 10,000/s",
                "p50_us",
                ("latency", *_scheduled(KIBIBYTE, "10000")),
                (*_scheduled(KIBIBYTE, "10000"), "--connections", "4"),
                goal=1,
                floor_us=(1_000, 5_000),
            ),
            Row(
                "1 MiB at 100/s",
                "p50_us",
                ("latency", *_scheduled(MEBIBYTE, "100")),
                (*_scheduled(MEBIBYTE, "100"), "--connections", "4"),
                goal=1,
                floor_us=(10_000, 50_000),
            ),
        ),
    ),
}
