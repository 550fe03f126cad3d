"""A folder that is edited, loaded as the daemon does it; and what a reading of all of it comes to."""

import asyncio
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nudger import plans
from nudger.app.core import Core
from nudger.domain.errors import Problem
from nudger.domain.model import Plan
from nudger.plan_sync.files import find_plans
from nudger.plan_sync.sync import Loaded, Loading
from nudger.store.stores import Stores

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = 1_700_000_000  # seconds: a file of that age is not too new to be trusted


@dataclass
class World:
    """`running` is what ought to run: each person's last good plan, where there is a file of theirs."""

    core: Core
    store: Stores
    folder: Path
    now: datetime = NOW
    running: dict[str, Plan] = field(default_factory=dict)
    good: dict[str, Plan] = field(default_factory=dict)
    edits: int = 0

    def __post_init__(self) -> None:
        (self.folder / "shared").mkdir(parents=True)
        self.loading = self.new_loading()

    def new_loading(self, **changes: Any) -> Loading:
        given = {"zones_changed": lambda: False, "salt": lambda: "salt"} | changes
        return Loading(
            self.folder,
            self.core.facts,
            self.store.plans,
            self.store.agenda,
            self.store.facts,
            self.store.alarms,
            **given,
        )

    def put(self, texts: Mapping[str, str]) -> list[Path]:
        """The folder holds these files and no others; returns the paths that changed."""
        there = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        changed = [name for name in there if name not in texts]
        for name in changed:
            (self.folder / name).unlink()
        for name, text in texts.items():
            if name not in there or (self.folder / name).read_text() != text:
                self.write(name, text)
                changed.append(name)
        return [self.folder / name for name in changed]

    def write(self, name: str, text: str) -> Path:
        """An edit of long ago, later than all edits before it."""
        self.edits += 1
        path = self.folder / name
        path.write_text(text)
        os.utime(path, (LONG_AGO + self.edits,) * 2)
        return path

    def load(self, paths: Iterable[Path] | None = None) -> Loaded:
        """One run of the duty; and what it ought to have come to."""
        loaded = asyncio.run(self.loading.run_once(self.now, None if paths is None else set(paths)))
        self.now += timedelta(minutes=1)
        return loaded

    def expect(self) -> list[Problem]:
        """Reads the whole folder afresh; the problems that there are. Brings `running` up to date."""
        found = find_plans([self.folder])
        reading = plans.read(found.sources, self.core.facts(self.now), found.shared)
        self.good |= reading.plans
        self.running = {person: self.good[person] for person in reading.files if person in self.good}
        return list(reading.problems)

    @property
    def runs(self) -> dict[str, Plan]:
        return {
            person.id: person.plan
            for person in self.store.people.people()
            if person.standing.removed_at is None
        }

    @property
    def problems(self) -> list[Problem]:
        return list(self.store.overview.status(self.now).problems)

    @property
    def alarms(self) -> dict[str, str]:
        return {one.key: one.words for one in self.store.alarms.alarms() if one.cleared_at is None}

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)
