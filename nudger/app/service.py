"""What the daemon says of itself: to the log, and to systemd.

The log: one event, one line, to stderr; people by id, and never a text, an address or a token. systemd:
the sd_notify protocol, one datagram a message (man sd_notify).
"""

import io
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from queue import Full, Queue
from threading import Lock, Thread
from typing import TextIO, cast

import structlog

# Their INFO lines show phone numbers (twilio's list(), urllib3) or every request (uvicorn).
CHATTY = ("twilio", "aiohttp", "urllib3", "uvicorn", "apscheduler", "watchfiles", "asyncio", "aiosmtplib")
KEPT = 2_000  # lines that wait for a reader who is slow
GOODBYE = 1.0  # seconds that the last lines get at the end

log = structlog.get_logger("nudger.app.service")


def configure(level: str, *, colours: bool | None = None) -> None:
    """Sets up structlog and the standard library's logging for the whole process."""
    number = getattr(logging, level.upper())
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=True)
            if (sys.stderr.isatty() if colours is None else colours)
            else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # today's stderr, not one since closed
        cache_logger_on_first_use=False,
    )


@contextmanager
def unhurried() -> Iterator[None]:
    """Keeps, while open, whatever is written to stderr from waiting for its reader: a journal that stands
    still, a pipe that nobody reads, or a terminal that is held would hold the daemon with it. Configure the
    logging inside."""
    stderr = sys.stderr
    if not _is_a_file(stderr):  # kept in memory, as tests do: nobody reads it meanwhile
        yield
        return
    aside = _Aside(stderr)
    sys.stderr = cast(TextIO, aside)
    try:
        yield
    finally:
        sys.stderr = stderr
        aside.end()


def _is_a_file(stream: TextIO) -> bool:
    try:
        return stream.fileno() >= 0
    except OSError:
        return False


class _Aside(io.TextIOBase):
    """Lines on their way to `stream`, which a thread of its own writes. What is more than KEPT is dropped,
    and the log says how much."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: Queue[str | None] = Queue(KEPT)
        self._lock = Lock()
        self._begun = ""
        self._dropped = 0
        self._ended = False
        self._writer = Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        if self._ended:  # whoever kept it, as the standard library's logging does
            return self._stream.write(text)
        with self._lock:
            *whole, self._begun = (self._begun + text).split("\n")
            for line in whole:
                self._put(f"{line}\n")
        return len(text)

    def end(self) -> None:
        """What is taken within GOODBYE is written; a reader who takes nothing is not waited for."""
        with self._lock:
            rest, self._begun = self._begun, ""
        with suppress(Full):
            self._lines.put(rest, timeout=GOODBYE)
            self._lines.put(None, timeout=GOODBYE)
            self._writer.join(GOODBYE)
        self._ended = True

    def _put(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except Full:
            self._dropped += 1

    def _write_all(self) -> None:
        # Not by the stream: at the end, Python would wait for the lock of one that stands still.
        handle = self._stream.fileno()
        while (line := self._lines.get()) is not None:
            with suppress(OSError):  # nobody is there to read any more, and that is no reason to end
                _write(handle, line.encode(errors="backslashreplace"))
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        """Once there is room again."""
        if self._dropped and self._lines.empty():
            with self._lock:
                count, self._dropped = self._dropped, 0
            log.warning("log_lines_dropped", count=count, why="nothing took them in time")


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


# Of two starts on a store that cannot be used: the units allow 20 in five minutes before they give up.
STARTS_APART = timedelta(seconds=15)


def notify(*assignments: str) -> bool:
    """Sends e.g. "READY=1", "STATUS=…", and waits for nobody: where the service manager takes nothing now
    (its queue is full, its socket is gone) the notice is dropped. Whether it was taken; True too where no
    service manager asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as to:
        # A leading @ stands for the NUL of an abstract address.
        name = "\0" + address[1:] if address[0] == "@" else address
        try:
            to.sendto("\n".join(assignments).encode(), name)
        except OSError:
            return False
    return True


def reloading() -> tuple[str, str]:
    """Makes the assignments that begin a reload; READY=1 ends it. Type=notify-reload needs the second one."""
    return "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def starting(longest: timedelta) -> str:
    """Makes the assignment that lets a start go on for so long from now, whatever TimeoutStartSec says."""
    return f"EXTEND_TIMEOUT_USEC={longest // timedelta(microseconds=1)}"


def watchdog() -> timedelta | None:
    """Reads how long systemd waits for a sign of life; None where it does not watch this process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
    return timedelta(microseconds=microseconds) if microseconds else None


def rest(up: timedelta) -> timedelta:
    """Returns how long a process that has been `up` and found its store unusable waits before it ends: a disk
    that is full or a server that is away for hours must not use up the starts that systemd allows. None
    where no service manager would start it again."""
    watched = "NOTIFY_SOCKET" in os.environ
    return max(timedelta(0), STARTS_APART - up) if watched else timedelta(0)
