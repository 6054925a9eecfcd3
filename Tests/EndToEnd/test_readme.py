"""The README's Python, as it stands, against `marble demo`."""

import re
import signal
import subprocess
import sys

import pytest
from rig.processes import ROOT, Process, binary

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_python(program, directory):
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=directory,
    )


@pytest.fixture
def demo(tmp_path):
    process = Process([binary("marble"), "demo"], tmp_path / "demo.log")
    try:
        process.wait_for_line("Ctrl-C", 60)
        yield process
    finally:
        if process.alive:
            process.signal(signal.SIGINT)
            process.wait()


def test_the_python_of_the_readme_runs_from_top_to_bottom(demo, tmp_path):
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    assert blocks, "the README shows no Python"
    done = run_python("\n".join(blocks), tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_curl_lines_of_the_readme_run_as_they_stand(demo):
    lines = re.findall(r"^curl .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert lines, "the README shows no curl"
    answers = []
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", f"{line} -sS --fail-with-body --retry 5 --retry-all-errors"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        answers.append(done.stdout)
    assert '"type":"status"' in answers[0]
    assert '"ready":true' in answers[1]
    assert "# TYPE raft_term gauge" in answers[2]


def test_the_python_that_the_demo_prints_runs(demo, tmp_path):
    lines = demo.output().splitlines()
    program = "\n".join(line[4:] for line in lines if line.startswith("    "))
    assert "pyarrow" in program
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr
