"""The duty that takes plan files into the store: at the start, on SIGHUP, and whenever a file changes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import structlog

from nudger import plans
from nudger.delivery.changes import change
from nudger.delivery.planning import PlanChange, PlanFile
from nudger.delivery.ports import Store
from nudger.errors import PlanError, Problem, SettingsError
from nudger.files import all_problems, find_plans
from nudger.plans import Facts, Reading
from nudger.schedule import local_date

log = structlog.get_logger("nudger.plans")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one load did."""

    people: int
    change: PlanChange
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Loading:
    """Reads the plans folder. A file with problems leaves the person's last good plan running."""

    folder: Path
    facts: Callable[[datetime], Facts]
    store: Store
    zone: Callable[[str], tzinfo]
    seed: str
    zones_changed: Callable[[], bool]  # whether tzdata was replaced since it was last asked
    _last: Reading | None = None  # what has not changed since is not read again

    async def run_once(self, now: datetime) -> Loaded:
        """Takes over what has changed since the last time."""
        loaded = await asyncio.to_thread(self.load, now)
        for problem in loaded.problems:
            report = log.error if problem.severity == "error" else log.info
            report("plan_problem", at=f"{problem.file}:{problem.line}:{problem.column}", where=problem.where)
        log.info(
            "plans_loaded",
            people=loaded.people,
            added=len(loaded.change.added),
            changed=len(loaded.change.changed),
            removed=len(loaded.change.removed),
            problems=len(loaded.problems),
        )
        return loaded

    def load(self, now: datetime) -> Loaded:
        """The same, on its own: says only what an edit changes, before it takes effect."""
        if self.zones_changed():
            log.warning("zone_rules_changed", what="every day to come is laid out again")
            self.store.lay_out_all_again(now)
        reading, problems = self.read(now)
        files = [
            PlanFile(plan, reading.files[person], reading.digests[person])
            for person, plan in reading.plans.items()
        ]
        self._announce(files, now)
        done = self.store.load_plans(files, frozenset(reading.files), problems, now)
        return Loaded(len(reading.plans), done, tuple(problems))

    def _announce(self, files: Sequence[PlanFile], now: datetime) -> None:
        """One line a person whose plan is another than the one that runs, before it takes effect."""
        running = self.store.digests()
        for file in files:
            old = self.store.person(file.plan.person) if file.plan.person in running else None
            if old is None or running[old.id] == file.digest:
                continue
            zones = self.zone(old.plan.timezone), self.zone(file.plan.timezone)
            today = local_date(zones[1], now)
            log.info(
                "plan_changes", person=old.id, week=str(change(old.plan, file.plan, today, self.seed, zones))
            )

    def read(self, now: datetime) -> tuple[Reading, list[Problem]]:
        found = find_plans([self.folder])
        reading = plans.read(found.sources, self.facts(now), found.shared, before=self._last)
        self._last = reading
        return reading, all_problems(found, reading.problems)

    def demand(self, now: datetime) -> None:
        """Refuses to start without anybody to nudge: no folder, no plans, or none that is right and
        none that ran before."""
        if not self.folder.is_dir():
            raise SettingsError(
                f"NUDGER_PLANS_DIR: expected a folder with plans, found nothing at {self.folder}",
                "Create it and copy an example plan into it, or name another folder.",
            )
        reading, problems = self.read(now)
        if reading.plans or self.store.digests():
            return
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            raise PlanError(errors)
        raise SettingsError(
            f"NUDGER_PLANS_DIR: expected a plan (a .toml or .csv file) in {self.folder}, found none",
            "Copy an example plan into it and edit it; check it with: nudger check",
        )
