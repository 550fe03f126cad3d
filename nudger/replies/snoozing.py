"""Whether a text puts off, and until when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nudger.replies.asked import Asked
from nudger.replies.intent import Intent, Understood
from nudger.replies.moments import Now, moment
from nudger.replies.phrases import Classes, Phrases
from nudger.replies.section import Section

_FEW = 3  # words that may stand around a time without a verb: "dentist until 3"


@dataclass(frozen=True, slots=True)
class Snoozing:
    """The words of putting off of one language."""

    verbs: Phrases[bool]  # puts off wherever it stands: "remind me"
    words: Phrases[bool]  # puts off where nothing else is said: "busy"
    around: frozenset[str]  # small words beside those and beside a time
    narrating: frozenset[str]  # words of somebody who tells a story: "slept until 3"
    reserved: frozenset[str]  # words of opting out: none is part of a snooze, but in "the end of the day"

    @classmethod
    def read(
        cls, section: Section, classes: Classes, around: frozenset[str], reserved: frozenset[str]
    ) -> "Snoozing":
        found = cls(
            verbs=Phrases([(True, section.phrases("verbs"), classes)]),
            words=Phrases([(True, section.phrases("words"), classes)]),
            around=section.words("around") | around,
            narrating=section.words("narrating") | reserved,
            reserved=reserved,
        )
        section.close()
        return found

    def vocabulary(self) -> Iterator[str]:
        """Every word that a misspelt one may be put right to."""
        yield from self.verbs.vocabulary
        yield from self.words.vocabulary

    def understand(self, words: Sequence[str], asked: Asked | None, now: Now) -> Understood | None:
        """A text with a verb of putting off, or about a time or a reason and nothing else."""
        places = asked.places if asked is not None else frozenset()
        if any(word in self.reserved for at, word in enumerate(words) if at not in places):
            return None
        if self.verbs.found(words):
            return _snooze(asked, now)
        reasons = {at for start, end, _ in self.words.spans(words) for at in range(start, end)}
        if self._left(words, places | reasons) or not self.reserved.isdisjoint(words):
            return None
        timed = asked is not None and (asked.names_moment or _is_minutes(asked))
        return _snooze(asked, now) if reasons or timed else None

    def told(self, words: Sequence[str], asked: Asked | None, now: Now) -> Understood | None:
        """A time with few words around it: "dentist until 3", but not "slept until 3"."""
        if asked is None or not asked.led or not asked.names_moment:
            return None
        if len(self._left(words, asked.places)) > _FEW or not self.narrating.isdisjoint(words):
            return None
        return _snooze(asked, now)

    def _left(self, words: Sequence[str], places: frozenset[int]) -> list[str]:
        """The words that say something else."""
        return [word for at, word in enumerate(words) if word not in self.around and at not in places]


def _is_minutes(asked: Asked) -> bool:
    """Whether a bare number is plainly minutes, or a word led to it ("in 20")."""
    return asked.number is not None and (asked.led or asked.number > 12)


def _snooze(asked: Asked | None, now: Now) -> Understood:
    """By the time asked for, else the nudge's own; a pause where it is longer than a snooze may be."""
    named = moment(asked, now) if asked is not None else None
    return now.snoozed_to(named) if named is not None else now.understood(Intent.SNOOZE)
