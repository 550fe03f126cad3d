"""Reading the word lists: tables of TOML whose every key is known and every value of the right form, and the
little language that they write their phrases in.

    want to die        these words, one after the other
    (want to|wish)     one of these phrases; groups may hold groups, and a line may go without brackets
    <want>             one of a class of words and phrases, from the table `classes`
    really?            may be missing; so with (...)? and <want>?
    *                  up to three words, whatever they are; *5: up to five
    <n>                a number in digits; so <date> and <time>: 24/12, 16:30
    ~ing               a word that ends so
    ^ ... $            begins, ends the text; $ may stand among alternatives: now|$
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import time
from functools import cache

from nudger.domain.errors import NudgerError
from nudger.replies.language.normalisation import split
from nudger.replies.language.phrases import (
    SHAPES,
    Classes,
    Either,
    End,
    Gap,
    InOrder,
    Maybe,
    OneOf,
    Pattern,
    Phrases,
    Shape,
    Some,
    Suffix,
    needed,
)

_GAP = 3
_NOTATION = re.compile(r"\(|\)[^\s()|]*|\||[^\s()|]+")
_WORD = re.compile(r"[\w'’.&+-]+")


class WordsError(NudgerError):
    """A word list is not of the form that the code takes."""


class Section:
    """One table of one language's word list. Its faults name the language and the way to the key."""

    def __init__(self, name: str, table: Mapping[str, object]) -> None:
        self.name = name
        self._table = dict(table)

    @classmethod
    def read(cls, language: str, sources: Mapping[str, str]) -> "Section":
        """All files of a language, by their names, as one table. Raises WordsError where one is no TOML, and
        where two have the same table."""
        whole: dict[str, object] = {}
        for name, source in sources.items():
            try:
                found = tomllib.loads(source)
            except tomllib.TOMLDecodeError as error:
                raise WordsError(f"words of {language!r}: {name}: {error}") from None
            twice = whole.keys() & found.keys()
            if twice:
                raise WordsError(f"words of {language!r}: {name}: {min(twice)!r} stands in another file too")
            whole |= found
        return cls(f"words of {language!r}", whole)

    def copy(self) -> "Section":
        """The same table, to be read again."""
        return Section(self.name, self._table)

    def section(self, key: str) -> "Section":
        """A table under this one; empty where there is none."""
        found = self._table.pop(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, "a table", found)
        return Section(f"{self.name}: {key}", found)

    def sections(self) -> Iterator[tuple[str, "Section"]]:
        """All tables under this one."""
        for key in list(self._table):
            yield key, self.section(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text will do, and a missing key is an empty list."""
        found = self._table.pop(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise self.wrong(key, "a list of texts", found)
        return tuple(listed)

    def phrases(self, key: str) -> tuple[str, ...]:
        """A text of many lines, a phrase in each; those that begin with # are remarks. A list of phrases will
        do."""
        if isinstance(self._table.get(key), list):
            return self.texts(key)
        lines = (line.strip() for line in self.text(key).splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))

    def words(self, key: str) -> frozenset[str]:
        """A text of words with spaces between."""
        return frozenset(word for written in self.text(key).split() for word in split(written))

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every key, with its list of texts."""
        for key in list(self._table):
            yield key, self.texts(key)

    def number(self, key: str, default: int) -> int:
        found = self._table.pop(key, default)
        if not isinstance(found, int):
            raise self.wrong(key, "a whole number", found)
        return found

    def numbers(self) -> Iterator[tuple[str, int]]:
        """Every key, with its number."""
        for key in list(self._table):
            yield key, self.number(key, 0)

    def flag(self, key: str) -> bool:
        found = self._table.pop(key, False)
        if not isinstance(found, bool):
            raise self.wrong(key, "true or false", found)
        return found

    def text(self, key: str) -> str:
        found = self._table.pop(key, "")
        if not isinstance(found, str):
            raise self.wrong(key, "a text", found)
        return found

    def wall(self, key: str) -> time | None:
        """A TOML local time."""
        found = self._table.pop(key, None)
        if found is not None and not isinstance(found, time):
            raise self.wrong(key, "a time like 09:30:00", found)
        return found

    def close(self) -> None:
        """Says that all is read. Raises WordsError if a key is left: it is unknown."""
        if self._table:
            raise WordsError(f"{self.name}: unknown key {next(iter(self._table))!r}")

    def wrong(self, key: str, expected: str, found: object) -> WordsError:
        return WordsError(f"{self.name}: {key}: expected {expected}, got {found!r}")


# --- phrases ------------------------------------------------------------------------------------------
def read_classes(lists: Iterable[tuple[str, tuple[str, ...]]]) -> Classes:
    """Named classes of words and phrases. A member may be a class named before: "<want>"."""
    classes: dict[str, Pattern] = {}
    for name, members in lists:
        classes[name] = _either([part for member in members for part in read_phrase(member, classes)])
    return classes


def phrases_of(lists: Mapping[str, Iterable[str]], classes: Classes) -> Phrases:
    """Compiles phrase lists, by their names. Raises WordsError, naming the line, where a phrase is not of the
    form above."""
    return Phrases(
        [
            (name, source.startswith("^ "), part)
            for name, sources in lists.items()
            for source in sources
            for part in read_phrase(source.removeprefix("^ "), classes)
        ]
    )


def read_phrase(source: str, classes: Classes) -> list[Pattern]:
    """The phrases of one line: each of its alternatives is one.

    Raises WordsError, which names the line, where it is not of the form above.
    """
    try:
        reader = _PatternParser(_NOTATION.findall(source), classes)
        options = reader.options()
        if reader.left:
            raise WordsError(f"brackets are open in {source!r}")
    except WordsError as error:
        raise WordsError(f"the phrase {source!r}: {error}") from None
    for option in options:
        if not option.firsts() or not needed(option):
            raise WordsError(f"the phrase {source!r} does not begin with a word")
    return options


class _PatternParser:
    """Reads one line, from left to right."""

    def __init__(self, marks: list[str], classes: Classes) -> None:
        self.left = marks[::-1]
        self.classes = classes

    def options(self) -> list[Pattern]:
        """The alternatives up to the end, or to the bracket that closes them, which is left."""
        options, parts = [], list[Pattern]()
        while self.left and not self.left[-1].startswith(")"):
            mark = self.left.pop()
            if mark == "|":
                options.append(_in_order(parts))
                parts = []
            else:
                parts.append(self._part(mark))
        options.append(_in_order(parts))
        return options

    def _part(self, mark: str) -> Pattern:
        if mark == "(":
            inner = _either(self.options())
            closing = self.left.pop() if self.left else ""
            if closing not in (")", ")?"):
                raise WordsError("brackets are open" if not closing else f"{closing!r} is no word")
            return Maybe(inner) if closing == ")?" else inner
        if mark.startswith("<") and mark.rstrip("?") not in SHAPES:
            found = self._class(mark.rstrip("?"))
            return Maybe(found) if mark.endswith("?") else found
        return _leaf(mark)

    def _class(self, name: str) -> Pattern:
        if name.strip("<>") not in self.classes:
            raise WordsError(f"there is no class {name!r}")
        return self.classes[name.strip("<>")]


def _in_order(parts: list[Pattern]) -> Pattern:
    return parts[0] if len(parts) == 1 else InOrder(tuple(parts))


def _either(options: Sequence[Pattern]) -> Pattern:
    """One of these; what is one word is looked up instead of tried."""
    if len(options) == 1:
        return options[0]
    flat = [inner for one in options for inner in (one.options if isinstance(one, Either) else (one,))]
    single: Some = frozenset().union(*(one.some for one in flat if isinstance(one, OneOf)))
    several = [one for one in flat if not isinstance(one, OneOf)]
    if not several:
        return OneOf(single)
    return Either((*([OneOf(single)] if single else []), *several))


@cache
def _leaf(mark: str) -> Pattern:
    """What stands between spaces, brackets and bars."""
    if mark.endswith("?"):
        return Maybe(_leaf(mark[:-1]))
    if mark.startswith("*"):
        return Gap(int(mark[1:] or _GAP))
    if mark == "$":
        return End()
    if mark in SHAPES:
        return Shape(mark)
    if mark.startswith("~") and mark[1:].isalpha():
        return Suffix(mark[1:])
    words = split(mark)
    if not words or not _WORD.fullmatch(mark):
        raise WordsError(f"{mark!r} is no word")
    return _in_order([OneOf(frozenset({word})) for word in words])
