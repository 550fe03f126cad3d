"""Whether a text puts off, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nudger.replies.intent.meanings import Intent, Understood
from nudger.replies.language.lists import Section
from nudger.replies.language.phrases import Looked
from nudger.replies.time.moments import LONGEST_SNOOZE, Now, moment
from nudger.replies.time.timewords import Asked

VERBS = "snooze.verbs"  # puts off wherever it stands: "remind me"
WORDS = "snooze.words"  # puts off where nothing else is said: "busy"

_FEW = 3  # words that may stand around a time without a verb: "dentist until 3"


def plainly(intent: Intent, now: Now) -> Understood:
    """An intent without a word about time: a snooze is the nudge's own."""
    return snoozed_to(now.at + now.snooze, now) if intent is Intent.SNOOZE else Understood(intent)


def snoozed_to(at: datetime, now: Now) -> Understood:
    """A snooze to this instant: moved out of quiet hours, a pause where it is longer than a snooze is."""
    if at - now.at > LONGEST_SNOOZE:
        return Understood(Intent.PAUSE, until=at)
    until = now.after_quiet(at)
    return Understood(Intent.SNOOZE, until=until, moved=until != at, asked=at)


@dataclass(frozen=True, slots=True)
class Snoozing:
    """The words of putting off of one language, beside its phrase lists."""

    around: frozenset[str]  # small words beside those of putting off and beside a time
    narrating: frozenset[str]  # words of somebody who tells a story: "slept until 3"
    reserved: frozenset[str]  # words of opting out: none is part of a snooze, but in "the end of the day"

    @classmethod
    def read(
        cls, section: Section, around: frozenset[str], reserved: frozenset[str]
    ) -> tuple["Snoozing", Mapping[str, tuple[str, ...]]]:
        """The words, and the phrase lists by their names."""
        lists = {VERBS: section.phrases("verbs"), WORDS: section.phrases("words")}
        found = cls(section.words("around") | around, section.words("narrating") | reserved, reserved)
        section.close()
        return found, lists

    def understand(
        self, words: Sequence[str], looked: Looked, asked: Asked | None, now: Now
    ) -> Understood | None:
        """A text with a verb of putting off, or about a time or a reason and nothing else."""
        places = asked.places if asked is not None else frozenset()
        if any(word in self.reserved for at, word in enumerate(words) if at not in places):
            return None
        if looked.found(VERBS, words):
            return _snooze(asked, now)
        reasons = {at for start, end in looked.spans(WORDS, words) for at in range(start, end)}
        if self._left(words, places | reasons):
            return None
        timed = asked is not None and (asked.names_moment or _is_minutes(asked))
        return _snooze(asked, now) if reasons or timed else None

    def told(self, words: Sequence[str], asked: Asked | None, now: Now) -> Understood | None:
        """A time with few words around it: "dentist until 3", but not "slept until 3"."""
        if asked is None or not asked.names_moment or not self.narrating.isdisjoint(words):
            return None
        begins = 0 in asked.places and (asked.clock is not None or asked.part is not None)
        if not (asked.led or begins) or len(self._left(words, asked.places)) > (_FEW if asked.led else 2):
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
    return snoozed_to(named, now) if named is not None else plainly(Intent.SNOOZE, now)
