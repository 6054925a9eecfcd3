"""Builds the peers' load generators into .build/peers."""

import os
import shutil
import subprocess
from pathlib import Path

import pyarrow
from rig.processes import ROOT

SOURCES = ROOT / "Benchmarks" / "peers"
BUILD = ROOT / ".build" / "peers"


def _stale(binary, source):
    return not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime


def etcd_load():
    """The etcd load generator, from Debian's packages of Go and of etcd's client."""
    source, binary = SOURCES / "etcd" / "load.go", BUILD / "etcd-load"
    if _stale(binary, source):
        BUILD.mkdir(parents=True, exist_ok=True)
        environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
        subprocess.run(
            ["go", "build", "-o", binary, source], check=True, env={**os.environ, **environment}
        )
    return binary


def tcp_peer():
    """Messages over plain TCP, in C++."""
    source, binary = SOURCES / "tcp" / "tcp_peer.cc", BUILD / "tcp-peer"
    if _stale(binary, source):
        BUILD.mkdir(parents=True, exist_ok=True)
        compiler = shutil.which("g++") or "c++"
        subprocess.run(
            [compiler, "-O3", "-std=c++20", source, "-o", binary, "-lpthread"], check=True
        )
    return binary


def flight_peer():
    """The C++ Flight peer, against the headers and libraries that pyarrow's wheel carries."""
    source, binary = SOURCES / "flight" / "flight_peer.cc", BUILD / "flight-peer"
    if _stale(binary, source):
        BUILD.mkdir(parents=True, exist_ok=True)
        folder = Path(pyarrow.__file__).parent
        libraries = [
            f"-l:{next(folder.glob(f'{name}.so.*')).name}"
            for name in ("libarrow_flight", "libarrow")
        ]
        subprocess.run(
            [
                shutil.which("g++") or "c++", "-O3", "-std=c++20",
                f"-I{pyarrow.get_include()}",
                source, "-o", binary,
                f"-L{folder}", f"-Wl,-rpath,{folder}", *libraries, "-lpthread",
            ],
            check=True,
        )  # fmt: skip
    return binary
