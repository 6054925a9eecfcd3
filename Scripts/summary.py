"""Adds up the JUnit files of a test run: summary.py FOLDER [FAILED STEP]...

Prints one line for each runner, the steps that failed, and a closing line with all of them. Fails
if any test or step did, or if no test ran at all.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RUNNERS = {
    "computing.xml": "unit tests that compute (XCTest)",
    "computing-swift-testing.xml": "unit tests that compute",
    "talking.xml": "unit tests that talk (XCTest)",
    "talking-swift-testing.xml": "unit tests that talk",
    "end-to-end.xml": "end-to-end tests",
}


def counts(path):
    """(passed, failed, skipped) of the file's test cases."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        children = {child.tag for child in case}
        if children & {"failure", "error"}:
            failed += 1
        elif "skipped" in children:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def line(passed, failed, skipped):
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def main(folder, failed_steps):
    totals = [0, 0, 0]
    print("== summary")
    for file, runner in RUNNERS.items():
        path = Path(folder) / file
        if not path.exists():
            continue
        numbers = counts(path)
        if any(numbers):
            print(f"{runner}: {line(*numbers)}")
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
    if failed_steps:
        print(f"failed steps: {', '.join(failed_steps)}")
    print(f"total: {line(*totals)}")
    return 1 if failed_steps or totals[1] or not totals[0] else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
