"""`make bench [NAME=…]`: runs the benchmarks, prints tables, writes bench-results/NAME.json.

run.py [--rounds N] [arrow] [flight] [tls] [tcp] [memory] [commit] [latency]

Each round starts one side, runs all rows against it, ends it, and does the same with the other; the
sides take turns at going first. The data is under bench-results/, on the working tree's disk.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Scripts"))

from bench import memory  # noqa: E402
from bench.report import ratio_of, summarise, table  # noqa: E402
from bench.rows import BENCHMARKS  # noqa: E402
from rig.processes import ROOT  # noqa: E402

RESULTS = ROOT / "bench-results"
NAMES = ("flight", "memory", *(name for name in BENCHMARKS if name != "flight"))


def measure(benchmark, rounds):
    """For each row the runs of both sides, in order of the rounds."""
    loads = {"ours": benchmark.ours, "peer": benchmark.peer}
    runs = {row.name: {"ours": [], "peer": []} for row in benchmark.rows}
    for number in range(rounds):
        order = ["ours", "peer"] if number % 2 == 0 else ["peer", "ours"]
        for which in order:
            with loads[which]() as side:
                for row in benchmark.rows:
                    result = side.measure(getattr(row, which))
                    runs[row.name][which].append(result)
                    print(f"  round {number + 1}: {side.name}: {row.name}", file=sys.stderr)
    return runs


def run(name, rounds):
    benchmark = BENCHMARKS[name]
    began = time.monotonic()
    runs = measure(benchmark, rounds)
    report = {"benchmark": name, "machine": machine(), "rounds": rounds, "rows": []}
    print(f"\n## {benchmark.title}\n")
    for row in benchmark.rows:
        ours, peer = (summarise(runs[row.name][which]) for which in ("ours", "peer"))
        ratio, ratios = ratio_of(row, ours, peer)
        print(table(row, (benchmark.ours.name, benchmark.peer.name), ours, peer), flush=True)
        report["rows"].append(
            {
                "name": row.name,
                "metric": row.metric,
                "goal": row.goal,
                "ratio": ratio,
                "ratios": ratios,
                "reached": row.reached(ratio),
                benchmark.ours.name: ours,
                benchmark.peer.name: peer,
            }
        )
    report["seconds"] = time.monotonic() - began
    write(name, report)


def run_memory(rounds):
    print("\n## Memory of a Flight server\n")
    write("memory", {"benchmark": "memory", "machine": machine(), "runs": memory.run(rounds)})


def write(name, report):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")


def machine():
    return {"cpus": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="runs of each row and side")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in arguments.names or NAMES:
        if name == "memory":
            run_memory(min(arguments.rounds, 3))
        else:
            run(name, arguments.rounds)


if __name__ == "__main__":
    main()
