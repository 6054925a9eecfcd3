"""Child processes: started in a session of their own, logged to a file, watched through /proc."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def build_folder():
    """Where the build that is tested is: the release build, or what MARBLE_BIN names."""
    return Path(os.environ.get("MARBLE_BIN", ROOT / ".build" / "release"))


def binary(name):
    """One of the package's executables, from the build that is tested."""
    path = build_folder() / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `swift build -c release` first")
    return str(path)


def free_ports(count):
    """Ports that nothing listens on, all different; taken from the kernel, then let go."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(condition, seconds, what):
    """Polls until `condition` returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s still not: {what}")
        time.sleep(0.02)


class Process:
    """One child process whose output goes to a file."""

    def __init__(self, arguments, log, environment=None, directory=None):
        self.log = Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as output:
            self.child = subprocess.Popen(
                [str(each) for each in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self):
        return self.child.pid

    @property
    def alive(self):
        return self.child.poll() is None

    def output(self):
        """What this run has printed so far."""
        with open(self.log, "rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def wait_for_line(self, text, seconds=30):
        """Waits for a line of output that contains `text`; an early exit is an error at once."""

        def seen():
            for line in self.output().splitlines():
                if text in line:
                    return line
            if not self.alive:
                raise RuntimeError(
                    f"{self.child.args[0]} ended with {self.child.returncode}:\n{self.output()}"
                )
            return None

        return wait_until(seen, seconds, f"{text!r} in {self.log}")

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=30):
        return self.child.wait(seconds)

    def kill(self):
        """SIGKILL, and waits until the process is gone."""
        if self.alive:
            self.signal(signal.SIGKILL)
        self.child.wait(30)

    def terminate(self, seconds=30):
        """SIGTERM, and its exit code; SIGKILL after `seconds`."""
        if self.alive:
            self.signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def cpu_seconds(self):
        """User and system time since the start; Linux only, else 0."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def _status_bytes(self, field):
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        return 0

    def resident_bytes(self):
        return self._status_bytes("VmRSS")

    def peak_resident_bytes(self):
        return self._status_bytes("VmHWM")
