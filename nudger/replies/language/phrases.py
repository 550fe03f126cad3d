"""Many phrases at once: the lists of one language, looked for in a text.

A phrase is tried only where the text has, for each of its parts, one of the words that the part can begin
with; and it is thought of only where the text has one of the words of its rarest part. So most of the
thousands of phrases cost a text nothing at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nudger.replies.language.patterns import (
    MASK,
    Classes,
    Part,
    Places,
    Some,
    Words,
    forms_of,
    needed,
    read_phrase,
)

_NONE: tuple["_Phrase", ...] = ()


@dataclass(frozen=True, slots=True)
class _Phrase:
    listed: str  # the list that it stands in
    rank: int
    part: Part
    begins: bool  # it begins the text
    firsts: Some
    needs: int  # a bit for each list of words of which the text must have one

    def starts(self, words: Words) -> Iterable[int]:
        """The places where it may begin."""
        if self.begins:
            return (0,) if words and self._may_begin(words[0]) else ()
        return [at for at, word in enumerate(words) if self._may_begin(word)]

    def ends(self, words: Words, start: int) -> Places:
        return self.part.ends(words, {start})

    def _may_begin(self, word: str) -> bool:
        return word in self.firsts or any(mark in self.firsts for mark in forms_of(word))


class Phrases:
    """The phrase lists of a language, by their names."""

    def __init__(self, lists: Mapping[str, Iterable[str]], classes: Classes) -> None:
        """Raises WordsError, naming the line, where a phrase is not of the form that `patterns` reads."""
        self._words: dict[str, set[str]] = {}
        self._bits: dict[str, int] = defaultdict(int)  # word -> a bit for each list of words it is in
        self._thought_of: dict[str, list[_Phrase]] = defaultdict(list)  # by the words of its rarest part
        read = [
            (name, source.startswith("^ "), part)
            for name, sources in lists.items()
            for source in sources
            for part in read_phrase(source.removeprefix("^ "), classes)
        ]
        self._index([(name, begins, part, needed(part)) for name, begins, part in read])

    def _index(self, read: Sequence[tuple[str, bool, Part, tuple[Some, ...]]]) -> None:
        places = {
            some: at for at, some in enumerate(dict.fromkeys(one for *_, needs in read for one in needs))
        }
        for some, at in places.items():
            for word in some:
                self._bits[word] |= 1 << at
        often = Counter(word for *_, needs in read for some in needs for word in some)
        for rank, (name, begins, part, needs) in enumerate(read):
            self._words.setdefault(name, set()).update(part.words())
            bits = sum(1 << at for at in {places[some] for some in needs})
            phrase = _Phrase(name, rank, part, begins, part.firsts() or frozenset(), bits)
            for word in min(needs, key=lambda some: sum(often[word] for word in some)):
                self._thought_of[word].append(phrase)

    def vocabulary(self, *names: str) -> Some:
        """Every word of these lists."""
        return frozenset().union(*(self._words.get(name, ()) for name in names))

    def look(self, words: Words) -> "Looked":
        """The phrases that may be in these words, ready to be tried."""
        distinct = dict.fromkeys([*words, *(mark for word in words for mark in forms_of(word))])
        known = [word for word in distinct if word in self._bits]
        bits = 0
        for word in known:
            bits |= self._bits[word]
        found: dict[str, dict[int, _Phrase]] = {}
        for word in known:
            for phrase in self._thought_of.get(word, _NONE):
                if phrase.needs & bits == phrase.needs:
                    found.setdefault(phrase.listed, {})[phrase.rank] = phrase
        return Looked(words, {name: tuple(phrases.values()) for name, phrases in found.items()})


@dataclass(frozen=True, slots=True)
class Looked:
    """A text, and the phrases that may be in it. Every question may be put to a form of the text instead that
    leaves words out."""

    words: Words
    _found: Mapping[str, Sequence[_Phrase]]

    @property
    def any(self) -> bool:
        """Whether any phrase at all may be there."""
        return bool(self._found)

    def spans(self, name: str, words: Words | None = None) -> Iterator[tuple[int, int]]:
        """Every phrase of a list that is there: from its first word to before what follows it."""
        words = self.words if words is None else words
        for phrase in self._found.get(name, _NONE):
            for start in phrase.starts(words):
                ends = phrase.ends(words, start)
                if ends:
                    yield start, max(ends)

    def found(self, name: str, words: Words | None = None) -> bool:
        """Whether any phrase of a list is anywhere in the words."""
        return next(self.spans(name, words), None) is not None

    def among(self, names: Iterable[str]) -> list[str]:
        """Those of the lists, in their order, of which a phrase may be there."""
        return [name for name in names if name in self._found]

    def whole(self, name: str, *texts: Words) -> bool:
        """Whether a phrase of a list is all of one of these texts."""
        for phrase in self._found.get(name, _NONE):
            for words in texts:
                if words and phrase.starts(words[:1]) and len(words) in phrase.ends(words, 0):
                    return True
        return False

    def masked(self, *names: str, words: Words | None = None) -> Words:
        """The words, with those of every phrase of these lists out of the way."""
        words = self.words if words is None else words
        for name in names:
            out: list[str] = []
            for start, end in self.spans(name, words):
                out = out or list(words)
                out[start:end] = [MASK] * (end - start)
            words = out or words
        return words
