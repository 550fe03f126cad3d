"""Reads plans, templates and word lists from disk and hands their text to the pure rooms.

Names that somebody may have meant as a plan, and that are not read, are told: editors and Windows put `.txt`
behind a name; people save a spreadsheet in place of a roster; programs that keep folders the same on two
machines leave copies behind. What nobody meant is passed over without a word: dot files, and the backups of
editors.
"""

import errno
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nudger.domain.errors import Problem, SettingsError
from nudger.messages import SHIPPED
from nudger.plans import PlanSource
from nudger.plans.format.documents import SHARED, SUFFIXES

LARGEST = 64 * 1024 * 1024  # bytes read of one file: a roster of a study fits, a mistaken disk image does not
USUAL = 64 * 1024  # bytes; no person's plan is longer
PACKAGE = Path(__file__).parent.parent
SETTLED = 2  # seconds
AT_ONCE = 1000  # files
PASSED_OVER = ":passed over"
_NO_TEXT = re.compile(r"\\x[0-9a-f]{2}")  # in a name: what stood there is no UTF-8
_NO_TEXT_BYTES = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Found:
    """The plan files that a command was pointed at."""

    sources: tuple[PlanSource, ...]
    shared: tuple[PlanSource, ...]
    problems: tuple[Problem, ...]  # of files that were not read: they could not be (errors), or are no plans
    unread: frozenset[str] = frozenset()  # those that could not be: who is in them is not gone


def bundled(name: str) -> Path:
    """Finds something that ships with nudger: in the wheel inside the package, in a checkout beside it."""
    inside = PACKAGE / "_bundled" / name
    return inside if inside.exists() else PACKAGE.parent / name


def find_plans(paths: Iterable[Path]) -> Found:
    """Reads the plans at these files and folders; `shared/` of a folder, or beside a file, comes along."""
    files: dict[Path, None] = {}
    folders: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files |= dict.fromkeys(_plan_files(path))
            folders[path] = None
        else:
            files[path] = None
            folders[path.parent] = None
    shared = [file for folder in folders for file in _plan_files(folder / SHARED) if file not in files]
    return _found(files, shared)


def plan_stamps(folder: Path) -> Iterator[dict[str, str]]:
    """Yields every file of a folder that may be meant as a plan (not of `shared/`) with a stamp that changes
    when the file does; in parts, as there may be hundreds of thousands.

    Raises OSError where the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        names = (in_text(entry.path) for entry in entries if _is_meant(entry))
        while part := list(islice(names, AT_ONCE)):
            yield {name: stamp for name in part if (stamp := plan_stamp(name)) is not None}


def plan_stamp(file: str) -> str | None:
    """Returns the same of one file; None where there is none, "" while it is so new that a further change
    could leave no trace in it (file systems count in steps of some milliseconds, network ones in seconds)."""
    try:
        found = os.stat(file)
    except OSError:
        return PASSED_OVER if os.path.islink(file) or os.path.lexists(_as_it_is(file)) else None
    settled = abs(time.time() - found.st_mtime) > SETTLED
    passed = PASSED_OVER if _alike(file) else ""
    return f"{found.st_mtime_ns}:{found.st_size}:{found.st_ino}{passed}" if settled else ""


def folder_identity(folder: Path) -> str:
    """Tells which folder it is: another one that takes its place, or is mounted there, is told apart."""
    found = os.stat(folder)
    return f"{found.st_dev}:{found.st_ino}"


def may_be_plan(name: str) -> bool:
    """Tells whether a name is meant as a plan's: dot files and editors' backups are no plans, and are not
    meant as such."""
    ours = name.endswith(SUFFIXES) and not name.startswith((".", "#"))
    return ours or lookalike(name) is not None


def in_text(path: str) -> str:
    """Writes a path as it can be said and kept: bytes that are no UTF-8 (a name of an old Windows) as
    \\xe9."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _as_it_is(path: str) -> bytes:
    """The contrary of `in_text`."""
    return _NO_TEXT_BYTES.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(path))


def passed_over(file: str) -> Problem | None:
    """Says why this file is not read, though somebody may have meant it as a plan; None of a plan."""
    folder, name = os.path.split(file)
    if _NO_TEXT.search(name) and not os.path.exists(file):
        message = "is not read: its name is written in letters that are no UTF-8"
        return Problem(file, 1, 1, "", message, 'rename it, in plain letters: "maya.toml"', "warning")
    if (alike := _alike(file)) is not None:
        return Problem(file, 1, 1, "", alike.message, alike.hint, "warning")
    if not may_be_plan(name) and os.path.isdir(file):
        message = "is not read: plans lie in the folder itself, and only shared ones in one below it"
        return Problem(file, 1, 1, "", message, f"move them into {folder or '.'}", "warning")
    return None


def _alike(file: str) -> "Lookalike | None":
    """Only a copy of something that is there is one."""
    folder, name = os.path.split(file)
    alike = lookalike(name)
    if alike is None or alike.beside is None or os.path.exists(os.path.join(folder, alike.beside)):
        return alike
    return None


def read_plans(files: Iterable[Path]) -> Found:
    """Reads these files; the shared plans beside them are left out."""
    return _found(files, ())


def read_shared(folder: Path) -> Found:
    """Reads the shared plans of a folder of plans."""
    return _found((), _plan_files(folder / SHARED))


def read_templates(own: Path | None = None) -> dict[str, str]:
    """Reads every file of the message bank by its path. What the operator's own folder has goes before ours;
    ours of the same path is kept under SHIPPED, for it may be extended."""
    texts = _texts(bundled("templates"))
    if own is not None:
        if not own.is_dir():
            raise SettingsError(
                f"NUDGER_TEMPLATES_DIR: expected a folder, got {str(own)!r}",
                "Create it, or leave the setting out to use the templates that come with nudger.",
            )
        mine = _texts(own)
        replaced = {SHIPPED + path: texts[path] for path in texts.keys() & mine.keys()}
        texts |= replaced | mine
    return texts


def read_words() -> dict[str, dict[str, str]]:
    """Reads the word lists that replies are understood by: language -> file -> TOML."""
    folders = sorted(one for one in (PACKAGE / "replies" / "words").iterdir() if one.is_dir())
    return {
        folder.name: {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())}
        for folder in folders
    }


def _plan_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(Path(in_text(entry.path)) for entry in entries if _is_meant(entry))


def _is_meant(entry: "os.DirEntry[str]") -> bool:
    # Of a link `entry.is_dir` raises where it leads to itself; of all else it asks nobody.
    if os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir():
        return not entry.name.startswith(".") and entry.name != SHARED and _holds_plans(entry.path)
    return may_be_plan(entry.name) and (entry.is_symlink() or entry.is_file())


def _holds_plans(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(SUFFIXES) and os.path.isfile(entry.path) for entry in entries)
    except OSError:
        return False


def _found(files: Iterable[Path], shared: Iterable[Path]) -> Found:
    problems: list[Problem] = []
    unread: set[str] = set()
    return Found(
        _read_all(files, problems, unread),
        _read_all(shared, problems, unread),
        tuple(problems),
        frozenset(unread),
    )


def _read_all(files: Iterable[Path], problems: list[Problem], unread: set[str]) -> tuple[PlanSource, ...]:
    sources = []
    for file in map(str, files):
        if (why := passed_over(file)) is not None:
            problems.append(why)
            continue
        try:
            sources.append(PlanSource(file, _read(Path(file))))
        except OSError as fault:
            problems.append(_not_read(file, fault))
            unread.add(file)
    return tuple(sources)


def _not_read(file: str, fault: OSError) -> Problem:
    if isinstance(fault, FileNotFoundError) and os.path.islink(file):
        message = f"is not read: it is a link to {os.readlink(file)}, and there is nothing"
        return Problem(file, 1, 1, "", message, "point it to a plan, or remove it", "warning")
    reason = fault.strerror or type(fault).__name__
    hint = "Check that the file is there and that the user nudger runs as may read it."
    return Problem(file, 1, 1, "", f"cannot be read: {reason}", hint)


def _read(file: Path) -> bytes:
    """In two steps: Python would first make room for as much as may be read, which takes longer than to
    read a plan. Of a pipe nothing is waited for, as nobody may ever write into it. Raises OSError over
    what is no file."""
    with open(file, "rb", opener=_without_waiting) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file with text in it")
        data = opened.read(USUAL)
        return data if len(data) < USUAL else data + opened.read(LARGEST - USUAL)


def _without_waiting(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)


def _texts(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): _text(file)
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def _text(file: Path) -> str:
    """Of what is no part of the bank the name is enough."""
    if file.suffix not in (".toml", ".html"):
        return ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            f"NUDGER_TEMPLATES_DIR: expected UTF-8 text in {file}", "Save the file as UTF-8."
        ) from None


def all_problems(found: Found, problems: Sequence[Problem]) -> list[Problem]:
    """Sorts problems in the order in which a person reads files."""
    return sorted([*found.problems, *problems], key=lambda one: (one.file, one.line, one.column))


_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]*\.toml")
_BACKUPS = re.compile(
    r".*(?:~|\.(?:bak|backup|old|orig|rej|save|sav|sw[a-z]|te?mp|part|partial|crdownload|download|new|lock)\d*)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(.+\.(?:toml|csv))(?:[. _-].*)", re.IGNORECASE)
_CASE = re.compile(r".+\.(?:toml|csv)", re.IGNORECASE)
_NEARLY = re.compile(r"(.+)\.(?:tml|tom|tmol|tomml|toml?s|tolm|ttoml)", re.IGNORECASE)
_SHEET = re.compile(r"(.+)\.(?:xlsx?|xlsm|xlsb|ods|fods|numbers|tsv|tab|gsheet)", re.IGNORECASE)
_OTHER = re.compile(r"(.+)\.(?:ya?ml|json5?|ini|cfg|conf)", re.IGNORECASE)
# By these a copy is known wherever it is found.
_COPIES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<of>.+?)\.sync-conflict-\d{8}-\d{6}(?:-\w+)?",
        r"(?P<of>.+?) ?[(\[].*(?:sfconflict|conflicted|en conflit|in konflikt|en conflicto).*[)\]]",
        r"(?P<of>.+?)_(?:BACKUP|BASE|LOCAL|REMOTE)_\d+",
        r"(?P<of>.+?)[ ._-]conflict-\d{8}-\d{6}",
    )
)
# By these only beside what it is a copy of: else it may be the one that somebody works with.
_BESIDE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<of>.+?) - (?:copy|kopie|copie|copia)(?: \(\d+\))?",
        r"(?P<of>.+?) ?\(\d+\)",
        r"(?:copy of|kopie von|copie de|copia de) (?P<of>.+)",
        r"(?P<of>.+?)[ ._-]\(?(?:conflict|konflikt|conflit|conflicto)[ ._-]?\d*\)?",
        r"(?P<of>.+?)-(?:DESKTOP|LAPTOP|WIN|MacBook)[A-Z0-9-]*",
    )
)


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A file that is not read; with `beside`, only while that one is in the same folder."""

    message: str
    hint: str
    beside: str | None = None


def lookalike(name: str) -> Lookalike | None:
    """Tells what a file of this name is taken for; None of a plan, and of what nobody meant as one."""
    if _PLAIN.fullmatch(name) and "conflict" not in name:
        return None
    if name.startswith((".", "#", "~")) or _BACKUPS.fullmatch(name):
        return None
    stem, dot, suffix = name.rpartition(".")
    if f"{dot}{suffix}" in SUFFIXES:
        return _copy(stem, f"{dot}{suffix}")
    return _misnamed(name)


def _copy(stem: str, suffix: str) -> Lookalike | None:
    for patterns, sure in ((_COPIES, True), (_BESIDE, False)):
        for pattern in patterns:
            if found := pattern.fullmatch(stem):
                original = found["of"] + suffix
                message = f'is not read: it looks like a copy of "{original}" that a program left behind'
                hint = f'put what is right into "{original}", and remove this one'
                return Lookalike(message, hint, None if sure else original)
    return None


def _misnamed(name: str) -> Lookalike | None:
    ends = "is not read: the name of a plan ends in .toml, that of a roster in .csv"
    if found := _BEHIND.fullmatch(name):
        hidden = "; Windows may hide the end of a name" if name.lower().endswith(".txt") else ""
        return Lookalike(ends, f'rename it to "{found[1].lower()}"{hidden}')
    if _CASE.fullmatch(name):
        return Lookalike(ends, f'rename it to "{name.lower()}": capitals count')
    if found := _NEARLY.fullmatch(name):
        return Lookalike(ends, f'rename it to "{found[1]}.toml"')
    if found := _SHEET.fullmatch(name):
        return Lookalike(ends, f'save it as CSV in UTF-8: "{found[1]}.csv"')
    if found := _OTHER.fullmatch(name):
        return Lookalike(ends, f'write it in TOML, as "{found[1]}.toml"')
    return None
