"""Failpoints: named steps at which a test ends or hangs the daemon. Off, there is nothing of them.

A test starts the daemon with FAILPOINTS_FOR_TESTS naming a folder, and arms a step by putting a file of
the step's name there that says `kill`, `stop` or `hang`. Whoever reaches the step first takes the file
away and does what it says: one file is one fault, across restarts too. It is no setting: neither a
settings file nor a credential can hold it, and a daemon that runs with it says so in its log.

The steps stand around the ports, where a crash can be told from the outside: what happens between two
of them is lost with the process, whole.
"""

import inspect
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import structlog

from nudger.delivery.ports import Channel, Clock, Store
from nudger.model import ChannelName

SWITCH = "FAILPOINTS_FOR_TESTS"

# The call, the step before it, the step after it.
STORE = {
    "recover": ("before_recover", "recovered"),
    "lay_out": ("before_lay_out", "laid_out"),
    "claim_due": ("before_claim", "claimed"),
    "stopped": ("before_last_look", "looked"),
    "record": ("before_record", "recorded"),
    "release": ("before_release", "released"),
    "take_reply": ("before_reply", "reply_taken"),
}
CHANNEL = {"send": ("before_request", "after_request")}
CLOCK = {"now": ("before_tick", "tick")}  # in the event loop, at each turn of a duty: hang it there

log = structlog.get_logger("nudger.failpoints")


def around(
    store: Store, clock: Clock, channels: Mapping[ChannelName, Channel], environ: Mapping[str, str]
) -> tuple[Store, Clock, Mapping[ChannelName, Channel]]:
    """The three with failpoints around them where `environ` has the switch; else the very same."""
    if not environ.get(SWITCH):
        return store, clock, channels
    folder = Path(environ[SWITCH])
    log.warning("failpoints_on", folder=str(folder))

    def armed(step: str) -> None:
        reach(folder, step)

    return (
        cast(Store, _Around(store, STORE, armed)),
        cast(Clock, _Around(clock, CLOCK, armed)),
        {name: cast(Channel, _Around(channel, CHANNEL, armed)) for name, channel in channels.items()},
    )


def reach(folder: Path, step: str) -> None:
    """Does what the file of this step says, once; nothing where there is none."""
    taken = folder / f"{step}.reached"
    try:
        (folder / step).rename(taken)  # atomic: of two threads, one has it
    except FileNotFoundError:
        return
    what = taken.read_text(encoding="ascii").strip()
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "stop":  # until it is told to go on
        os.kill(os.getpid(), signal.SIGSTOP)
    elif what == "hang":
        threading.Event().wait()
    else:
        raise ValueError(f"{taken}: expected kill, stop or hang, found {what!r}")


class _Around:
    """`inner`, with a step before and after each call that `steps` names."""

    def __init__(
        self, inner: object, steps: Mapping[str, tuple[str, str]], armed: Callable[[str], None]
    ) -> None:
        self._inner = inner
        self._steps = steps
        self._armed = armed

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._steps:
            return found
        before, after = self._steps[name]

        def call(*arguments: Any, **named: Any) -> Any:
            self._armed(before)
            result = found(*arguments, **named)
            if _did_something(result):
                self._armed(after)
            return result

        async def call_async(*arguments: Any, **named: Any) -> Any:
            self._armed(before)
            result = await found(*arguments, **named)
            self._armed(after)
            return result

        return call_async if inspect.iscoroutinefunction(found) else call


def _did_something(result: Any) -> bool:
    """A claim of nothing is no claim: a test that ends the daemon after one means a full one."""
    return bool(getattr(result, "sendings", True))
