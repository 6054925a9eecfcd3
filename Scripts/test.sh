#!/usr/bin/env bash
# The whole check: format, build, unit tests, simulator, end-to-end tests. Goes on after a failed
# step where the next can still say something; ends with a summary, and fails if anything did.
set -uo pipefail
cd "$(dirname "$0")/.."

seeds=${MARBLE_SIM_SEEDS:-2000}
results=.build/test-results
mkdir -p "$results"
rm -f "$results"/*

failed_steps=()
step() {
    local name=$1 started=$SECONDS
    shift
    echo "== $name"
    if "$@"; then
        echo "== $name: ok, $((SECONDS - started)) s"
    else
        echo "== $name: FAILED, $((SECONDS - started)) s"
        failed_steps+=("$name")
        return 1
    fi
}

summary() {
    .venv/bin/python Scripts/summary.py "$results" "${failed_steps[@]}"
    exit $?
}

step "setup" Scripts/setup.sh test || exit 1
step "format" Scripts/format.sh lint
step "build (debug)" swift build --build-tests || summary
# What computes and what talks over sockets run one after the other, and of the latter a few at a
# time: the timeouts of servers and clients mustn't run out because the processor has crash tests, or
# the first steps of all tests, to do.
computing='^Marble(Arrow|Fuzz|Environment|JSON|Log|Metrics|Raft|Simulator|Store)Tests\.'
export MARBLE_PYTHON=$PWD/.venv/bin/python
step "unit tests that compute" \
    swift test --skip-build --filter "$computing" --xunit-output "$results/computing.xml"
step "unit tests that talk" env SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=6 \
    swift test --skip-build --skip "$computing" --xunit-output "$results/talking.xml"
step "build (release)" swift build -c release || summary
step "simulator" .build/release/marble-sim --seeds "$seeds"
step "end-to-end tests" .venv/bin/python -m pytest Tests/EndToEnd \
    --junitxml "$results/end-to-end.xml"
summary
