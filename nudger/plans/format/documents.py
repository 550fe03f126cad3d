"""The files of plans: what a name says, and from its bytes to TOML's tables, or to what keeps them from
being read.

A name says whose plan it is, whether it is shared, which folder it belongs to. Names that somebody may
have meant as a plan, and that are not read, are told: editors and Windows put `.txt` behind a name;
people save a spreadsheet in place of a roster; programs that keep folders the same on two machines leave
copies behind. What nobody meant is passed over without a word: dot files, and the backups of editors.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from nudger.plans.format.faults import Fault, Path
from nudger.plans.format.positions import Positions

SHARED = "shared"  # the folder of shared plans, beside the plans
ROSTER = ".csv"


def name_of(file: str) -> str:
    """`maya.toml` of `plans/maya.toml`."""
    return file.rpartition("/")[2]


def stem_of(file: str) -> str:
    """`maya` of `plans/maya.toml`."""
    name = name_of(file)
    return name.rpartition(".")[0] or name


def is_shared(file: str) -> bool:
    return _parts(file.rpartition("/")[0])[-1:] == (SHARED,)


def is_roster(file: str) -> bool:
    return file.endswith(ROSTER)


def folder_of(file: str) -> str:
    """The folder of plans that a plan, or a shared plan, belongs to; "." for the current one."""
    parts = _parts(file.rpartition("/")[0])
    parts = parts[:-1] if parts[-1:] == (SHARED,) else parts
    return "/".join(parts).replace("//", "/") or "."


@lru_cache(maxsize=1024)
def _parts(folder: str) -> tuple[str, ...]:
    root = ("/",) if folder.startswith("/") else ()
    return (*root, *(part for part in folder.split("/") if part not in ("", ".")))


SUFFIXES = (".toml", ".csv")

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
    """What a file of this name is taken for; None of a plan, and of what nobody meant as one."""
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


LARGEST = 256 * 1024  # bytes: a plan of a thousand nudges is smaller
MOST_PARTS = 16  # of a dotted key: tomllib's time grows with the square of them

_SYNTAX_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_SINGLE = re.compile(r"^([ \t]*)\[([ \t]*(?:nudge|contact)[ \t]*)\](?=[ \t]*(?:#.*)?$)", re.MULTILINE)
_DEEP_KEY = re.compile(
    rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}""", re.ASCII
)
_FEW_DOTS = 400  # in a file: fewer can do no harm
_BARE = re.compile(r"""\s*([\w-]+)\s*=\s*([^\s"'\[{#][^"'#]*?)\s*(?:#.*)?""")
_COLON = re.compile(r"\s*[\w-]+\s*:\s*\S.*")
_CURLY = re.compile("[“”„‘’«»]")
_BROKEN_HEADER = re.compile(r"\s*(?:\[\[\s*([\w-]+)\s*\]|\[\s*([\w-]+)\s*\]\])\s*(?:#.*)?")
_NESTED = re.compile(r"(?:[\[{]\s*){30}")
_HUGE_NUMBER = re.compile(r"[0-9]{1000}")
_OPENING = tuple("[{\"'")


@dataclass
class Document:
    """A file's text. Positions in it are found when they are asked for."""

    text: str

    @cached_property
    def positions(self) -> Positions:
        return Positions.scan(self.text)

    def find(self, path: Path) -> tuple[int, int]:
        return self.positions.find(path)

    def find_key(self, path: Path) -> tuple[int, int]:
        return self.positions.find_key(path)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds. `data` is None where it cannot be read; `faults` may be there beside it."""

    document: Document
    data: dict[str, Any] | None
    faults: tuple[Fault, ...] = ()


def parse(data: bytes) -> Parsed:
    """TOML in UTF-8, with or without a byte order mark, with either line ending. Never raises."""
    if len(data) > LARGEST:
        sizes = f"expected a plan of at most {LARGEST // 1024} KB, got {-(-len(data) // 1024)} KB"
        return _unreadable(Document(""), sizes, "is this the right file?", (1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return _not_utf8(data, fault.start)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    document = Document(text)
    if "\0" in text:
        spot = document_spot(text, text.index("\0"))
        return _unreadable(document, "expected text, got a NUL byte", "is this the right file?", spot)
    if text.count(".") > _FEW_DOTS and (found := _DEEP_KEY.search(text)):
        message = f"expected a key of at most {MOST_PARTS} parts"
        return _unreadable(document, message, "no key of a plan has dots", document_spot(text, found.start()))
    try:
        return Parsed(document, tomllib.loads(text))
    except RecursionError:
        deep = _NESTED.search(text)
        spot = document_spot(text, deep.start() if deep else 0)
        return _unreadable(document, "is nested too deeply", "no list of a plan holds other lists", spot)
    except ValueError as fault:  # TOMLDecodeError, and a number with more digits than Python reads
        return _mended(document) or _not_toml(document, str(fault))


def document_spot(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def single_header(name: str) -> tuple[str, str]:
    """The message and the hint for `[nudge]` in place of `[[nudge]]`."""
    return f"expected [[{name}]], got [{name}]", f"write [[{name}]] in double brackets: there may be several"


def _unreadable(document: Document, message: str, hint: str, spot: tuple[int, int]) -> Parsed:
    return Parsed(document, None, (Fault((), message, hint, spot=spot),))


def _not_utf8(data: bytes, offset: int) -> Parsed:
    before = data[:offset].decode("utf-8-sig").replace("\r\n", "\n")
    hint = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "the file looks like UTF-16; save it as UTF-8"
    message = f"expected UTF-8 text, got the byte 0x{data[offset]:02x}"
    return _unreadable(Document(before), message, hint, document_spot(before, len(before)))


def _mended(document: Document) -> Parsed | None:
    """The file with `[nudge]` read as `[[nudge]]`, which given twice is no TOML; None where it has none.

    So the other problems of the file come to light as well.
    """
    headers = list(_SINGLE.finditer(document.text))
    if not headers:
        return None
    faults = []
    for header in headers:
        message, hint = single_header(header[2].strip())
        spot = document_spot(document.text, header.end(1))
        faults.append(Fault((), message, hint, spot=spot))
    mended = Document(_SINGLE.sub(r"\1[[\2]]", document.text))
    try:
        return Parsed(mended, tomllib.loads(mended.text), tuple(faults))
    except RecursionError:
        return None
    except ValueError as fault:
        more = _not_toml(mended, str(fault))
        return Parsed(mended, None, (*faults, *more.faults))


def _not_toml(document: Document, fault: str) -> Parsed:
    found = _SYNTAX_AT.search(fault)
    reason = _SYNTAX_AT.sub("", fault)
    twice, latest = document.positions.twice, document.positions.latest
    if twice is not None and reason.startswith(("Cannot", "Duplicate")):
        name, offset = twice
        spot = document_spot(document.text, offset)
        return _unreadable(document, f'"{name}" is given twice', "take one of them away", spot)
    if huge := _HUGE_NUMBER.search(document.text) if found is None else None:
        line, column = document_spot(document.text, huge.start())
        reason = "A number with thousands of digits"
    elif found and found[1]:
        line, column = int(found[1]), int(found[2])
    elif document.text[latest : latest + 1] in _OPENING:
        line, column = document_spot(document.text, latest)
        reason = "What begins here has no end"
    else:
        line, column = document_spot(document.text, len(document.text.rstrip()))
    hint = _hint(document.text.split("\n")[line - 1], reason)
    return _unreadable(document, f"is not valid TOML: {reason[:1].lower()}{reason[1:]}", hint, (line, column))


def _hint(line: str, reason: str) -> str:
    """What is most often wrong with such a line."""
    if "date" in reason:
        return "there is no such date, or no such time"
    if _CURLY.search(line):
        return 'use straight quotes: "..."'
    if found := _BROKEN_HEADER.fullmatch(line):
        return f"write [[{found[1] or found[2]}]], with two brackets on each side"
    if _COLON.fullmatch(line):
        return "write key = value, with an equals sign"
    if len(line) < 200 and (found := _BARE.fullmatch(line)):
        return f'put the value in quotes: {found[1]} = "{found[2]}"'
    if line.count('"') % 2:
        return "a quote is missing"
    return "look at this line and the one before it"
