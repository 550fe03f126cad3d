"""The real daemon as a process: started on a folder of plans, watched until it is ready, and ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST = 900  # seconds that a start may take
MIB = 1024  # KiB


@dataclass
class Running:
    """A daemon that is ready."""

    process: subprocess.Popen[bytes]
    ready_in: float  # seconds from its start
    readers: float  # MiB: the most that the processes it had plans read in took, as seen each 50 ms

    @property
    def resident(self) -> float:
        """MiB now."""
        return _status(self.process.pid, "VmRSS")

    @property
    def peak(self) -> float:
        """MiB, the most since its start."""
        return _status(self.process.pid, "VmHWM")


UNIT = Path(__file__).parent.parent / "systemd" / "nudger.service"


def _of_the_unit() -> dict[str, str]:
    """The environment that the service runs in."""
    lines = UNIT.read_text().splitlines()
    given = [line.removeprefix("Environment=") for line in lines if line.startswith("Environment=")]
    return dict(one.split("=", 1) for line in given for one in line.split())


@contextlib.contextmanager
def daemon(home: Path, plans: Path, **settings: str) -> Iterator[Running]:
    """`nudger run` with the on-screen phone, in a state folder below `home`."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NOTIFY_SOCKET": str(home / "notify"),
        "NUDGER_PLANS_DIR": str(plans),
        "NUDGER_STATE_DIR": str(home / "state"),
        "NUDGER_WEB_PORT": "0",
        "NUDGER_LOG_LEVEL": "error",
        **_of_the_unit(),
        **settings,
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (home / "log").open("ab") as log:
        (home / "notify").unlink(missing_ok=True)
        told.bind(str(home / "notify"))
        began = time.perf_counter()
        command = [sys.executable, "-m", "nudger", "--settings", os.devnull, "run"]
        process = subprocess.Popen(command, cwd=home, env=environ, stdout=log, stderr=log)
        try:
            readers = _until_ready(process, told)
            yield Running(process, time.perf_counter() - began, readers)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _until_ready(process: subprocess.Popen[bytes], told: socket.socket) -> float:
    told.settimeout(0.05)
    readers, until = 0.0, time.monotonic() + LONGEST
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in told.recv(4096):
                return readers
        readers = max(readers, sum(_status(child, "VmRSS") for child in _children(process.pid)))
    raise RuntimeError(f"the daemon did not become ready: see its log ({process.poll()})")


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    return []


def _status(pid: int, name: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / MIB
    return 0.0
