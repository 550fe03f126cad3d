"""The long form: `make faults`. Fuzzes, soaks, kills daemons until it is enough, and prints the table."""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from tests.support.doubles import postgres
from tests.support.faults import chaos, nursery, phone
from tests.support.faults.chaos import Outcome, Setup
from tests.support.faults.soak import grown, soak
from tests.support.faults.tally import Tally, table
from tests.support.faults.targets import TARGETS

NO_SOCKETS = shutil.ignore_patterns("notify")
EACH = 80  # kills of one daemon in one run


def main() -> int:
    asked = argparse.ArgumentParser(prog="make faults", description=__doc__)
    asked.add_argument("--kills", type=int, default=1000, help="in all (default: 1000)")
    asked.add_argument("--seed", type=int, default=int(time.time()), help="to see the same faults again")
    asked.add_argument("--weeks", type=int, default=13, help="of the soak (default: 13, 91 days)")
    asked.add_argument("--fuzz", type=int, default=60, help="seconds for each target (default: 60)")
    options = asked.parse_args()
    found = [_fuzz(options.fuzz), _soak(options.weeks)]
    if nursery.libfaketime() is None:
        print(f"make faults {nursery.INSTALL}", file=sys.stderr)
        return 1
    print(f"seed {options.seed}", flush=True)
    outcomes = asyncio.run(_runs(options.kills, options.seed, _has_postgresql()))
    rows: dict[str, Tally] = {}
    for label, outcome in outcomes:
        rows[label] = rows.get(label, Tally()) + outcome.tally
    print(table(rows))
    by_step = sum((outcome.by_step for _, outcome in outcomes), Counter[str]())
    print("kills:", ", ".join(f"{step or 'at random'} {count}" for step, count in by_step.most_common()))
    for row in rows.values():
        print(*row.details, sep="\n")
    broken = any(row.broken for row in rows.values()) or any(one.deaths for _, one in outcomes)
    return 1 if broken or any(found) else 0


def _soak(weeks: int) -> bool:
    """Whether something grew; prints the curve."""
    with tempfile.TemporaryDirectory(prefix="nudger-soak-") as folder:
        samples = asyncio.run(soak(Path(folder), weeks, 10, 1, lambda sample: print(sample, flush=True)))
    faults = grown(samples) if samples else []
    print(*faults, sep="\n", end="")
    return bool(faults)


def _fuzz(seconds: int) -> bool:
    """Whether something was found; says what each target was fed."""
    if find_spec("atheris") is None:
        print("without fuzzing: .venv/bin/pip install -c constraints.txt -e '.[dev,faults]'", flush=True)
        return False
    found = False
    for name in TARGETS if seconds else ():
        folder = Path(tempfile.mkdtemp(prefix=f"nudger-fuzz-{name}-"))
        command = [sys.executable, "-m", "tests.support.faults.fuzzing", name, str(folder), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        inputs = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
        print(f"fuzzed {name}: {inputs[-1] if inputs else 'no'} inputs", flush=True)
        if done.returncode:
            print(done.stderr[-2000:], f"see {folder}", sep="\n")
            found = True
        else:
            shutil.rmtree(folder)
    return found


async def _runs(kills: int, seed: int, postgresql: bool) -> list[tuple[str, Outcome]]:
    """Three at a time: one daemon on SQLite, one with a phone of one's own, and a fleet of two on PostgreSQL
    where there is one."""
    done: list[tuple[str, Outcome]] = []
    speed = await nursery.pace(12)
    while sum(outcome.tally.kills for _, outcome in done) < kills:
        seed += 1
        with tempfile.TemporaryDirectory(prefix="nudger-faults-") as folder:
            setups = {"sqlite": Setup(Path(folder, "sqlite"), seed, EACH, speed=speed)}
            if postgresql:
                setups["postgresql"] = Setup(
                    Path(folder, "fleet"), seed, EACH, daemons=2, speed=speed, postgresql=True
                )
            setups["phone"] = Setup(Path(folder, "phone"), seed, EACH, speed=speed)
            runs = {"phone": phone.run}
            outcomes = await asyncio.gather(
                *(runs.get(label, chaos.run)(setup) for label, setup in setups.items())
            )
            if any(outcome.tally.broken or outcome.deaths for outcome in outcomes):
                kept = Path(tempfile.mkdtemp(prefix=f"nudger-faults-{seed}-"))
                shutil.copytree(folder, kept, dirs_exist_ok=True, ignore=NO_SOCKETS)
                print(
                    *(line for outcome in outcomes for line in outcome.tally.details), f"see {kept}", sep="\n"
                )
        done += zip(setups, outcomes, strict=True)
        so_far = sum((outcome.tally for _, outcome in done), Tally())
        print(
            f"  {so_far.kills} kills, {so_far.due} due: {so_far.lost} lost, {so_far.twice} twice,"
            f" {so_far.after_stop} after STOP, {so_far.quiet} in quiet hours",
            flush=True,
        )
    return done


def _has_postgresql() -> bool:
    if postgres.binaries() is None:
        print("without PostgreSQL, whose fleet is left out: apt-get install postgresql")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
