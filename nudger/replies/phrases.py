"""The little language that the word lists write their phrases in, and looking for them.

    want to die        these words, one after the other
    (want to|wish)     one of these phrases; groups may hold groups, and a line may go without brackets
    <want>             one of a class of words and phrases, from the table `classes`
    really?            may be missing; so with (...)? and <want>?
    *                  up to three words, whatever they are; *5: up to five
    <n>                a number in digits
    ~ing               a word that ends so
    ^ ... $            begins, ends the text; $ may stand among alternatives: now|$

Looking takes time in proportion to the number of words: a phrase is tried only where one of its first
words stands, and only if the text has one of the words that it cannot do without.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from nudger.replies.pattern import (
    MASK,
    NOWHERE,
    NUMBER,
    End,
    Ending,
    Gap,
    InOrder,
    Maybe,
    Number,
    OneOf,
    Part,
    Some,
    Words,
    either,
    needed,
)
from nudger.replies.section import WordsError
from nudger.replies.tokens import split

L = TypeVar("L")
Classes = Mapping[str, Part]

_GAP = 3
_WORD = re.compile(r"[\w'’.&+-]+")


@dataclass(frozen=True, slots=True)
class _Phrase(Generic[L]):
    label: L
    rank: int
    part: Part
    needs: tuple[Some, ...]

    def ends(self, words: Words, start: int) -> set[int]:
        for some in self.needs:
            if some.isdisjoint(words):
                return NOWHERE
        return self.part.ends(words, {start})


class Phrases(Generic[L]):
    """Many phrases, each with a label, looked for at once. Where several fit, the first one given counts."""

    def __init__(self, groups: Iterable[tuple[L, Iterable[str], Classes]]) -> None:
        """Groups of phrases, each with its label and the classes of its language."""
        self._anywhere: dict[str, list[_Phrase[L]]] = defaultdict(list)
        self._at_start: dict[str, list[_Phrase[L]]] = defaultdict(list)
        self._count = 0
        self.vocabularies: dict[L, Some] = {}  # every word of the phrases, by their label
        for label, sources, classes in groups:
            for source in sources:
                self._add(label, source, classes)

    @property
    def vocabulary(self) -> Some:
        return frozenset().union(*self.vocabularies.values())

    def spans(self, words: Words) -> Iterator[tuple[int, int, _Phrase[L]]]:
        """Every phrase found: from its first word to before what follows it. They may overlap."""
        for start in range(len(words)):
            for phrase in self._beginning(words, start):
                ends = phrase.ends(words, start)
                if ends:
                    yield start, max(ends), phrase

    def found(self, words: Words) -> bool:
        """Whether any phrase is anywhere in the words."""
        return next(self.spans(words), None) is not None

    def label(self, *texts: Words) -> L | None:
        """The label of a phrase that is anywhere in the first of the texts that has one."""
        for words in _different(texts):
            found = _first_given([phrase for _, _, phrase in self.spans(words)])
            if found is not None:
                return found
        return None

    def whole(self, *texts: Words) -> L | None:
        """The label of a phrase that is all of the first of the texts of which one is."""
        for words in _different(texts):
            found = _first_given(
                [one for one in self._beginning(words, 0) if len(words) in one.ends(words, 0)]
            )
            if found is not None:
                return found
        return None

    def masked(self, words: Words) -> Words:
        """The words, with those of every phrase found out of the way."""
        out: list[str] = []
        for start, end, _ in self.spans(words):
            out = out or list(words)
            out[start:end] = [MASK] * (end - start)
        return out or words

    def _beginning(self, words: Words, at: int) -> Sequence[_Phrase[L]]:
        word = words[at]
        found: Sequence[_Phrase[L]] = self._anywhere.get(word, ())
        if at == 0 and word in self._at_start:
            found = [*found, *self._at_start[word]]
        if word.isdecimal() and NUMBER in self._anywhere:
            found = [*found, *self._anywhere[NUMBER]]
        return found

    def _add(self, label: L, source: str, classes: Classes) -> None:
        """A line of several phrases is one for each."""
        index = self._at_start if source.startswith("^ ") else self._anywhere
        for option in _cut(source.removeprefix("^ "), "|"):
            part = _compiled(option, source, classes)
            phrase = _Phrase(label, self._count, part, needed(part))
            self._count += 1
            self.vocabularies[label] = self.vocabularies.get(label, frozenset()) | part.words()
            for word in part.firsts() or ():
                index[word].append(phrase)


def read_classes(lists: Iterable[tuple[str, tuple[str, ...]]]) -> Classes:
    """Named classes of words and phrases. A member may be a class named before: "<want>"."""
    classes: dict[str, Part] = {}
    for name, members in lists:
        classes[name] = either([_in_order(member, classes) for member in members])
    return classes


def _different(texts: Iterable[Words]) -> Iterator[Words]:
    """The texts that are not empty and not shorter forms of themselves: each leaves words out of the last."""
    length = 0
    for words in texts:
        if words and len(words) != length:
            yield words
        length = len(words)


def _first_given(found: list[_Phrase[L]]) -> L | None:
    return min(found, key=lambda phrase: phrase.rank).label if found else None


# --- reading phrases ----------------------------------------------------------------------------------
def _compiled(option: str, source: str, classes: Classes) -> Part:
    try:
        part = _in_order(option, classes)
    except WordsError as error:
        raise WordsError(f"the phrase {source!r}: {error}") from None
    if not part.firsts():
        raise WordsError(f"the phrase {source!r} does not begin with a word")
    return part


def _in_order(source: str, classes: Classes) -> Part:
    options = _cut(source, "|")
    if len(options) > 1:
        return either([_in_order(one, classes) for one in options])
    parts = tuple(_part(part, classes) for part in _cut(source, " ") if part)
    return parts[0] if len(parts) == 1 else InOrder(parts)


def _part(part: str, classes: Classes) -> Part:
    if part.endswith("?"):
        return Maybe(_part(part[:-1], classes))
    if part.startswith("*"):
        return Gap(int(part[1:] or _GAP))
    if part.startswith("(") and part.endswith(")"):
        return _in_order(part[1:-1], classes)
    if part == "$":
        return End()
    if part == NUMBER:
        return Number()
    if part.startswith("<"):
        return _class(part, classes)
    if part.startswith("~") and part[1:].isalpha():
        return Ending(part[1:])
    words = split(part)
    if not words or not _WORD.fullmatch(part):
        raise WordsError(f"{part!r} is no word")
    inner = tuple(OneOf(frozenset({word})) for word in words)
    return inner[0] if len(inner) == 1 else InOrder(inner)


def _class(part: str, classes: Classes) -> Part:
    name = part.strip("<>")
    if name not in classes:
        raise WordsError(f"there is no class {part!r}")
    return classes[name]


def _cut(text: str, mark: str) -> list[str]:
    """Cut at a mark, except within brackets."""
    if "(" not in text:
        return text.split(mark)
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if depth:
        raise WordsError(f"brackets are open in {text!r}")
    return [*parts, text[start:]]
