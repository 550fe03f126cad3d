"""What comes in (the files, and what checking them needs of the world), and how something wrong in a plan is
told, before anybody asks on which line it stands."""

import json
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


def shown(value: object) -> str:
    """A value as it is quoted in a message: text as in TOML, shortened, on one line."""
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
    """The one of `known` that `word` comes close to, or that `also` translates it to; "" if there is none."""
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
    return f'did you mean "{word}"?' if word else otherwise


def listed(words: Iterable[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, final = words
    return f"{', '.join(most)} {last} {final}" if most else final


def _quoted(text: str) -> str:
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    quoted = json.dumps(cut, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in quoted)
