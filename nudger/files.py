"""Reads plans, templates and word lists from disk and hands their text to the pure rooms."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nudger.errors import Problem, SettingsError
from nudger.plans import Source

SUFFIXES = (".toml", ".csv")
LARGEST = 64 * 1024 * 1024  # bytes read of one file: a roster of a study fits, a mistaken disk image does not
USUAL = 64 * 1024  # bytes; no person's plan is longer
PACKAGE = Path(__file__).parent
SETTLED = 2  # seconds
AT_ONCE = 1000  # files


@dataclass(frozen=True, slots=True)
class Found:
    """The plan files that a command was pointed at."""

    sources: tuple[Source, ...]
    shared: tuple[Source, ...]
    problems: tuple[Problem, ...]  # files that could not be read


def bundled(name: str) -> Path:
    """Something that ships with nudger: in the wheel inside the package, in a checkout beside it."""
    inside = PACKAGE / "_bundled" / name
    return inside if inside.exists() else PACKAGE.parent / name


def find_plans(paths: Iterable[Path]) -> Found:
    """The plans at these files and folders; `shared/` of a folder, or beside a file, comes along."""
    files: dict[Path, None] = {}
    folders: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files |= dict.fromkeys(_plan_files(path))
            folders[path] = None
        else:
            files[path] = None
            folders[path.parent] = None
    problems: list[Problem] = []
    sources = _read_all(files, problems)
    shared_files = [
        file for folder in folders for file in _plan_files(folder / "shared") if file not in files
    ]
    shared = _read_all(shared_files, problems)
    return Found(sources, shared, tuple(problems))


def plan_stamps(folder: Path) -> Iterator[dict[str, str]]:
    """Every plan file of a folder (not of `shared/`) with a stamp that changes when the file does; in
    parts, as there may be hundreds of thousands.

    Raises OSError where the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        names = (entry.path for entry in entries if is_plan_file(entry.name) and entry.is_file())
        while part := list(islice(names, AT_ONCE)):
            yield {name: stamp for name in part if (stamp := plan_stamp(name)) is not None}


def plan_stamp(file: str) -> str | None:
    """The same of one file; None where there is none, "" while it is so new that a further change could
    leave no trace in it (file systems count in steps of some milliseconds, network ones in seconds)."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    settled = abs(time.time() - found.st_mtime) > SETTLED
    return f"{found.st_mtime_ns}:{found.st_size}:{found.st_ino}" if settled else ""


def is_plan_file(name: str) -> bool:
    """Dot files and editors' backups are no plans."""
    return name.endswith(SUFFIXES) and not name.startswith((".", "#"))


def read_plans(files: Iterable[Path]) -> Found:
    """These files; the shared plans beside them are left out."""
    problems: list[Problem] = []
    return Found(_read_all(files, problems), (), tuple(problems))


def read_shared(folder: Path) -> Found:
    """The shared plans of a folder of plans."""
    problems: list[Problem] = []
    return Found((), _read_all(_plan_files(folder / "shared"), problems), tuple(problems))


def read_templates(own: Path | None = None) -> dict[str, str]:
    """Every file of the message bank by its path; what the operator's own folder has goes before ours."""
    texts = _texts(bundled("templates"))
    if own is not None:
        if not own.is_dir():
            raise SettingsError(
                f"NUDGER_TEMPLATES_DIR: expected a folder, got {str(own)!r}",
                "Create it, or leave the setting out to use the templates that come with nudger.",
            )
        texts |= _texts(own)
    return texts


def read_words() -> dict[str, dict[str, str]]:
    """The word lists that replies are understood by: language -> file -> TOML."""
    folders = sorted(one for one in (PACKAGE / "replies" / "words").iterdir() if one.is_dir())
    return {
        folder.name: {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}
        for folder in folders
    }


def _plan_files(folder: Path) -> list[Path]:
    """Links to nowhere are no plans either."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if is_plan_file(file.name) and file.is_file())


def _read_all(files: Iterable[Path], problems: list[Problem]) -> tuple[Source, ...]:
    sources = []
    for file in files:
        try:
            sources.append(Source(str(file), _read(file)))
        except OSError as fault:
            reason = fault.strerror or type(fault).__name__
            hint = "Check that the file is there and that the user nudger runs as may read it."
            problems.append(Problem(str(file), 1, 1, "", f"cannot be read: {reason}", hint))
    return tuple(sources)


def _read(file: Path) -> bytes:
    """In two steps: Python would first make room for as much as may be read, which takes longer than to
    read a plan."""
    with open(file, "rb") as opened:
        data = opened.read(USUAL)
        return data if len(data) < USUAL else data + opened.read(LARGEST - USUAL)


def _texts(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def all_problems(found: Found, problems: Sequence[Problem]) -> list[Problem]:
    """In the order in which a person reads files."""
    return sorted([*found.problems, *problems], key=lambda one: (one.file, one.line, one.column))
