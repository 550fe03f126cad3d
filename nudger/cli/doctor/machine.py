"""What `nudger doctor` looks at on the machine: its clock, tzdata, room on the disk, the service, the
settings and who else may read what is secret."""

import asyncio
import ctypes
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from nudger.app.settings import Settings
from nudger.app.zones import PACKAGE, SYSTEM, Zones
from nudger.cli.doctor.findings import Finding, failure, note, ok, several, warning
from nudger.domain.errors import SettingsError
from nudger.operations.upkeep import LEAST, LITTLE, MB

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
    """Judges what the kernel says of the clock; None where it says nothing (no Linux, or a sandbox)."""
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


AHEAD = timedelta(days=366)


def tzdata_is_known(zones: Zones, zone_of: Mapping[str, str], now: datetime) -> Finding:
    """Tells whose zones this machine's tables know. `zone_of`: person -> timezone."""
    other = PACKAGE if zones.source == SYSTEM else SYSTEM
    used = f"{zones.version} of the {zones.source} is used"
    if zones.older is None:
        return ok(f"{used}; there is no other copy")
    both = f"{used}; the {other} has {zones.older}"
    differing = set(zones.differing(zone_of.values(), now, now + AHEAD))
    people = [f"{person} ({zone})" for person, zone in sorted(zone_of.items()) if zone in differing]
    if not people:
        return ok(f"{both}: the same for everybody's zone in the next year")
    advice = "nudger is right; other programs that use the older copy show these people other times."
    return note(f"{both}, and in the next year has other times for {several(people)}", advice)


STORE = 4  # the exit code


def disk_has_room(folder: Path) -> Finding:
    """Tells how much room there is. `folder` need not exist yet: then the nearest one above it counts."""
    free = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free
    return judged(free, folder)


def judged(free: int, folder: Path) -> Finding:
    """Judges the room on a disk, `free` in bytes."""
    room = f"{_shown(free)} free at {folder}"
    advice = "A full disk stops every nudge. Free some space: du -xh / | sort -h | tail"
    if free < LEAST:
        return failure(room, advice, STORE)
    return warning(room, advice) if free < LITTLE else ok(room)


def _shown(size: int) -> str:
    return f"{size / 1000 / MB:.1f} GB" if size >= 1000 * MB else f"{size / MB:.0f} MB"


UNIT = "nudger.service"
ASKED = ("LoadState", "ActiveState", "Result", "UnitFileState", "NeedDaemonReload", "WatchdogUSec")
PATIENCE = timedelta(seconds=5)
BOOTED = Path("/run/systemd/system")  # sd_booted(3): it is there where systemd is the service manager
NO_WATCHDOG = ("", "0", "infinity")
FAULT = 1  # the exit code

UnitState = Mapping[str, str]


async def service_answers(booted: Path = BOOTED) -> list[tuple[str, UnitState]]:
    """Asks `systemctl show` about nudger: the system's unit and the user's, by the command to type.

    Empty where systemd is not the service manager.
    """
    systemctl = _systemctl(booted)
    if systemctl is None:
        return []
    scopes: dict[str, list[str]] = {"systemctl": [], "systemctl --user": ["--user"]}
    return [(command, await _show(systemctl, scope)) for command, scope in scopes.items()]


def service_is_watched(answers: Sequence[tuple[str, UnitState]]) -> Finding:
    """Tells whether systemd watches the first unit that is there."""
    if not answers:
        return note("no systemd here", "Whatever starts nudger should start it again after a crash.")
    loaded = ((command, answer) for command, answer in answers if answer.get("LoadState") == "loaded")
    command, answer = next(loaded, ("", {}))
    if not command:
        return note(f"there is no unit {UNIT}", "docs/install.md has the steps to run nudger as a service.")
    return _judged(command, answer)


def _judged(command: str, answer: UnitState) -> Finding:
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


async def _show(systemctl: str, scope: Sequence[str]) -> UnitState:
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


FAULTY = 3  # the exit code of settings and plans


def settings_are_right(settings: Settings) -> Finding:
    """Tells of settings that a daemon could start with."""
    file = str(settings.file) if settings.file else "no settings file, the defaults hold"
    channels = f"texts by {settings.sms}, email by {settings.email}"
    doubts = [*settings.warnings, *_doubts(settings)]
    if doubts:
        return warning(f"{file}; {channels}", "\n".join(doubts))
    return ok(f"{file}; {channels}")


def settings_are_wrong(fault: SettingsError, service_secrets: Path) -> Finding:
    """Tells every problem of the settings. `service_secrets`: the folder that systemd hands on to the daemon,
    and to no command."""
    first, *problems = fault.message.splitlines()
    advice = [line.strip() for line in problems] + [fault.hint]
    if "expected a value" in fault.message and _is_folder(service_secrets):
        advice.append(f"The service's secrets lie in {service_secrets}, for root alone: run this as root.")
    return failure(first.removesuffix(":"), "\n".join(advice), FAULTY)


def files_are_closed(files: Iterable[tuple[Path, Path]]) -> Finding:
    """Judges files that hold secrets or phone numbers, each with what is to be closed where it is open:
    itself, or its folder."""
    open_ = list(dict.fromkeys(str(place) for file, place in files if _is_open(file)))
    if open_:
        return warning(
            f"every user of this machine may read {several(open_)}",
            f"They hold secrets or phone numbers. Close them: chmod o= {' '.join(open_)}",
        )
    return ok("other users of this machine cannot read secrets, plans or the database")


def service_credentials(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Lists each secret of a folder, with itself to close."""
    return ((file, file) for file in sorted(folder.iterdir()) if file.is_file())


def _doubts(settings: Settings) -> Iterator[str]:
    """What no start complains of, for it depends on what stands before nudger."""
    if (settings.public_url or "").startswith("https://") and not settings.behind_proxy:
        yield (
            "NUDGER_BEHIND_PROXY: nudger speaks no TLS, so a web server stands before NUDGER_PUBLIC_URL; "
            "set it to true where that one adds to X-Forwarded-For, else all the world counts as one address"
        )
    if settings.email == "smtp" and settings.public_url is None:
        yield (
            "NUDGER_PUBLIC_URL: without it no link stops the emails, and nobody reads what is written back: "
            "people can only tell you"
        )


def _is_open(file: Path) -> bool:
    """Whether everybody may read or write it, and reach it."""
    if not file.exists() or not file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in file.resolve().parents)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except PermissionError:
        return False
