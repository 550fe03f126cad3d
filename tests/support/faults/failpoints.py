"""nudger with named steps at which a test ends or hangs it: `python failpoints.py` in place of `nudger`.

A test starts the daemon so, with FAILPOINTS_FOR_TESTS naming a folder, and arms a step by putting a file of
the step's name there that says `kill`, `stop` or `hang`. Whoever reaches the step first takes the file
away and does what it says: one file is one fault, across restarts too. A daemon that runs with it says so in
its log.

The steps stand around the ports, where a crash can be told from the outside: what happens between two of
them is lost with the process, whole. Nothing of them is in nudger itself.
"""

import inspect
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from nudger.channels.phone import PhoneChannel
from nudger.channels.smsgate.channel import SmsGateChannel
from nudger.channels.smtp.channel import SmtpChannel
from nudger.channels.twilio.channel import TwilioChannel
from nudger.cli import daemon, main

FOLDER = "FAILPOINTS_FOR_TESTS"
PROGRAM = str(Path(__file__))

# The call, the step before it, the step after it.
AGENDA = {"lay_out": ("before_lay_out", "laid_out")}
SENDING = {
    "recover": ("before_recover", "recovered"),
    "claim_due": ("before_claim", "claimed"),
    "stopped": ("before_last_look", "looked"),
    "record": ("before_record", "recorded"),
    "release": ("before_release", "released"),
}
INBOUND = {"take_reply": ("before_reply", "reply_taken")}
CHANNEL = {"send": ("before_request", "after_request")}
CLOCK = {"now": ("before_tick", "tick")}  # in the event loop, at each turn of a duty: hang it there

log = structlog.get_logger("nudger.failpoints")


def stand(folder: Path) -> None:
    """From now on the steps stand around the parts of every daemon of this process."""
    armed = partial(reach, folder)
    build = daemon.build_daemon
    for channel in (PhoneChannel, SmsGateChannel, SmtpChannel, TwilioChannel):
        put_around(channel, CHANNEL, armed)

    def build_with_steps(core: Any, store: Any, clock: Any, **more: Any) -> Any:
        log.warning("failpoints_on", folder=str(folder))
        put_around(store.agenda, AGENDA, armed)
        put_around(store.sending, SENDING, armed)
        put_around(store.inbound, INBOUND, armed)
        put_around(clock, CLOCK, armed)
        return build(core, store, clock, **more)

    daemon.build_daemon = build_with_steps


def put_around(part: Any, steps: dict[str, tuple[str, str]], armed: Callable[[str], None]) -> None:
    """A step before and after each call of `part` that `steps` names."""
    for name, (before, after) in steps.items():
        setattr(part, name, _between(getattr(part, name), before, after, armed))


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


def _between(inner: Callable[..., Any], before: str, after: str, armed: Callable[[str], None]) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        armed(before)
        result = inner(*arguments, **named)
        if _did_something(result):
            armed(after)
        return result

    async def call_async(*arguments: Any, **named: Any) -> Any:
        armed(before)
        result = await inner(*arguments, **named)
        armed(after)
        return result

    return call_async if inspect.iscoroutinefunction(inner) else call


def _did_something(result: Any) -> bool:
    """A claim of nothing is no claim: a test that ends the daemon after one means a full one."""
    return bool(getattr(result, "sendings", True))


if __name__ == "__main__":  # and not in the process that it starts to read plans
    stand(Path(os.environ[FOLDER]))
    main()
