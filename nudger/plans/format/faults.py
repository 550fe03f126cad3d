"""What comes in (the files, and what checking them needs of the world), and how something wrong in a plan is
told, before anybody asks on which line it stands."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time, tzinfo
from difflib import get_close_matches
from typing import Final

from nudger.domain.errors import UsageError
from nudger.messages import Wording


@dataclass(frozen=True, slots=True)
class PlanSource:
    """A plan file or a roster (its name ends in .csv). `file` is shown in problems: "plans/maya.toml"."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What checking plans needs of the world."""

    today: date  # for `ends` in the past and the look-ahead
    zone: Callable[[str], tzinfo | None]  # None: unknown
    zone_names: frozenset[str]  # for did-you-mean
    wording: Wording  # the languages, the templates, the check of a message
    seed: str = "nudger"
    country: str | None = None  # the setting COUNTRY


Path = tuple[str | int, ...]  # ("nudge", 2, "at", 0): tables and lists count from 0; () is the whole file
ERROR: Final = "error"
WARNING: Final = "warning"
IN_A_FILE = "; put it in quotes"  # of hints that are of use in a plan file alone
SHOWN = 60  # characters of a found value that a message quotes


class Wrong(UsageError):
    """A value that is not what was expected. The message follows the name of a field: `at: expected ...`."""


class Faulty:
    """Stands for a value that was given and is wrong: it is neither missing nor to be checked further."""

    def __repr__(self) -> str:
        return "FAULTY"


FAULTY: Final = Faulty()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one plan, at a path of it."""

    path: Path
    message: str
    hint: str = ""
    severity: str = ERROR
    on_key: bool = False  # at the key, which is unknown; else at the value, or at the header of a table
    where: str | None = None  # where the path does not say it
    spot: tuple[int, int] | None = None  # line and column, where they are known without the path


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a nudge breaks, at one of its keys; at its header where `key` is None."""

    key: str | None
    message: str
    hint: str = ""
    severity: str = ERROR

    @property
    def path(self) -> Path:
        """Returns the path from the table on."""
        return () if self.key is None else (self.key,)


def shown(value: object) -> str:
    """Quotes a value as it is quoted in a message: text as in TOML, shortened, on one line."""
    match value:
        case str():
            return _quoted(value)
        case bool():
            return "true" if value else "false"
        case list():
            return "an empty list" if not value else "a list"
        case dict():
            return "a table"
        case date() | time():
            return value.isoformat()
        case int() if abs(value) >= 10**15:
            return "a huge number"
        case _:
            return str(value)


def meant(word: object, known: Iterable[str], also: dict[str, str] | None = None) -> str:
    """Finds the one of `known` that `word` comes close to, or that `also` translates it to; "" if there is
    none."""
    if not isinstance(word, str):
        return ""
    folded = {one.casefold(): one for one in known}
    asked = word.strip().casefold()[:SHOWN]
    if asked in folded:
        return folded[asked]
    if also and asked in also:
        return also[asked]
    near = get_close_matches(asked, folded, n=1, cutoff=0.65)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, otherwise: str = "") -> str:
    """Makes a hint of the word that is meant; `otherwise` where it is ""."""
    return f'did you mean "{word}"?' if word else otherwise


def listed(words: Iterable[str], last: str = "or") -> str:
    """Joins words: `a`, `a or b`, `a, b or c`."""
    *most, final = words
    return f"{', '.join(most)} {last} {final}" if most else final


def _quoted(text: str) -> str:
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in quoted)


# What spreadsheets do to numbers, and people to phone numbers: told, and never guessed back. A spreadsheet
# takes "+49 151 12345678" for a quantity: it drops the +, or a first 0, rounds it, writes it as 4.9E+12, or
# adds ".0". What is left may well be the number of somebody else, so no hint names one.
_KEEP = (
    "give the column the format Text before numbers are put into it, and enter this one again, with + and "
    "the country's code"
)
# In their order: the first that fits says what has happened.
_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), happened)
    for pattern, happened in (
        (r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", "a spreadsheet kept its first digits, and the others are lost"),
        (r"[+-]?\d{5,}[.,]\d+", "a spreadsheet took it for a quantity, and what stood before it may be lost"),
        (r"-\d+", "a spreadsheet took it for a sum, and worked it out"),
        (r"\d{1,3}(?:[.,'’]\d{3}){2,}", "a spreadsheet took it for a quantity, and put it into thousands"),
        (r"#+", "the column of the spreadsheet was too narrow, and the number was not saved"),
        (r"#.*", "a formula of the spreadsheet failed here"),
        (r"=.*", "a spreadsheet keeps a formula here, not a number"),
    )
)
_EXTENSION = re.compile(
    r"(?:ext(?:n|ension)?|x|#|;ext=|durchwahl|dw|poste|int(?:erno)?)[ .:=]*\d{1,6}$", re.IGNORECASE
)
_TWO = re.compile(r"\d{7,}\s*(?:[/;|,&+]|or|and|und|oder|ou|et|o|y)\s*\+?\d{7,}", re.IGNORECASE)
_ERROR = re.compile(r"#(?:[A-ZÀ-Ü][A-ZÀ-Ü0-9/_ ]*[!?]?|¡[A-ZÀ-Ü]+!|#+)")
_WITH_ZEROS = re.compile(r"(\d{1,15})[.,]0+")


def spoilt_phone(written: str) -> str:
    """Says what has become of a phone number, and what to do; "" where it is as somebody wrote it."""
    text = written.strip()
    for pattern, happened in _KINDS:
        if pattern.fullmatch(text):
            return f"{happened}: {_KEEP}"
    if _EXTENSION.search(text):
        return "a text reaches no extension: write a number that takes texts, with + and the country's code"
    if _TWO.search(re.sub(r"[ ()\[\]\u00a0.-]", "", text)):
        return "one number, which replies come from: put the other one into a note of your own"
    return ""


def spoilt_id(written: str) -> str:
    """Says the same of a person's id that is a number."""
    if number := spoilt_whole(written):
        return f'a spreadsheet took it for a quantity; did you mean "{number}"?'
    if _KINDS[0][0].fullmatch(written):
        return f"{_KINDS[0][1]}: give the column the format Text before ids are put into it"
    return (
        "a formula of the spreadsheet failed here: write the id itself"
        if is_spreadsheet_error(written)
        else ""
    )


def is_spreadsheet_error(cell: str) -> bool:
    """Tells whether it is what a spreadsheet shows in place of a value: "#N/A", "#BEZUG!", "####"."""
    return bool(_ERROR.fullmatch(cell))


def spoilt_whole(cell: str) -> str | None:
    """Returns the whole number that was taken for a quantity, "3" of "3.0"; None where it is another one."""
    found = _WITH_ZEROS.fullmatch(cell)
    return found[1] if found else None
