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
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from itertools import chain
from typing import Any, Protocol

import tomli

from nudger.domain.errors import NudgerError
from nudger.replies.language.normalisation import split
from nudger.replies.language.phrases import (
    ANY,
    EITHER,
    END,
    GAP,
    MAYBE,
    SHAPES,
    Index,
    Part,
    Parts,
    Phrase,
)

_GAP = 3
_RAREST = 3  # parts of a phrase that are looked for before it is tried
_NOTATION = re.compile(r"\(|\)[^\s()|]*|\||[^\s()|]+")
_WORD = re.compile(r"[\w'’.&+-]+")


class WordsError(NudgerError):
    """A word list is not of the form that the code takes."""


class Kept(Protocol):
    """What was made of word lists before, as plain data: of these very lists, by this very code."""

    def get(self, name: str) -> Any:
        """Returns what is kept under a name; None where that is nothing."""

    def put(self, name: str, made: Any) -> None:
        """Keeps something that consists of what `marshal` knows; or does not, where it cannot."""


class NothingKept:
    """Keeps nothing: all is made anew."""

    def get(self, name: str) -> Any:
        """Returns None."""

    def put(self, name: str, made: Any) -> None:
        """Forgets it."""


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
                found = tomli.loads(source)
            except tomli.TOMLDecodeError as error:
                raise WordsError(f"words of {language!r}: {name}: {error}") from None
            twice = whole.keys() & found.keys()
            if twice:
                raise WordsError(f"words of {language!r}: {name}: {min(twice)!r} stands in another file too")
            whole |= found
        return cls(f"words of {language!r}", whole)

    def plain(self) -> dict[str, object]:
        """Returns the table as data that can be kept."""
        return {key: _plain(value) for key, value in self._table.items()}

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
        if isinstance(found, tuple):  # was kept
            found = time.fromisoformat(found[0])
        if found is not None and not isinstance(found, time):
            raise self.wrong(key, "a time like 09:30:00", found)
        return found

    def close(self) -> None:
        """Says that all is read. Raises WordsError if a key is left: it is unknown."""
        if self._table:
            raise WordsError(f"{self.name}: unknown key {next(iter(self._table))!r}")

    def wrong(self, key: str, expected: str, found: object) -> WordsError:
        return WordsError(f"{self.name}: {key}: expected {expected}, got {found!r}")


def _plain(value: object) -> object:
    """The value, a time as the tuple of its text: TOML has no tuples."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return (value.isoformat(),) if isinstance(value, time) else value


# --- phrases ------------------------------------------------------------------------------------------
Members = Iterable[tuple[str, tuple[str, ...]]]  # classes, as they are written


@dataclass(slots=True)
class _Read:
    """A part of a phrase as it is read."""

    part: Part
    firsts: frozenset[str] | None  # the words that it can begin with; None where there is no list of them
    words: frozenset[str] = frozenset()  # every word in it
    may_be_missing: bool = False
    single: frozenset[str] = frozenset()  # the words that it is one of, where it is one word
    options: tuple[tuple["_Read", ...], ...] = ()  # where it is one of some phrases


_Option = tuple[_Read, ...]  # one part after the other


class PhraseCompiler:
    """Compiles the phrase lists of one language."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[str], int] = {}
        self._marks: dict[str, _Option] = {}
        self._endings: set[str] = set()
        self._phrases: list[tuple[str, bool, _Option]] = []

    def classes(self, members: Members, known: Mapping[str, _Option] | None = None) -> dict[str, _Option]:
        """Reads named classes of words and phrases, beside those that are known. A member may be a class
        named before: "<want>"."""
        classes = dict(known or {})
        for name, written in members:
            options = [option for member in written for option in self._options(member, classes)]
            classes[name] = self._either(options)
        return classes

    def add(self, lists: Mapping[str, Iterable[str]], classes: Mapping[str, _Option]) -> None:
        """Adds phrase lists, by their names; each alternative of a line is a phrase. Raises WordsError,
        naming the line, where one is not of the form above."""
        for name, sources in lists.items():
            for source in sources:
                begins = source.startswith("^ ")
                for option in self._options(source.removeprefix("^ "), classes):
                    self._phrases.append((name, begins, option))

    def index(self) -> Index:
        """All that was added, in an index."""
        needs = [_needed(option) for *_, option in self._phrases]
        often: dict[str, int] = defaultdict(int)  # in how many parts a word is
        for word in chain.from_iterable(chain.from_iterable(needs)):
            often[word] += 1
        weights = {some: sum(often[word] for word in some) for some in set(chain.from_iterable(needs))}
        rarest = [sorted(dict.fromkeys(some), key=weights.__getitem__)[:_RAREST] for some in needs]
        uses = Counter(some for ones in rarest for some in ones[1:])
        bits = {some: 1 << at for at, (some, _) in enumerate(uses.most_common())}
        by_word: dict[str, list[Phrase]] = defaultdict(list)
        words: dict[str, set[str]] = defaultdict(set)
        for rank, ((name, begins, option), ones) in enumerate(zip(self._phrases, rarest, strict=True)):
            words[name].update(*(read.words for read in option))
            parts, need = _parts(option), sum(bits[some] for some in ones[1:])
            phrase = (rank, name, begins, parts, need, *_lengths(parts))
            for word in ones[0]:
                by_word[word].append(phrase)
        return Index(
            lists=tuple(self._numbers),
            bits=_bits_of(bits),
            phrases={word: tuple(phrases) for word, phrases in by_word.items()},
            endings=tuple(sorted(self._endings)),
            words={name: frozenset(some) for name, some in words.items()},
        )

    def _options(self, source: str, classes: Mapping[str, _Option]) -> list[_Option]:
        """The phrases of one line. Raises WordsError, naming the line, where it is not of the form above."""
        try:
            marks = _NOTATION.findall(source)[::-1]
            options = self._alternatives(marks, classes)
            if marks:
                raise WordsError(f"brackets are open in {source!r}")
        except WordsError as error:
            raise WordsError(f"the phrase {source!r}: {error}") from None
        for option in options:
            if not _firsts(option) or not _needed(option):
                raise WordsError(f"the phrase {source!r} does not begin with a word")
        return options

    def _alternatives(self, marks: list[str], classes: Mapping[str, _Option]) -> list[_Option]:
        """The alternatives up to the end, or to the bracket that closes them, which is left."""
        options, option = [], list[_Read]()
        while marks and not marks[-1].startswith(")"):
            mark = marks.pop()
            if mark == "|":
                options.append(tuple(option))
                option = []
            else:
                option += self._read(mark, marks, classes)
        return [*options, tuple(option)]

    def _read(self, mark: str, marks: list[str], classes: Mapping[str, _Option]) -> _Option:
        """What a mark stands for; after a bracket, all up to the one that closes it."""
        if mark == "(":
            inner = self._either(self._alternatives(marks, classes))
            closing = marks.pop() if marks else ""
            if closing not in (")", ")?"):
                raise WordsError("brackets are open" if not closing else f"{closing!r} is no word")
            return _maybe(inner) if closing == ")?" else inner
        if mark.startswith("<") and mark.rstrip("?") not in SHAPES:
            name = mark.rstrip("?").strip("<>")
            if name not in classes:
                raise WordsError(f"there is no class {mark.rstrip('?')!r}")
            return _maybe(classes[name]) if mark.endswith("?") else classes[name]
        if mark not in self._marks:
            self._marks[mark] = self._leaf(mark)
        return self._marks[mark]

    def _leaf(self, mark: str) -> _Option:
        """What stands between spaces, brackets and bars."""
        if mark.endswith("?"):
            return _maybe(self._leaf(mark[:-1]))
        if mark.startswith("*"):
            return (_Read((GAP, int(mark[1:] or _GAP), (), {}), None),)
        if mark == "$":
            return (_Read((END, 0, (), {}), None),)
        if mark in SHAPES:
            return (_Read(mark, frozenset({mark}), single=frozenset({mark})),)
        if mark.startswith("~") and mark[1:].isalpha():
            self._endings.add(mark[1:])
            return (_Read(mark, None),)
        words = split(mark)
        if not words or not _WORD.fullmatch(mark):
            raise WordsError(f"{mark!r} is no word")
        return tuple(self._one_of(frozenset({word}), frozenset({word})) for word in words)

    def _either(self, options: Sequence[_Option]) -> _Option:
        """One of these; what is one word is looked up instead of tried."""
        if len(options) == 1:
            return options[0]
        flat = [
            inner
            for option in options
            for inner in (option[0].options if len(option) == 1 and option[0].options else (option,))
        ]
        alone = [option[0] for option in flat if len(option) == 1 and option[0].single]
        several = [option for option in flat if not (len(option) == 1 and option[0].single)]
        words = frozenset().union(*(read.words for option in flat for read in option))
        single = frozenset().union(*(read.single for read in alone))
        if not several:
            return (self._one_of(single, words),)
        firsts = [_firsts(option) for option in flat]
        known = [some for some in firsts if some is not None]
        union = frozenset().union(*known) if len(known) == len(firsts) else None
        number = self._number(single) if single else ANY
        others, by_first = _by_first(several)
        return (_Read((EITHER, number, others, by_first), union, words, options=tuple(flat)),)

    def _one_of(self, some: frozenset[str], words: frozenset[str]) -> _Read:
        part: Part = next(iter(some)) if len(some) == 1 else self._number(some)
        return _Read(part, some, words, single=some)

    def _number(self, some: frozenset[str]) -> int:
        return self._numbers.setdefault(some, len(self._numbers))


def _maybe(option: _Option) -> _Option:
    words = frozenset().union(*(read.words for read in option))
    part: Part = (MAYBE, 0, (_parts(option),), {})
    return (_Read(part, _firsts(option), words, may_be_missing=True),)


def _by_first(options: Iterable[_Option]) -> tuple[tuple[Parts, ...], dict[str, tuple[Parts, ...]]]:
    """Those that do not begin with a word, and what follows the first word of the others, by that word."""
    others: list[Parts] = []
    by_first: dict[str, list[Parts]] = defaultdict(list)
    for option in options:
        for word in option[0].single if option else ():
            by_first[word].append(_parts(option[1:]))
        if not option or not option[0].single:
            others.append(_parts(option))
    return tuple(others), {word: tuple(rests) for word, rests in by_first.items()}


def _parts(option: _Option) -> Parts:
    return tuple(read.part for read in option)


def _firsts(option: _Option) -> frozenset[str] | None:
    """The words that it can begin with; None where there is no list of them."""
    found: frozenset[str] = frozenset()
    for read in option:
        if read.firsts is None:
            return None
        found = found | read.firsts if found else read.firsts
        if not read.may_be_missing:
            return found
    return None


def _needed(option: _Option) -> list[frozenset[str]]:
    """Lists of words of each of which any text must have one that the phrase is in."""
    return [read.firsts for read in option if not read.may_be_missing and read.firsts is not None]


def _lengths(parts: Parts) -> tuple[int, int]:
    """The fewest words that these parts take, and the most."""
    fewest = most = 0
    for part in parts:
        if isinstance(part, str | int):
            low, high = 1, 1
        elif part[0] == EITHER:
            each = [_lengths(option) for option in part[2]]
            each += [(low + 1, high + 1) for rests in part[3].values() for low, high in map(_lengths, rests)]
            each += [(1, 1)] if part[1] != ANY else []
            low, high = min(low for low, _ in each), max(high for _, high in each)
        else:
            low, high = 0, part[1] + sum(_lengths(option)[1] for option in part[2])
        fewest, most = fewest + low, most + high
    return fewest, most


def _bits_of(lists: Mapping[frozenset[str], int]) -> dict[str, int]:
    """Of each word the bits of all lists that it is in."""
    bits: dict[str, int] = defaultdict(int)
    for some, bit in lists.items():
        for word in some:
            bits[word] |= bit
    return dict(bits)
