"""Whether something keeps the machine's clock right."""

import ctypes

from nudger.doctor.finding import Finding, note, ok, warning

# include/uapi/linux/timex.h. timedatectl goes by maxerror in the same way.
UNSYNCHRONISED = 0x0040
LARGEST_ERROR = 16_000_000  # microseconds


class _Timex(ctypes.Structure):
    """The beginning of struct timex, and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 48),
    )


def clock_is_kept() -> bool | None:
    """What the kernel says; None where it does not (no Linux, or a sandbox)."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    asked = _Timex(modes=0)  # 0 only reads
    if adjtimex is None or adjtimex(ctypes.byref(asked)) < 0:
        return None
    return asked.maxerror < LARGEST_ERROR and not asked.status & UNSYNCHRONISED


def clock_is_right(kept: bool | None) -> Finding:
    if kept is None:
        return note("cannot tell whether the clock is kept in sync", "Compare it with another one: date")
    if not kept:
        advice = (
            "Nudges go out by this clock. Switch on a time service: timedatectl set-ntp true\n"
            "In a virtual machine or a container whose host keeps the clock, this may be a false alarm."
        )
        return warning("nothing tells this machine the time, as far as its kernel knows", advice)
    return ok("kept in sync")
