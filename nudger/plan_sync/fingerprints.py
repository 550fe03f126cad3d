"""A plans folder against what is known of it: which files are to be read, and which are gone."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from nudger.plan_sync.files import Found, in_text, may_be_plan, plan_stamp, plan_stamps

Marks = Mapping[str, str]  # file -> how it was when it was read


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
        """How much that is, in files of the usual length (a roster is many)."""
        return len(self.gone) + sum(1 + _length(file) // USUAL for file in self.marks)


USUAL = 1024  # bytes


def basis_of(salt: str, shared: Found) -> str:
    """A digest of all that a plan depends on besides its own file: `salt`, and the shared plans."""
    digest = blake2b(salt.encode(), digest_size=12)
    for source in shared.shared:
        digest.update(f"\0{source.file}\0{len(source.data)}\0".encode() + source.data)
    return digest.hexdigest()


def look(folder: Path, basis: str, known: Known, enough: int | None = None) -> Work:
    """All that has changed. Raises OSError where the folder cannot be listed: then nobody is gone.

    The basis itself is known as the mark of the folder. With more than `enough` files to read it looks no
    further: another process will, and memory here stays flat.
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
    """The same for these files alone."""
    stamps = {file: plan_stamp(file) for file in files}
    there = {file: _mark(basis, stamp) for file, stamp in stamps.items() if stamp is not None}
    changed = {file: mark for file, mark in there.items() if not _same(mark, known.get(file))}
    gone = frozenset(file for file in files if file in known and file not in there)
    return Work(changed, gone, anew=False)


def only_plans(paths: Collection[Path], folder: Path) -> frozenset[str] | None:
    """The plan files of `folder` among these; None where one of them may concern the others too: a
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
