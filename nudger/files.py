"""Reads plans, templates and word lists from disk and hands their text to the pure rooms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nudger.errors import Problem, SettingsError
from nudger.plans import Source

SUFFIXES = (".toml", ".csv")
LARGEST = 64 * 1024 * 1024  # bytes read of one file: a roster of a study fits, a mistaken disk image does not
PACKAGE = Path(__file__).parent


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


def read_words() -> dict[str, str]:
    """The word lists that replies are understood by: language -> TOML."""
    folder = PACKAGE / "replies" / "words"
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.toml"))}


def _plan_files(folder: Path) -> list[Path]:
    """Dot files, editors' backups and links to nowhere are no plans."""
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix in SUFFIXES and not file.name.startswith((".", "#")) and file.is_file()
    )


def _read_all(files: Iterable[Path], problems: list[Problem]) -> tuple[Source, ...]:
    sources = []
    for file in files:
        try:
            with file.open("rb") as opened:
                sources.append(Source(str(file), opened.read(LARGEST)))
        except OSError as fault:
            reason = fault.strerror or type(fault).__name__
            hint = "Check that the file is there and that the user nudger runs as may read it."
            problems.append(Problem(str(file), 1, 1, "", f"cannot be read: {reason}", hint))
    return tuple(sources)


def _texts(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


def all_problems(found: Found, problems: Sequence[Problem]) -> list[Problem]:
    """In the order in which a person reads files."""
    return sorted([*found.problems, *problems], key=lambda one: (one.file, one.line, one.column))
