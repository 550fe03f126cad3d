"""The little language that the word lists write their phrases in.

    want to die        these words, one after the other
    (want to|wish)     one of these phrases; groups may hold groups, and a line may go without brackets
    <want>             one of a class of words and phrases, from the table `classes`
    really?            may be missing; so with (...)? and <want>?
    *                  up to three words, whatever they are; *5: up to five
    <n>                a number in digits; so <date> and <time>: 24/12, 16:30
    ~ing               a word that ends so
    ^ ... $            begins, ends the text; $ may stand among alternatives: now|$

Each part of a phrase says where it can end, given where it may begin. The places reached are kept as
sets, so that following a phrase takes time in proportion to its length and its gaps, whatever the text:
there is nothing to go back over.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from nudger.replies.language.lists import WordsError
from nudger.replies.language.writing import split

Words = Sequence[str]
Places = set[int]
Some = frozenset[str]

NOWHERE: Places = set()  # nobody adds to it
MASK = "\0"  # stands for a word that no phrase may use
_FORMS = {  # of words in digits; among first words: any that has the form
    "<n>": re.compile(r"\d+"),
    "<date>": re.compile(r"\d+[/-]\d+(?:[/-]\d+)?|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|\d{1,2}\.(?:0[1-9]|1[0-2])"),
    "<time>": re.compile(r"\d{1,2}[:.]\d{2}"),
}

_GAP = 3
_NOTATION = re.compile(r"\(|\)[^\s()|]*|\||[^\s()|]+")
_WORD = re.compile(r"[\w'’.&+-]+")


class Part:
    """A part of a phrase."""

    def ends(self, words: Words, places: Places) -> Places:
        """From the places where this part may begin, those where it may end."""
        raise NotImplementedError

    def firsts(self) -> Some | None:
        """The words that it can begin with; None where there is no list of them."""
        return None

    def words(self) -> Some:
        """Every word in it."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class OneOf(Part):
    """One word of these."""

    some: Some

    def ends(self, words: Words, places: Places) -> Places:
        if len(places) != 1:
            return {at + 1 for at in places if at < len(words) and words[at] in self.some}
        for at in places:  # nearly always one, and most of the time of a reply is spent here
            if at < len(words) and words[at] in self.some:
                return {at + 1}
        return NOWHERE

    def firsts(self) -> Some:
        return self.some

    def words(self) -> Some:
        return self.some


@dataclass(frozen=True, slots=True)
class Form(Part):
    """A word in digits of this form."""

    mark: str

    def ends(self, words: Words, places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and self.mark in forms_of(words[at])}

    def firsts(self) -> Some:
        return frozenset({self.mark})


@dataclass(frozen=True, slots=True)
class Ending(Part):
    """A word that ends so."""

    ending: str

    def ends(self, words: Words, places: Places) -> Places:
        return {at + 1 for at in places if at < len(words) and words[at].endswith(self.ending)}


@dataclass(frozen=True, slots=True)
class Gap(Part):
    """Up to so many words, whatever they are."""

    most: int

    def ends(self, words: Words, places: Places) -> Places:
        reached, last = set(places), places
        for _ in range(self.most):
            last = {at + 1 for at in last if at < len(words) and words[at] != MASK}
            reached |= last
        return reached


@dataclass(frozen=True, slots=True)
class End(Part):
    """The end of the text."""

    def ends(self, words: Words, places: Places) -> Places:
        return places & {len(words)}


@dataclass(frozen=True, slots=True)
class Maybe(Part):
    """The part, or nothing."""

    part: Part

    def ends(self, words: Words, places: Places) -> Places:
        return places | self.part.ends(words, places)

    def firsts(self) -> Some | None:
        return self.part.firsts()

    def words(self) -> Some:
        return self.part.words()


@dataclass(frozen=True, slots=True)
class InOrder(Part):
    """One part after the other."""

    parts: tuple[Part, ...]

    def ends(self, words: Words, places: Places) -> Places:
        for part in self.parts:
            places = part.ends(words, places)
            if not places:
                break
        return places

    def firsts(self) -> Some | None:
        found: Some = frozenset()
        for part in self.parts:
            some = part.firsts()
            if some is None:
                return None
            found |= some
            if not isinstance(part, Maybe):
                return found
        return None

    def words(self) -> Some:
        return frozenset().union(*(part.words() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either(Part):
    """One of these parts."""

    options: tuple[Part, ...]

    def ends(self, words: Words, places: Places) -> Places:
        reached: Places = set()
        for option in self.options:
            reached |= option.ends(words, places)
        return reached

    def firsts(self) -> Some | None:
        found: set[str] = set()
        for option in self.options:
            some = option.firsts()
            if some is None or isinstance(option, Maybe):
                return None
            found |= some
        return frozenset(found)

    def words(self) -> Some:
        return frozenset().union(*(option.words() for option in self.options))


Classes = Mapping[str, Part]


def forms_of(word: str) -> Sequence[str]:
    """The marks of the forms that a word has: of one without digits none."""
    if not word[:1].isdecimal():
        return ()
    return [mark for mark, form in _FORMS.items() if form.fullmatch(word)]


def needed(part: Part) -> tuple[Some, ...]:
    """Lists of words of each of which any text must have one that the phrase is in."""
    parts = part.parts if isinstance(part, InOrder) else (part,)
    return tuple(
        some for one in parts if not isinstance(one, Maybe | Gap) and (some := one.firsts()) is not None
    )


# --- reading the notation -----------------------------------------------------------------------------
def read_classes(lists: Iterable[tuple[str, tuple[str, ...]]]) -> Classes:
    """Named classes of words and phrases. A member may be a class named before: "<want>"."""
    classes: dict[str, Part] = {}
    for name, members in lists:
        classes[name] = _either([part for member in members for part in read_phrase(member, classes)])
    return classes


def read_phrase(source: str, classes: Classes) -> list[Part]:
    """The phrases of one line: each of its alternatives is one.

    Raises WordsError, which names the line, where it is not of the form above.
    """
    try:
        reader = _Reader(_NOTATION.findall(source), classes)
        options = reader.options()
        if reader.left:
            raise WordsError(f"brackets are open in {source!r}")
    except WordsError as error:
        raise WordsError(f"the phrase {source!r}: {error}") from None
    for option in options:
        if not option.firsts() or not needed(option):
            raise WordsError(f"the phrase {source!r} does not begin with a word")
    return options


class _Reader:
    """Reads one line, from left to right."""

    def __init__(self, marks: list[str], classes: Classes) -> None:
        self.left = marks[::-1]
        self.classes = classes

    def options(self) -> list[Part]:
        """The alternatives up to the end, or to the bracket that closes them, which is left."""
        options, parts = [], list[Part]()
        while self.left and not self.left[-1].startswith(")"):
            mark = self.left.pop()
            if mark == "|":
                options.append(_in_order(parts))
                parts = []
            else:
                parts.append(self._part(mark))
        options.append(_in_order(parts))
        return options

    def _part(self, mark: str) -> Part:
        if mark == "(":
            inner = _either(self.options())
            closing = self.left.pop() if self.left else ""
            if closing not in (")", ")?"):
                raise WordsError("brackets are open" if not closing else f"{closing!r} is no word")
            return Maybe(inner) if closing == ")?" else inner
        if mark.startswith("<") and mark.rstrip("?") not in _FORMS:
            found = self._class(mark.rstrip("?"))
            return Maybe(found) if mark.endswith("?") else found
        return _leaf(mark)

    def _class(self, name: str) -> Part:
        if name.strip("<>") not in self.classes:
            raise WordsError(f"there is no class {name!r}")
        return self.classes[name.strip("<>")]


def _in_order(parts: list[Part]) -> Part:
    return parts[0] if len(parts) == 1 else InOrder(tuple(parts))


def _either(options: Sequence[Part]) -> Part:
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
def _leaf(mark: str) -> Part:
    """What stands between spaces, brackets and bars."""
    if mark.endswith("?"):
        return Maybe(_leaf(mark[:-1]))
    if mark.startswith("*"):
        return Gap(int(mark[1:] or _GAP))
    if mark == "$":
        return End()
    if mark in _FORMS:
        return Form(mark)
    if mark.startswith("~") and mark[1:].isalpha():
        return Ending(mark[1:])
    words = split(mark)
    if not words or not _WORD.fullmatch(mark):
        raise WordsError(f"{mark!r} is no word")
    return _in_order([OneOf(frozenset({word})) for word in words])
