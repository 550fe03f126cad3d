"""The service: whether systemd runs it, watches it, and starts it with the machine."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from nudger.doctor.finding import Finding, failure, note, ok, warning

UNIT = "nudger.service"
ASKED = ("LoadState", "ActiveState", "Result", "UnitFileState", "NeedDaemonReload", "WatchdogUSec")
PATIENCE = timedelta(seconds=5)
BOOTED = Path("/run/systemd/system")  # sd_booted(3): it is there where systemd is the service manager
NO_WATCHDOG = ("", "0", "infinity")
FAULT = 1  # the exit code

Answer = Mapping[str, str]


async def service_answers(booted: Path = BOOTED) -> list[tuple[str, Answer]]:
    """What `systemctl show` says of nudger: the system's unit and the user's, by the command to type.

    Empty where systemd is not the service manager.
    """
    systemctl = _systemctl(booted)
    if systemctl is None:
        return []
    scopes: dict[str, list[str]] = {"systemctl": [], "systemctl --user": ["--user"]}
    return [(command, await _show(systemctl, scope)) for command, scope in scopes.items()]


def service_is_watched(answers: Sequence[tuple[str, Answer]]) -> Finding:
    """Of the first unit that is there."""
    if not answers:
        return note("no systemd here", "Whatever starts nudger should start it again after a crash.")
    loaded = ((command, answer) for command, answer in answers if answer.get("LoadState") == "loaded")
    command, answer = next(loaded, ("", {}))
    if not command:
        return note(f"there is no unit {UNIT}", "docs/install.md has the steps to run nudger as a service.")
    return _judged(command, answer)


def _judged(command: str, answer: Answer) -> Finding:
    state, watchdog = answer.get("ActiveState", "unknown"), answer.get("WatchdogUSec", "")
    if state == "failed":
        result = answer.get("Result", "unknown")
        return failure(f"{UNIT} has failed ({result})", f"It says why: {command} status nudger", FAULT)
    if state != "active":
        return warning(f"{UNIT} is {state}", f"Start it: {command} start nudger")
    if watchdog in NO_WATCHDOG:
        advice = "Put WatchdogSec=30 into its [Service], so that systemd restarts a nudger that hangs."
        return warning(f"{UNIT} is active, and nobody watches it", advice)
    if answer.get("NeedDaemonReload") == "yes":
        return warning(f"{UNIT} has changed on disk", f"{command} daemon-reload, then restart nudger")
    if answer.get("UnitFileState") == "disabled":
        advice = f"Enable it: {command} enable nudger"
        return warning(f"{UNIT} is active, and will not start with the machine", advice)
    return ok(f"{UNIT} is active, watched every {watchdog}")


def _systemctl(booted: Path) -> str | None:
    return shutil.which("systemctl") if booted.is_dir() else None


async def _show(systemctl: str, scope: Sequence[str]) -> Answer:
    """Nothing where systemctl cannot be asked: no bus, no such user manager."""
    process = await asyncio.create_subprocess_exec(
        *(systemctl, *scope, "show", UNIT, "--property", ",".join(ASKED)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return {}
    pairs = (line.partition("=") for line in said.decode(errors="replace").splitlines())
    return {name: value for name, _, value in pairs}
