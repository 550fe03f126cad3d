"""The folder that `nudger init` writes to: what is there stays, what is new is whole or not there."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from nudger import plans
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.cli.init.texts import SCHEMA, FirstPlan, settings
from nudger.domain.errors import Problem, UsageError
from nudger.domain.model import Plan
from nudger.plan_sync.files import Found, bundled, find_plans
from nudger.plans import PlanSource

SECRET = 0o600
SHARED = 0o640  # on a server, plans are read by nudger's group


@dataclass(frozen=True)
class Place:
    """A folder by its absolute path, at one time."""

    folder: Path
    now: datetime

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.env"

    @cached_property
    def core(self) -> Core:
        """By the settings that are there; else as those will be that are written."""
        if self.settings_file.exists():
            return Core(load(self.settings_file, os.environ, self.folder, running=False))
        environ = {"NUDGER_PLANS_DIR": str(self.folder / "plans"), **os.environ}
        return Core(load(Path(os.devnull), environ, self.folder, running=False))

    def file_of(self, person: str) -> Path:
        return self.core.settings.plans_dir / f"{person}.toml"

    def check(self) -> None:
        """UsageError where nothing can be written, before anybody is asked anything."""
        nearest = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        if not nearest.is_dir():
            raise UsageError(f"FOLDER: expected a folder, got {self.folder}", f"{nearest} is a file.")
        if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            hint = "Name a folder of your own, or run this as the user whose folder it is."
            raise UsageError(f"FOLDER: this user may not write to {nearest}", hint)

    def taken(self, person: str) -> str:
        """Why this id cannot be had: a plan of this name is there. Else ""."""
        file = self._reading.files.get(person)
        if file is None and self.file_of(person).exists():
            file = str(self.file_of(person))
        return f"{file} has a plan of the name {person} already, and it stays as it is" if file else ""

    def problems_of(self, made: FirstPlan, beside_others: bool) -> Sequence[Problem]:
        """What a plan file with these answers would add to the problems that are there."""
        known = {str(problem) for problem in self._reading.problems} if beside_others else set()
        problems = self._read(made, beside_others).problems
        return [one for one in problems if one.severity == "error" and str(one) not in known]

    def plan(self, made: FirstPlan) -> Plan:
        return self._read(made, False).plans[made.person]

    def write(self, made: FirstPlan) -> list[Path]:
        """The new files, whole; none of them, and no new folder, if anything comes between."""
        schema = json.dumps(plans.schema(), indent=2, ensure_ascii=False) + "\n"
        plan_file = self.file_of(made.person)
        files = {
            self.settings_file: (settings(str(bundled("settings.example.env"))), SECRET),
            plan_file.parent.parent / SCHEMA: (schema, SHARED),
            plan_file: (made.toml, SHARED),
        }
        new = [file for file in files if file == plan_file or not file.exists()]
        try:
            with ExitStack() as undo:
                for file in new:
                    _make_folder(file.parent, undo)
                    _write_new(file, *files[file], undo)
                undo.pop_all()
        except OSError as fault:
            where = fault.filename or self.folder
            raise UsageError(f"FOLDER: {where} cannot be written: {fault.strerror}") from fault
        return new

    @cached_property
    def _found(self) -> Found:
        return find_plans([self.core.settings.plans_dir])

    @cached_property
    def _reading(self) -> plans.ParsedPlans:
        return plans.read(self._found.sources, self.core.facts(self.now), self._found.shared)

    def _read(self, made: FirstPlan, beside_others: bool) -> plans.ParsedPlans:
        new = PlanSource(str(self.file_of(made.person)), made.toml.encode())
        others = self._found.sources if beside_others else ()
        return plans.read([*others, new], self.core.facts(self.now), self._found.shared)


def _make_folder(folder: Path, undo: ExitStack) -> None:
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir()
        undo.callback(one.rmdir)


def _write_new(file: Path, text: str, mode: int, undo: ExitStack) -> None:
    """RACE: a file that came in between is not written over, either."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    undo.callback(file.unlink)
    with open(opened, "w", encoding="utf-8") as new:
        new.write(text)
