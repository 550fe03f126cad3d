"""The daemon waits for no other program: neither for its service manager, nor for who reads its log."""

import asyncio
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nudger.app import service
from nudger.app.service import notify
from tests.support.running import fill

PIPE = 65_536  # bytes that a pipe holds (pipe(7))
TALKS = """
import sys, structlog
from nudger.app import service as logs
with logs.unhurried():
    logs.configure("info")
    for number in range(int(sys.argv[1])):
        structlog.get_logger().info("said", number=number, much="x" * 200)
    print("went on", flush=True)
    sys.stdin.readline()
    structlog.get_logger().info("last")
"""


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager that reads nothing, and whose queue is full."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        fill(str(tmp_path / "notify"))
        yield manager


async def test_a_notice_that_is_not_taken_is_dropped(full: socket.socket) -> None:
    async with asyncio.timeout(10):
        taken = await asyncio.to_thread(notify, "WATCHDOG=1")

    assert not taken


async def test_a_service_manager_that_has_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")

    assert not notify("WATCHDOG=1")


def test_a_log_that_nobody_reads_holds_nobody_up_and_says_later_what_it_dropped() -> None:
    many = 5_000
    with _talking(many) as talks:
        assert talks.stdin is not None
        assert talks.stdout is not None
        assert talks.stderr is not None
        assert talks.stdout.readline() == "went on\n"
        read = ""
        while "log_lines_dropped" not in read:  # the reader is back
            read += os.read(talks.stderr.fileno(), PIPE).decode()
        talks.stdin.write("\n")
        talks.stdin.close()
        read += talks.stderr.read()
        code = talks.wait(20)

    assert code == 0
    assert read.count("event='said'") + _dropped(read) == many
    assert read.splitlines()[-1].endswith("event='last'")


def test_a_log_that_nobody_reads_does_not_hold_the_end_up() -> None:
    with _talking(5_000) as talks:
        assert talks.stdout is not None
        assert talks.stdin is not None
        talks.stdout.readline()
        talks.stdin.close()

        code = talks.wait(10)

    assert code == 0


def test_a_log_whose_reader_has_gone_ends_nothing() -> None:
    with _talking(5_000) as talks:
        assert talks.stderr is not None
        talks.stderr.close()

        said, _ = talks.communicate("\n", timeout=20)

    assert (said, talks.returncode) == ("went on\n", 0)


def test_a_log_that_is_kept_in_memory_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.StringIO()
    monkeypatch.setattr(sys, "stderr", kept)

    with service.unhurried():
        print("said", file=sys.stderr)
        said = kept.getvalue()

    assert said == "said\n"


def _talking(lines: int) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", TALKS, str(lines)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _dropped(read: str) -> int:
    (line,) = (line for line in read.splitlines() if "log_lines_dropped" in line)
    return int(line.split("count=")[1].split()[0])
