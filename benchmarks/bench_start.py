"""Starting: what a command costs until it has answered, and the daemon until it is READY.

Each is a process of its own, taking turns with `python -c "import sqlalchemy"`, whose processor time is the
measure: it grows and shrinks with the machine, and every daemon pays it. Processor time is user and system
together, of the process and of what it started, as the kernel counts it at the end; memory is the most that
was resident. All is compiled before, by a run that does not count. The commands run in a folder with the two
example plans and no database. The daemon, with those plans, the on-screen phone and SQLite, in the
environment of its systemd unit, is looked at in /proc when it says READY: at its first start, which makes the
database, and started again on it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from benchmarks.measure import HERE, Compared, at_most, figure
from benchmarks.process import MIB, daemon

ROUNDS, QUICK = 5, 2
MEASURE = (sys.executable, "-c", "import sqlalchemy")
NUDGER = (str(Path(sys.executable).with_name("nudger")),)
TICKS = os.sysconf("SC_CLK_TCK")
READY, READY_MIB = 3.5, 90


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, and what it may cost: as a ratio to the measure, and in MiB."""

    typed: Sequence[str]
    time: float
    memory: float
    environ: Mapping[str, str] | None = None


COMMANDS = {
    "nudger --help": Command(("--help",), 1.0, 56),
    "nudger --version": Command(("--version",), 1.0, 56),
    "completing a command": Command(
        (), 1.0, 56, {"_NUDGER_COMPLETE": "complete_bash", "COMP_WORDS": "nudger pre", "COMP_CWORD": "1"}
    ),
    "completing a person": Command(
        (), 1.0, 56, {"_NUDGER_COMPLETE": "complete_bash", "COMP_WORDS": "nudger log m", "COMP_CWORD": "2"}
    ),
    "nudger schema": Command(("schema",), 1.0, 56),
    "nudger check": Command(("check",), 1.3, 56),
    "nudger interpret": Command(("interpret", "later"), 2.0, 70),
    "nudger preview": Command(("preview",), 2.0, 70),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process."""

    time: float  # ms of a processor
    memory: float  # MiB


@cache
def seen(quick: bool) -> dict[str, list[Cost]]:
    """By what was run, each round."""
    found: dict[str, list[Cost]] = {}
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as root:
        home = Path(root).resolve()
        copytree(HERE / "plans", home / "plans")
        for counts in (False, *[True] * (QUICK if quick else ROUNDS)):
            for what, cost in one_round(home):
                if counts:
                    found.setdefault(what, []).append(cost)
    return found


def one_round(home: Path) -> Iterator[tuple[str, Cost]]:
    yield "measure", ended(MEASURE, home, {})
    for what, command in COMMANDS.items():
        yield what, ended((*NUDGER, *command.typed), home, command.environ or {})
    with TemporaryDirectory(dir=home) as state:
        for what in ("first start", "started again"):
            yield what, ready(Path(state), home / "plans")


def ended(command: Sequence[str], home: Path, environ: Mapping[str, str]) -> Cost:
    """A process from its start to its end."""
    usual = {"PATH": os.environ["PATH"], "HOME": str(home), "NUDGER_STATE_DIR": str(home / "none")}
    process = subprocess.Popen(command, cwd=home, env=usual | environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost((used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / MIB)


def ready(state: Path, plans: Path) -> Cost:
    """A daemon from its start until it is READY."""
    with daemon(state, plans) as running:
        return Cost(_used(running.process.pid), running.resident)


def _used(pid: int) -> float:
    """User and system time of a process that runs, and of those that it had, in ms: proc_pid_stat(5)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / TICKS * 1000


def rows(quick: bool) -> Iterator[Compared]:
    costs = seen(quick)
    measure = [one.time for one in costs["measure"]]
    for what, command in COMMANDS.items():
        ours = costs[what]
        yield figure(
            what, "ms", [one.time for one in ours], measure, "import sqlalchemy", at_most(command.time)
        )
        yield figure(
            f"{what}, the most memory", "MiB", [one.memory for one in ours], None, "", at_most(command.memory)
        )
    for start in ("first start", "started again"):
        ours = costs[start]
        what = f"the daemon until READY, {start}"
        yield figure(what, "ms", [one.time for one in ours], measure, "import sqlalchemy", at_most(READY))
        yield figure(
            f"the daemon READY, {start}", "MiB", [one.memory for one in ours], None, "", at_most(READY_MIB)
        )


def run(quick: bool) -> list[Compared]:
    return list(rows(quick))
