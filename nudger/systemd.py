"""What the daemon tells systemd: the sd_notify protocol, one datagram a message (man sd_notify)."""

import os
import socket
import time
from datetime import timedelta

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
    """The assignments that begin a reload; READY=1 ends it. Type=notify-reload needs the second one."""
    return "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def starting(longest: timedelta) -> str:
    """The assignment that lets a start go on for so long from now, whatever TimeoutStartSec says."""
    return f"EXTEND_TIMEOUT_USEC={longest // timedelta(microseconds=1)}"


def watchdog() -> timedelta | None:
    """How long systemd waits for a sign of life; None where it does not watch this process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
    return timedelta(microseconds=microseconds) if microseconds else None


def rest(up: timedelta) -> timedelta:
    """How long a process that has been `up` and found its store unusable waits before it ends: a disk
    that is full or a server that is away for hours must not use up the starts that systemd allows. None
    where no service manager would start it again."""
    watched = "NOTIFY_SOCKET" in os.environ
    return max(timedelta(0), STARTS_APART - up) if watched else timedelta(0)
