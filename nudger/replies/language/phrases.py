"""Many phrases at once: the lists of one language, looked for in a text.

A phrase is tried only where the text has, for each of its parts, one of the words that the part can begin
with; and it is thought of only where the text has one of the words of its rarest part. So most of the
thousands of phrases cost a text nothing at all.

The places of a text are the bits of a whole number, and each part of a phrase says in which places it can
end, given those in which it may begin: a word moves them on by one, where it stands. So a phrase is followed
from all places at once, in time proportional to its length and its gaps, whatever the text: there is nothing
to go back over. What is compiled is plain data (see `wordlists`): an index that can be written down and read
again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Union

MASK = "\0"  # stands for a word that no phrase may use
SHAPES = {  # of words in digits; a phrase has the mark where any word of the shape may stand
    "<n>": re.compile(r"\d+"),
    "<date>": re.compile(r"\d+[/-]\d+(?:[/-]\d+)?|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|\d{1,2}\.(?:0[1-9]|1[0-2])"),
    "<time>": re.compile(r"\d{1,2}[:.]\d{2}"),
}

GAP, MAYBE, EITHER, END = "gap", "maybe", "either", "end"
ANY = -1  # instead of a list of words, where there is none

# A part is a word (or a mark, or "~ing" for an ending); the number of a list of words, any of which will do;
# or an operation: a gap of `number` words at most; a phrase that may be missing; the end of the text; or one
# of some phrases, of which those of one word are the list of that number, and the others stand, without their
# first word, under that word, or have no such word.
Operation = tuple[str, int, tuple["Parts", ...], dict[str, tuple["Parts", ...]]]
Part = Union[str, int, Operation]  # noqa: UP007 - a type that is part of itself
Parts = tuple[Part, ...]
# Its rank, its list, whether it begins the text, parts, what it needs; its fewest words, and its most.
Phrase = tuple[int, str, bool, Parts, int, int, int]


class Index(NamedTuple):
    """Compiled phrases, as plain data."""

    lists: Sequence[frozenset[str]]  # of words, by their numbers
    bits: Mapping[str, int]  # word -> a bit for each list that phrases need and that it is in
    phrases: Mapping[str, Sequence[Phrase]]  # by the words of their rarest part
    endings: tuple[str, ...]  # of words, that some phrase names
    words: Mapping[str, frozenset[str]]  # name -> every word of the phrases of that name


class Phrases:
    """The phrase lists of a language, by their names."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def vocabulary(self, *names: str) -> frozenset[str]:
        """Every word of these lists."""
        return frozenset().union(*(self._index.words.get(name, ()) for name in names))

    def look(self, words: Sequence[str]) -> "Looked":
        """The phrases that may be in these words, ready to be tried."""
        index = self._index
        places = _places(words, index.endings)
        bits = 0
        for word in places.keys() & index.bits.keys():
            bits |= index.bits[word]
        found: dict[str, dict[int, Phrase]] = {}
        for word in places.keys() & index.phrases.keys():
            for phrase in index.phrases[word]:
                needs = phrase[4]
                if needs & bits == needs:
                    found.setdefault(phrase[1], {})[phrase[0]] = phrase
        candidates = {name: tuple(phrases.values()) for name, phrases in found.items()}
        return Looked(words, index, candidates, places)


class Looked:
    """A text, and the phrases that may be in it. A list of which no phrase was found is not tried again."""

    __slots__ = ("_begun", "_candidates", "_end", "_found", "_free", "_index", "_known", "_masks", "_words")

    def __init__(
        self,
        words: Sequence[str],
        index: Index,
        candidates: Mapping[str, Sequence[Phrase]],
        places: dict[str, int] | None = None,
    ) -> None:
        """Takes the phrases that may be there, by their lists, and the `places` of each word, if they are
        known yet."""
        self._words, self._index, self._candidates, self._known = words, index, candidates, places
        self._found = dict(candidates)  # without the lists of which there is none
        self._end = 1 << len(words)
        self._free: int | None = None  # the places that phrases may use; known with those of the words
        self._masks: dict[int, int] = {}
        self._begun: dict[int, Sequence[tuple[int, tuple[Parts, ...]]]] = {}

    @property
    def words(self) -> Sequence[str]:
        """The text; a word that is out of the way is MASK."""
        free = self._free
        if free is None or free == self._end - 1:
            return self._words
        return tuple(word if free >> at & 1 else MASK for at, word in enumerate(self._words))

    def over(self, words: Sequence[str]) -> "Looked":
        """The same phrases in a form of the text that leaves words out, or masks some."""
        if len(words) == len(self._words) and tuple(words) == tuple(self.words):
            return self
        return Looked(words, self._index, self._candidates)

    def may(self, *names: str) -> bool:
        """Whether a phrase of these lists may be there, as far as is known."""
        return any(name in self._found for name in names)

    def none_of(self, names: Iterable[str]) -> bool:
        """Whether no phrase of any of these lists can be there."""
        return self._found.keys().isdisjoint(names)

    def found(self, *names: str) -> bool:
        """Whether any phrase of these lists is anywhere in the words."""
        return self.first(names) is not None

    def first(self, names: Iterable[str]) -> str | None:
        """The first of the lists of which a phrase is anywhere in the words."""
        found = self._found
        for name in names if found else ():
            if name in found:
                free = self._ready()
                for phrase in found[name]:
                    if self._ends(phrase[3], 1 if phrase[2] else free):
                        return name
                del found[name]
        return None

    def whole(self, names: Iterable[str]) -> str | None:
        """The first of the lists of which a phrase is all of the text."""
        found, length = self._found, len(self._words)
        for name in names:
            if name in found:
                for phrase in found[name]:
                    if phrase[5] <= length <= phrase[6]:
                        self._ready()
                        if self._ends(phrase[3], 1) & self._end:
                            return name
        return None

    def spans(self, name: str) -> Iterator[tuple[int, int]]:
        """Every phrase of a list that is there: from its first word to before what follows it."""
        if not self.found(name):
            return
        for phrase in self._found[name]:
            starts = 1 if phrase[2] else self._ready()
            if not self._ends(phrase[3], starts):
                continue
            for start in range(len(self._words)):
                ends = self._ends(phrase[3], starts & 1 << start)
                if ends:
                    yield start, ends.bit_length() - 1

    def masked(self, *names: str) -> "Looked":
        """The same text, with the words of every phrase of these lists out of the way: of one list after the
        other."""
        looked = self
        for name in names:
            taken = 0
            for start, end in looked.spans(name):
                taken |= (1 << end) - (1 << start)
            if taken:
                looked = looked._without(taken)
        return looked

    def _without(self, taken: int) -> "Looked":
        """With these places out of the way, no phrase is found that was not found before."""
        left = Looked(self._words, self._index, self._candidates, self._known)
        left._found, left._masks, left._begun = dict(self._found), self._masks, self._begun
        left._free = self._ready() & ~taken
        return left

    def _ready(self) -> int:
        """The places that are free for phrases, once it is known where each word stands."""
        if self._free is None:
            if self._known is None:
                self._known = _places(self._words, self._index.endings)
            self._free = (self._end - 1) & ~self._known.get(MASK, 0)
        return self._free

    def _ends(self, parts: Parts, places: int) -> int:
        """From the places where these parts may begin, one after the other, those where they may end."""
        free, known, masks = self._free or 0, self._known or {}, self._masks
        for part in parts:
            if isinstance(part, str):
                places = (places & free & known.get(part, 0)) << 1
            elif isinstance(part, int):
                mask = masks[part] if part in masks else self._mask(part)
                places = (places & free & mask) << 1
            elif part[0] == GAP:
                last = places
                for _ in range(part[1]):
                    last = (last & free) << 1
                    places |= last
            else:
                places = self._operated(part, places)
            if not places:
                return 0
        return places

    def _operated(self, part: Operation, places: int) -> int:
        operation, number, options, by_first = part
        if operation == EITHER:
            usable, masks = places & (self._free or 0), self._masks
            reached = 0
            if number != ANY:
                reached = (usable & (masks[number] if number in masks else self._mask(number))) << 1
            begun = self._begun.get(id(by_first))
            for mask, rests in self._begin(by_first) if begun is None else begun:
                start = (usable & mask) << 1
                if start:
                    for rest in rests:
                        reached |= self._ends(rest, start)
            for option in options:
                reached |= self._ends(option, places)
            return reached
        if operation == MAYBE:
            return places | self._ends(options[0], places)
        return places & self._end

    def _begin(self, by_first: dict[str, tuple[Parts, ...]]) -> Sequence[tuple[int, tuple[Parts, ...]]]:
        """Of phrases by their first word: those whose first word is there, with its places."""
        known = self._known or {}
        begun = [(known[word], by_first[word]) for word in by_first.keys() & known.keys()]
        self._begun[id(by_first)] = begun
        return begun

    def _mask(self, number: int) -> int:
        """The places of the words of a list."""
        mask, known = 0, self._known or {}
        for word in known.keys() & self._index.lists[number]:
            mask |= known[word]
        self._masks[number] = mask
        return mask


def shapes_of(word: str) -> Sequence[str]:
    """The marks of the shapes that a word has: of one without digits none."""
    if not word[:1].isdecimal():
        return ()
    return [mark for mark, shape in SHAPES.items() if shape.fullmatch(word)]


def _places(words: Sequence[str], endings: tuple[str, ...]) -> dict[str, int]:
    """Where each word stands, each shape and each ending."""
    places: dict[str, int] = {}
    bit = 1
    for word in words:
        places[word] = places.get(word, 0) | bit
        if word[:1].isdecimal():
            for mark in shapes_of(word):
                places[mark] = places.get(mark, 0) | bit
        if word.endswith(endings):
            for ending in endings:
                if word.endswith(ending):
                    mark = f"~{ending}"
                    places[mark] = places.get(mark, 0) | bit
        bit <<= 1
    return places
