"""Plan files taken over: what changed is read, with all that it hangs together with, and no more.

What holds for one plan alone is found by reading its file. An id or a number that two people share is
found by reading both files. So the files that changed are read together with those that the store
names as linked to them, and the result is the same as that of reading the whole folder.

First, a folder against what is known of it: which files are to be read, and which are gone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path

import structlog

from nudger import plans
from nudger.agenda.port import AgendaStore, FactStore
from nudger.domain.errors import PlanError, Problem, SettingsError
from nudger.operations.port import AlarmStore
from nudger.plan_sync.files import (
    Found,
    find_plans,
    folder_identity,
    in_text,
    may_be_plan,
    plan_stamp,
    plan_stamps,
    read_plans,
    read_shared,
)
from nudger.plan_sync.port import PlanChange, PlanFile, PlanRead, PlanStore
from nudger.plans import Facts, ParsedPlans

MOST_TOLD = 20  # problems of one load that the log names; `nudger status` has all of them
NAMED = 5  # people in a line of the log
USUAL = 1024  # bytes of a plan file

Marks = Mapping[str, str]  # file -> how it was when it was read

log = structlog.get_logger("nudger.plans")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of plan files, asked for part by part: they may be hundreds of thousands."""

    marks: Callable[[Collection[str] | None], Marks]  # of these, or of all
    count: Callable[[], int]  # of all
    outdated: bool = False  # whatever was read has to be read again


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be read: each file with its mark, and those that are no longer there."""

    marks: Marks = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    everything: bool = False  # there are no other files
    anew: bool = False  # what all of them depend on has changed
    outdated: bool = False  # all are read again, changed or not
    empty: bool = False  # there is no file at all
    replaced: bool = False  # and the folder is another one than files were read from

    def __bool__(self) -> bool:
        return bool(self.marks or self.gone or self.anew)

    @property
    def size(self) -> int:
        """Tells how much that is, in files of the usual length (a roster is many)."""
        return len(self.gone) + sum(1 + _length(file) // USUAL for file in self.marks)


def basis_of(salt: str, shared: Found) -> str:
    """Digests all that a plan depends on besides its own file: `salt`, and the shared plans."""
    digest = blake2b(salt.encode(), digest_size=12)
    for source in shared.shared:
        digest.update(f"\0{source.file}\0{len(source.data)}\0".encode() + source.data)
    return digest.hexdigest()


def look(folder: Path, basis: str, known: Known, enough: int | None = None) -> Work:
    """Looks for all that has changed in a folder of plans.

    Args:
        folder: the plans folder; the basis itself is known as its mark.
        basis: what `basis_of` says now.
        known: how files were when they were read.
        enough: with more files to read than this it looks no further: another process will, and memory
            here stays flat. None: all of them.

    Raises:
        OSError: the folder cannot be listed; then nobody is gone.
    """
    changed: dict[str, str] = {}
    there = met = 0
    for stamps in plan_stamps(folder):
        before = known.marks(stamps)
        there, met = there + len(stamps), met + len(before)
        for file, stamp in stamps.items():
            mark = _mark(basis, stamp)
            if known.outdated or not _same(mark, before.get(file)):
                changed[file] = mark
        if enough is not None and len(changed) > enough:
            return Work(changed, outdated=known.outdated)
    itself = known.marks([str(folder)])
    gone = _gone(folder, known) - itself.keys() if met < known.count() - len(itself) else frozenset()
    anew = known.outdated or itself.get(str(folder)) != basis
    return Work(changed, gone, len(changed) == there, anew, known.outdated, not there)


def _gone(folder: Path, known: Known) -> frozenset[str]:
    """Looked for where fewer files are there than are known: only then are all of them gone through."""
    paths = map(Path, known.marks(None))
    return frozenset(str(path) for path in paths if path.parent != folder or plan_stamp(str(path)) is None)


def look_at(files: Collection[str], basis: str, known: Marks) -> Work:
    """Looks for the same in these files alone."""
    stamps = {file: plan_stamp(file) for file in files}
    there = {file: _mark(basis, stamp) for file, stamp in stamps.items() if stamp is not None}
    changed = {file: mark for file, mark in there.items() if not _same(mark, known.get(file))}
    gone = frozenset(file for file in files if file in known and file not in there)
    return Work(changed, gone, anew=False)


def only_plans(paths: Collection[Path], folder: Path) -> frozenset[str] | None:
    """Returns the plan files of `folder` among these; None where one of them may concern the others too: a
    shared plan, the folder itself, or a link (`..data`) through which all of them are reached."""
    here = folder.resolve()
    if any(path.parent.resolve() != here or path.name.startswith("..") for path in paths):
        return None
    return frozenset(in_text(str(folder / path.name)) for path in paths if may_be_plan(path.name))


def _mark(basis: str, stamp: str) -> str:
    """Empty for a file that is too new to be trusted: it is read again."""
    return f"{basis}@{stamp}" if stamp else ""


def _same(mark: str, known: str | None) -> bool:
    return bool(mark) and mark == known


def _length(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one load did."""

    files: int = 0  # read
    change: PlanChange = field(default_factory=PlanChange)
    problems: tuple[Problem, ...] = ()  # of the files that were read


@dataclass(slots=True)
class Loading:
    """Reads the plans folder. A file with problems leaves the person's last good plan running."""

    folder: Path
    facts: Callable[[datetime], Facts]
    store: PlanStore
    agenda: AgendaStore
    kept: FactStore
    alarms: AlarmStore
    zones_changed: Callable[[], bool]  # whether tzdata was replaced since it was last asked
    salt: Callable[[], str] = str  # changes with what plans are checked against: words, zones, settings
    elsewhere: Callable[[datetime, bool], Awaitable[Loaded]] | None = None  # `load`, in another process
    pushed: bool = False  # plans come by `nudger plans push`: the folder is not looked at
    largest_here: int = 0  # files of the usual length: with more to read, `elsewhere` does it
    host: str = ""  # whose folder it is: another host may see another one at the same place
    _checked_on: date | None = None
    _owes_days: bool = False  # the rules of time zones have changed, and the store does not know it yet

    async def run_once(self, now: datetime, paths: Collection[Path] | None = None) -> Loaded:
        """Takes over what has changed since the last time: of `paths`, or of the whole folder.

        Returns:
            What the load did; nothing where no plan has changed.

        Raises:
            StoreError: the store is away; the next run goes on with what is left.
        """
        if self.pushed:
            await asyncio.to_thread(self._mind_zones, now)
            await asyncio.to_thread(self.alarms.clear_alarm, self._alarm, now)
            return Loaded()
        enough = None if self.elsewhere is None else self.largest_here
        work, shared, basis = await asyncio.to_thread(self._look, now, paths, enough)
        if not work:
            self._is_checked(now, paths)
            return Loaded()
        if self.elsewhere is not None and work.size > self.largest_here:
            loaded = await self.elsewhere(now, work.outdated)
        else:
            loaded = await asyncio.to_thread(self._take, work, shared, basis, now)
        self._is_checked(now, paths)
        self._report(loaded)
        return loaded

    def _is_checked(self, now: datetime, paths: Collection[Path] | None) -> None:
        """Only once it is done: where the store was away, the look of a new date is still to come."""
        if paths is None or self._checked_on is None:
            self._checked_on = self.facts(now).today

    def load(self, now: datetime, everything: bool = False, *, accepted: bool = False) -> Loaded:
        """Takes over what has changed in the whole folder, or reads all of it again, here and now.
        `accepted`: whoever has no plan in it may go, however many they are."""
        if everything:
            self._checked_on = date.min
        work, shared, basis = self._look(now)
        return self._take(work, shared, basis, now, accepted) if work else Loaded()

    def demand(self, now: datetime) -> None:
        """Refuses to start without anybody to nudge: no folder, no plans, or none that is right and
        none that ran before."""
        if self.store.has_people():
            return
        if self.pushed:
            log.warning("nobody_yet", what="plans come by: nudger plans push PATH")
            return
        if not self.folder.is_dir():
            raise SettingsError(
                f"NUDGER_PLANS_DIR: expected a folder with plans, found none at {self.folder}",
                "Make it, with a first plan: nudger init. Or say where it is. Is its disk mounted?",
            )
        found = find_plans([self.folder])
        problems = [*found.problems, *plans.read(found.sources, self.facts(now), found.shared).problems]
        if errors := [problem for problem in problems if problem.severity == "error"]:
            raise PlanError(errors)
        raise SettingsError(
            f"NUDGER_PLANS_DIR: expected a plan (a .toml or .csv file) in {self.folder}, found none",
            "Copy an example plan into it and edit it; check it with: nudger check",
        )

    def _mind_zones(self, now: datetime) -> None:
        if self.zones_changed():
            log.warning("zone_rules_changed", what="every day to come is laid out again")
            self._owes_days = True
        if self._owes_days:
            self.agenda.lay_out_all_again(now)
            self._owes_days = False

    def _look(
        self, now: datetime, paths: Collection[Path] | None = None, enough: int | None = None
    ) -> tuple[Work, Found, str]:
        self._mind_zones(now)
        shared = read_shared(self.folder)
        basis = basis_of(self.salt(), shared)
        files = None if paths is None else only_plans(paths, self.folder)
        if files is not None:
            return look_at(files, basis, self.store.plan_marks(files, self.host)), shared, basis
        try:
            itself = folder_identity(self.folder)
            work = look(self.folder, basis, self._known(now), enough)
        except OSError as fault:
            # A folder that is not mounted is no reason to pause everyone.
            self._tell_of_no_folder(fault.strerror or type(fault).__name__, now)
            return Work(), shared, basis
        self.alarms.clear_alarm(self._alarm, now)
        return replace(work, replaced=self._is_replaced(work, itself)), shared, basis

    def _is_replaced(self, work: Work, itself: str) -> bool:
        """Whether an empty folder stands where plans were read from another one: a disk that is not mounted.
        Kept across restarts, so that one person is as safe as three."""
        last = self.kept.remember(f"plans {self._alarm}", itself)
        if last != itself and not work.empty:
            self.kept.keep(f"plans {self._alarm}", itself)
        return work.empty and last != itself

    @property
    def _alarm(self) -> str:
        return f"folder {self.host}"

    def _tell_of_no_folder(self, reason: str, now: datetime) -> None:
        log.error("plans_folder_missing", folder=str(self.folder), reason=reason)
        here = f" on {self.host}" if self.host else ""
        words = (
            f"the plans folder {self.folder}{here} cannot be read ({reason}): plans run as they last were, "
            "and no edit is taken over until it is there. Is its disk mounted? It is looked for each second"
        )
        self.alarms.raise_alarm(self._alarm, words, now)

    def _known(self, now: datetime) -> Known:
        """What to go by: on a new date nothing, for checks look a year ahead. A start goes by what is known
        whatever the date: what ran yesterday may run until the first look of the day."""
        today = self.facts(now).today
        outdated = self._checked_on not in (None, today)
        marks = partial(self.store.plan_marks, host=self.host)
        return Known(marks, self.store.count_plan_files, outdated)

    def _take(self, work: Work, shared: Found, basis: str, now: datetime, accepted: bool = False) -> Loaded:
        found, reading, marks = self._read(work, shared, now)
        unread = found.unread
        files = [
            PlanFile(plan, reading.files[person], reading.digests[person])
            for person, plan in reading.plans.items()
        ]
        problems = (*found.problems, *shared.problems, *reading.problems)
        told = {source.file for source in shared.shared}
        read = PlanRead(
            # Who is in a file that cannot be read right now is not gone.
            files=None if work.everything and not unread else (marks.keys() | work.gone | told) - unread,
            plans=files,
            people=reading.files,
            problems=problems,
            marks=({str(self.folder): basis} if work.anew or work.everything else {})
            | {file: "" if file in unread else mark for file, mark in marks.items()},
            lenders=reading.lenders,
            opaque=reading.opaque,
            refused=reading.refused,
            untold=reading.untold,
            host=self.host,
            replaced=work.replaced,
            accepted=accepted,
        )
        return Loaded(len(marks), self.store.load_plans(read, now), problems)

    def _read(self, work: Work, shared: Found, now: datetime) -> tuple[Found, ParsedPlans, Marks]:
        """What changed, read together with what it is linked to, until that brings nothing new."""
        marks = dict(work.marks)
        while True:
            found = read_plans(map(Path, sorted(marks)))
            reading = plans.read(found.sources, self.facts(now), shared.shared)
            if work.everything:
                return found, reading, marks
            # Who is missing stands in a file that is not there.
            named = set(self.store.linked_files(reading.files, reading.phones)) - marks.keys() - work.gone
            linked = {file for file in named if plan_stamp(file) is not None}
            if not linked:
                return found, reading, marks
            # Their marks are taken before they are read: a change in between is seen the next time.
            known = self.store.plan_marks(linked)
            marks |= {file: known.get(file, "") for file in linked}

    def _report(self, loaded: Loaded) -> None:
        # Errors first: an edit that ten thousand share may bring as many warnings.
        for problem in sorted(loaded.problems, key=lambda one: one.severity)[:MOST_TOLD]:
            report = log.error if problem.severity == "error" else log.info
            # Where it is, not what it says: that names people's contacts, and quotes their numbers.
            report("plan_problem", at=f"{problem.file}:{problem.line}:{problem.column}")
        if missing := loaded.change.missing:
            log.error("plans_missing", people=len(missing), among=", ".join(missing[:NAMED]))
        log.info(
            "plans_loaded",
            files=loaded.files,
            added=len(loaded.change.added),
            changed=len(loaded.change.changed),
            removed=len(loaded.change.removed),
            problems=len(loaded.problems),
        )
