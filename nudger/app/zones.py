"""The loader of time zones: of the system's tzdata and the `tzdata` package, the newer copy wins.

Python's own `zoneinfo` prefers the system's copy however old it is, and a distribution's copy can be
months behind a change of the law. Here each file is read from the newer copy with `ZoneInfo.from_file`,
so nothing global to the process is touched. A copy that does not say its version counts as the older.
"""

import os
import re
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from nudger.domain.errors import NudgerError

SYSTEM = "system"
PACKAGE = "tzdata package"

# Area/City, and old names such as US/Eastern. Etc/GMT+5 and its like mean the opposite of what they say.
AREA_CITY = re.compile(r"(?!Etc/|SystemV/)[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*)+", re.ASCII)
NOT_AREAS = frozenset({"posix", "right"})
VERSION = re.compile(r"(\d{4})([a-z]*)", re.ASCII)
# Where a copy says its version: the first line of tzdata.zi (Linux, the package), or +VERSION (BSD, macOS).
MARKS = {
    "tzdata.zi": re.compile(r"# version (\d{4}[a-z]*)", re.ASCII),
    "+VERSION": re.compile(r"(\d{4}[a-z]*)", re.ASCII),
}

Stamp = tuple[int, int, int]  # of a file: modified, size, inode; another one means another file


class Zones:
    """The time zones of the newer copy of tzdata.

    `system` are folders to look for the system's copy in, the first that has one counts; `package` is
    the folder of the package's. Raises NudgerError where there is neither.
    """

    def __init__(self, system: Sequence[Path] | None = None, package: Path | None = None) -> None:
        self._system = [Path(folder) for folder in zoneinfo.TZPATH] if system is None else list(system)
        self._package = _package_folder() if package is None else package
        self._loaded = self._load()

    @property
    def names(self) -> frozenset[str]:
        """Every Area/City name, old ones such as US/Eastern included, and UTC."""
        return self._loaded.names

    @property
    def version(self) -> str:
        """The version of the copy that is used, like "2026f"; "unknown" where it does not say."""
        return self._loaded.newer.version or "unknown"

    @property
    def source(self) -> str:
        """Which copy is used: "system" or "tzdata package"."""
        return self._loaded.newer.source

    @property
    def older(self) -> str | None:
        """The version of the other copy; None where there is none."""
        other = self._loaded.other
        return None if other is None else other.version or "unknown"

    def zone(self, key: str) -> ZoneInfo | None:
        """Finds the zone of one of `names`; None for any other key. The same object until `refresh` finds
        news."""
        return self._loaded.zone(key)

    def differing(self, keys: Iterable[str], since: datetime, until: datetime) -> tuple[str, ...]:
        """Finds which of these zones show another time in the other copy, anywhen from `since` to `until`.

        One that only one of the copies has counts too. About a millisecond a zone and year.
        """
        loaded = self._loaded
        if loaded.other is None:
            return ()
        found = []
        for key in sorted(set(keys) & self.names):
            ours, theirs = loaded.newer.read(key), loaded.other.read(key)
            if ours is None or theirs is None or _differ(ours.zone, theirs.zone, since, until):
                found.append(key)
        return tuple(found)

    def refresh(self) -> bool:
        """Tells whether the data changed on disk since it was read; if so it is read anew.

        Cheap: it looks at each file in use, and reads none that is as it was. Zones given out before
        keep their rules, so after True every zone is to be asked for again.
        """
        before = self._loaded
        if before.is_current():
            return False
        try:
            after = self._load()
        except NudgerError:  # both copies are gone, as the only one is while pip replaces it
            return False
        for key, known in list(before.read.items()):
            if after.zone(key) is None:  # gone, or just being replaced: people in it keep their times
                after.read[key] = known
        self._loaded = after
        return after.facts() != before.facts()

    def _load(self) -> "_LoadedCopies":
        folders = [*self._system, *([self._package] if self._package else [])]
        marks = tuple((folder / name, _stamp(folder / name)) for folder in folders for name in MARKS)
        system = next((copy for folder in self._system if (copy := _find(SYSTEM, folder))), None)
        package = None if self._package is None else _find(PACKAGE, self._package)
        copies = [copy for copy in (system, package) if copy is not None]
        if not copies:
            raise NudgerError(
                "no time zone data found, neither the system's nor the tzdata package's",
                "Install one: pip install tzdata",
            )
        # Of two of one version the system's, which gets updates without nudger's help.
        newer = max(copies, key=lambda copy: _age(copy.version))
        other = next((copy for copy in copies if copy is not newer), None)
        return _LoadedCopies(newer, other, marks)


@dataclass(frozen=True)
class _Zone:
    """One zone as it was read."""

    zone: ZoneInfo
    data: bytes
    file: Path
    stamp: Stamp | None


@dataclass(frozen=True)
class _Copy:
    """One copy of tzdata: where it is, and what it says that it is."""

    source: str
    folder: Path
    version: str | None
    names: frozenset[str]

    def read(self, key: str) -> _Zone | None:
        """A zone of this copy. `key` is one of somebody's `names`, so it leads nowhere else."""
        file = self.folder / key
        stamp = _stamp(file)
        try:
            data = file.read_bytes()
            return _Zone(ZoneInfo.from_file(BytesIO(data), key), data, file, stamp)
        except (OSError, ValueError):
            # Absent, or not zone data (a file that is just being replaced): the other copy may have it.
            return None


@dataclass(frozen=True)
class _LoadedCopies:
    """Both copies as they were found at one time, and the zones that were read from them."""

    newer: _Copy
    other: _Copy | None
    marks: tuple[tuple[Path, Stamp | None], ...]  # the files that say a version, where one may appear too
    read: dict[str, _Zone] = field(default_factory=dict)

    @cached_property
    def names(self) -> frozenset[str]:
        # A system may lack the old names (Debian has them in tzdata-legacy): the other copy fills in.
        return self.newer.names | (self.other.names if self.other else frozenset())

    def zone(self, key: str) -> ZoneInfo | None:
        found = self.read.get(key)
        if found is None and key in self.names:
            found = self.newer.read(key) or (self.other.read(key) if self.other else None)
            if found is not None:
                # Two threads may both have read it: the first one's is given out to all.
                found = self.read.setdefault(key, found)
        return None if found is None else found.zone

    def is_current(self) -> bool:
        seen = [*self.marks, *((zone.file, zone.stamp) for zone in list(self.read.values()))]
        return all(_stamp(file) == stamp for file, stamp in seen)

    def facts(self) -> tuple[object, ...]:
        data = {key: zone.data for key, zone in self.read.items()}
        return (self.newer.source, self.newer.version, self.names, data)


def _package_folder() -> Path | None:
    spec = find_spec("tzdata")
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) / "zoneinfo" if folders else None


def _find(source: str, folder: Path) -> _Copy | None:
    """The copy of tzdata in a folder, if there is one."""
    names = _names(folder)
    return _Copy(source, folder, _version(folder), names) if names else None


def _names(folder: Path) -> frozenset[str]:
    names = {"UTC"} if (folder / "UTC").is_file() else set()
    for where, folders, files in os.walk(folder):
        inside = Path(where).relative_to(folder).as_posix()
        folders[:] = [name for name in folders if name not in NOT_AREAS]
        names |= {key for name in files if AREA_CITY.fullmatch(key := f"{inside}/{name}")}
    return frozenset(names)


def _version(folder: Path) -> str | None:
    """What a copy says of itself."""
    for name, pattern in MARKS.items():
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as file:
                found = pattern.match(file.readline(100))
        except OSError:
            continue
        if found:
            return found[1]
    return None


def _age(version: str | None) -> tuple[int, int, str]:
    """Sorts versions: 2025b before 2025z before 2025za before 2026a."""
    found = VERSION.fullmatch(version or "")
    return (int(found[1]), len(found[2]), found[2]) if found else (0, 0, "")


def _stamp(file: Path) -> Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _differ(ours: tzinfo, theirs: tzinfo, since: datetime, until: datetime) -> bool:
    """Whether two zones ever show different times. Day by day; by the quarter hour where clocks change,
    as two changes of one zone are never less than three days apart."""
    step, fine = timedelta(days=1), timedelta(minutes=15)
    at = since
    while at < until:
        upcoming = min(at + step, until)
        if _offset(ours, at) != _offset(theirs, at):
            return True
        if _offset(ours, at) != _offset(ours, upcoming) or _offset(theirs, at) != _offset(theirs, upcoming):
            while at < upcoming:
                if _offset(ours, at) != _offset(theirs, at):
                    return True
                at += fine
        at = upcoming
    return False


def _offset(zone: tzinfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
