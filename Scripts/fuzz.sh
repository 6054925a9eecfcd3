#!/usr/bin/env bash
# Runs the fuzz targets (Fuzz/README.md) under libFuzzer, one after the other.
#
#   Scripts/fuzz.sh [TARGET…]        all targets, or those named
#   DURATION=60                      seconds for each (default 60)
#   Scripts/fuzz.sh --minimize       leaves in Fuzz/Corpus the fewest inputs that cover the same
#   Scripts/fuzz.sh --build          builds only
#
# A target ends with its first finding, which goes to Fuzz/Findings/TARGET; the run goes on with the
# next target, and fails at its end. New inputs that reach new code stay in Fuzz/.build/corpus.
set -uo pipefail
cd "$(dirname "$0")/.."

duration=${DURATION:-60}
build=Fuzz/.build
# Memory in MiB, and seconds for one input: more of either is a finding.
memory=2048
seconds=10

export MARBLE_FUZZ=1
# No backtrace: libFuzzer writes one, and Swift's would take a minute.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:allocator_may_return_null=0}

# With assertions, and optimised: what a release build doesn't check still counts.
flags=(
    -c release --scratch-path "$build"
    -Xswiftc -sanitize=fuzzer,address
    -Xswiftc -enable-testing -Xswiftc -assert-config -Xswiftc Debug
    # libFuzzer has a `main`, too.
    -Xswiftc -use-ld=lld -Xlinker --allow-multiple-definition
)
swift build "${flags[@]}" --product marble-fuzz || exit 1
program=$(swift build "${flags[@]}" --show-bin-path)/marble-fuzz
[ "${1:-}" != --build ] || exit 0

mode=fuzz
if [ "${1:-}" = --minimize ]; then
    mode=minimize
    shift
fi
if [ $# -gt 0 ]; then
    targets=("$@")
else
    mapfile -t targets < <("$program" | tail -n +2)
fi

minimize() {
    local committed=Fuzz/Corpus/$1 fewest
    fewest=$(mktemp -d)
    MARBLE_FUZZ_TARGET=$1 "$program" -merge=1 -rss_limit_mb=$memory -timeout=$seconds \
        "$fewest" "$committed" "$build/corpus/$1" >"$build/minimize.log" 2>&1 || return 1
    rm -rf "$committed"
    mkdir -p "$committed"
    cp "$fewest"/* "$committed"/
    rm -rf "$fewest"
    echo "$1: $(ls "$committed" | wc -l) inputs, $(du -sb "$committed" | cut -f1) bytes"
}

fuzz() {
    mkdir -p "Fuzz/Corpus/$1" "Fuzz/Findings/$1" "$build/corpus/$1"
    local log=$build/$1.log
    local found=0
    MARBLE_FUZZ_TARGET=$1 "$program" -max_total_time="$duration" -rss_limit_mb=$memory \
        -malloc_limit_mb=512 -timeout=$seconds -print_final_stats=1 -use_value_profile=1 \
        -artifact_prefix="Fuzz/Findings/$1/" "$build/corpus/$1" "Fuzz/Corpus/$1" \
        "Fuzz/Findings/$1" >"$log" 2>&1 || found=1
    local runs coverage
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -oE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$log" | tail -n 1)
    echo "$1: ${runs:-?} executions in $duration s, $coverage"
    if [ $found = 1 ]; then
        grep -E 'Fatal error|Precondition|ERROR:|SUMMARY:|Test unit written' "$log"
        return 1
    fi
}

failed=()
for target in "${targets[@]}"; do
    $mode "$target" || failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "fuzz: findings in ${failed[*]} (logs: $build/TARGET.log)"
    exit 1
fi
