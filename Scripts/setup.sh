#!/usr/bin/env bash
# Brings what the make targets need, installs only what is missing, and says what it does.
#
#   Scripts/setup.sh build    a C and C++ development environment for the Swift linker
#   Scripts/setup.sh python   the virtual environment .venv with Scripts/requirements.txt
#   Scripts/setup.sh test     both, and the tools that tests call: curl, nghttp2, Prometheus
#   Scripts/setup.sh bench    both, and the peers: etcd-server, Go with etcd's client, g++
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

missing=()
# need PACKAGE COMMAND…: the package is missing when the command fails.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

header() { compgen -G "$1" >/dev/null; }

install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        fail "missing: ${missing[*]} (Debian's names); install them and run this again"
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "missing: ${missing[*]}; install them as root"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    missing=()
}

build_tools() {
    command -v swift >/dev/null || fail \
        "no swift in PATH; install Swift 6.2 or later from https://www.swift.org/install"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
    [ "$(printf '%s\n6.2\n' "$version" | sort -V | head -n 1)" = 6.2 ] || fail \
        "Swift $version is too old; install 6.2 or later from https://www.swift.org/install"
    [ "$(uname)" = Linux ] || return 0
    need git command -v git
    need binutils command -v ld.gold
    need libc6-dev test -e /usr/include/stdio.h
    need libstdc++-12-dev header "/usr/include/c++/*/vector"
    need zlib1g-dev test -e /usr/include/zlib.h
    need liblz4-dev test -e /usr/include/lz4frame.h
    need libzstd-dev test -e /usr/include/zstd.h
    install_missing
}

# Programs that the tests run against the server.
test_peers() {
    [ "$(uname)" = Linux ] || return 0
    need curl command -v curl
    need nghttp2-client command -v h2load
    need prometheus command -v promtool
    install_missing
}

python_environment() {
    command -v python3 >/dev/null || missing+=(python3)
    need python3-venv python3 -c "import ensurepip, venv"
    install_missing
    if ! .venv/bin/python -c pass 2>/dev/null; then
        say "creating .venv"
        python3 -m venv .venv
    fi
    if ! .venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version
for line in open("Scripts/requirements.txt"):
    name, _, wanted = line.strip().partition("==")
    try:
        found = version(name)
    except PackageNotFoundError:
        sys.exit(1)
    if found != wanted:
        sys.exit(1)
PYTHON
    then
        say "installing Scripts/requirements.txt into .venv"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --requirement Scripts/requirements.txt
    fi
}

test_tools() {
    need openssl command -v openssl
    need curl command -v curl
    install_missing
}

peers() {
    [ "$(uname)" = Linux ] || fail "the peers come from Debian's packages: run this on Debian"
    need openssl command -v openssl
    need etcd-server command -v etcd
    need golang-go command -v go
    need golang-etcd-server-dev test -d /usr/share/gocode/src/go.etcd.io/etcd/clientv3
    need g++ command -v g++
    install_missing
}

case "${1:-}" in
build) build_tools ;;
python) python_environment ;;
test)
    build_tools
    test_tools
    python_environment
    test_peers
    ;;
bench)
    build_tools
    python_environment
    peers
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
