"""Understanding commands, and what people say of themselves.

LATER and its times, DONE, SKIP, PAUSE, RESUME, NOW, PLAN, LINK, LESS, MORE, HELP; and what is said of where
they are, when they may be written to, and whom they met (`remarks`).

Nothing dangerous is decided here: who opts out or is in a crisis never comes this far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from nudger.domain.model import Kind
from nudger.replies.intent.answers import BOUNDED, Courtesy
from nudger.replies.intent.meanings import UNKNOWN, Intent, Understood, plainly, snoozed_to
from nudger.replies.intent.remarks import AWAY, EARLIEST, LATEST, NOON, PAUSED, Remarks, today
from nudger.replies.language.phrases import Looked
from nudger.replies.language.wordlists import Section
from nudger.replies.time.lexicon import ClockTime, TimeExpression, TimeWords
from nudger.replies.time.parsing import read_time
from nudger.replies.time.resolution import LONGEST_SNOOZE, Now, moment, never_comes, pause_ends

# HELP is last: what is left of "what would you do" without its small words is no question for help.
_ORDER = (
    Intent.UNDO, Intent.WHO, Intent.TODAY, Intent.DISLIKE, Intent.LIKE, Intent.MET, Intent.START, Intent.DONE,
    Intent.SKIP, Intent.PAUSE, Intent.RESUME, Intent.NOW, Intent.PLAN, Intent.LINK, Intent.TINY,
    Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.AWAY, Intent.HOURS, Intent.TRAVEL, Intent.HELP,
)  # fmt: skip
_WHOLE = {intent: f"{intent}.whole" for intent in _ORDER}  # what is a command where it is all of a text
_WITHIN = {intent: f"{intent}.within" for intent in _ORDER}  # what is one anywhere
_BEFORE_TIMES = {
    _WITHIN[intent]: intent
    for intent in (
        Intent.PLAN, Intent.LINK, Intent.TINY, Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.HELP,
    )
}  # fmt: skip
_FIRST = {
    _WITHIN[intent]: intent for intent in (Intent.UNDO, Intent.WHO, Intent.TODAY, Intent.DISLIKE, Intent.LIKE)
}
_AFTER_TIMES = {_WITHIN[intent]: intent for intent in (Intent.SKIP, Intent.DONE, Intent.START, Intent.NOW)}
_SHORT = 3  # words
_OF_WHOLE = {name: intent for intent, name in _WHOLE.items()}
_A_DAY = timedelta(days=1)
VERBS = "snooze.verbs"  # puts off wherever it stands: "remind me"
WORDS = "snooze.words"  # puts off where nothing else is said: "busy"
_FEW = 3  # words that may stand around a time without a verb: "dentist until 3"
LISTS = (*_WHOLE.values(), *_WITHIN.values(), VERBS, WORDS, EARLIEST, LATEST)


# --- putting off ---------------------------------------------------------------------------------------
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

    def understand(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood | None:
        """A text with a verb of putting off, or about a time or a reason and nothing else."""
        words = looked.words
        places = asked.places if asked is not None else frozenset()
        if any(word in self.reserved for at, word in enumerate(words) if at not in places):
            return None
        if looked.found(VERBS):
            return _snooze(asked, now)
        reasons = {at for start, end in looked.spans(WORDS) for at in range(start, end)}
        if self._left(words, places | reasons):
            return None
        timed = asked is not None and (asked.names_moment or _is_minutes(asked))
        return _snooze(asked, now) if reasons or timed else None

    def meant(self, words: Sequence[str], asked: TimeExpression | None, now: Now) -> Understood | None:
        """A text that puts off in words of its own; None beside a word of opting out."""
        places = asked.places if asked is not None else frozenset()
        if any(word in self.reserved for at, word in enumerate(words) if at not in places):
            return None
        return _snooze(asked, now)

    def told(self, words: Sequence[str], asked: TimeExpression | None, now: Now) -> Understood | None:
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


def _is_minutes(asked: TimeExpression) -> bool:
    """Whether a bare number is plainly minutes, or a word led to it ("in 20")."""
    return asked.number is not None and (asked.led or asked.number > 12)


def _snooze(asked: TimeExpression | None, now: Now) -> Understood:
    """By the time asked for, else the nudge's own; a pause where it is longer than a snooze may be."""
    named = moment(asked, now) if asked is not None else None
    if asked is None or named is None:
        return plainly(Intent.SNOOZE, now)
    if named - now.at > LONGEST_SNOOZE:
        return Understood(Intent.PAUSE, until=pause_ends(replace(asked, until=True), now) or named)
    return snoozed_to(named, now)


def _pause(asked: TimeExpression | None, now: Now) -> Understood:
    """Until the end that is named; without one until RESUME. Hours and minutes are a snooze."""
    if asked is not None and asked.span is not None and asked.span < _A_DAY:
        return _snooze(asked, now)
    return Understood(Intent.PAUSE, until=pause_ends(asked, now) if asked is not None else None)


def _read_as_clock(asked: TimeExpression | None) -> TimeExpression | None:
    """A bare number in the words of putting off: "4 is good"; minutes where it can be no hour."""
    if asked is None or asked.number is None or asked.led or not 0 < asked.number <= NOON:
        return asked
    return replace(asked, clock=ClockTime(time(asked.number)), number=None)


# --- all commands --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one language, beside its phrase lists."""

    courtesy: Courtesy
    times: TimeWords
    snoozing: Snoozing
    remarks: Remarks
    asking: frozenset[str]  # for a nudge NOW
    kinds: Mapping[str, Kind]
    around: frozenset[str]  # small words that change nothing

    @classmethod
    def read(
        cls, section: Section, courtesy: Courtesy, times: TimeWords, reserved: frozenset[str]
    ) -> tuple["Commands", Mapping[str, tuple[str, ...]]]:
        """The commands, and the phrase lists by their names. `reserved`: words of opting out."""
        lists, tables = {}, {}
        for intent in _ORDER:
            tables[intent] = section.section(intent)
            lists[_WHOLE[intent]] = tables[intent].phrases("whole")
            lists[_WITHIN[intent]] = tables[intent].phrases("within")
        remarks, of_remarks = Remarks.read(tables[Intent.HOURS], tables[Intent.TRAVEL])
        for table in tables.values():
            table.close()
        around = section.words("around")
        snoozing, more = Snoozing.read(section.section("snooze"), around | courtesy.words, reserved)
        found = cls(
            courtesy=courtesy,
            times=times,
            snoozing=snoozing,
            remarks=remarks,
            asking=section.words("asking"),
            kinds={word: Kind(kind) for kind, words in section.section("kinds").lists() for word in words},
            around=around,
        )
        section.close()
        return found, {**lists, **more, **of_remarks}

    def vocabulary(self) -> Iterator[str]:
        """Every word outside the phrase lists that a misspelt one may be put right to."""
        yield from self.times.vocabulary()
        yield from self.courtesy.words
        yield from self.asking
        yield from self.kinds

    def known(self) -> frozenset[str]:
        """Every word outside the phrase lists that is right as it stands."""
        return self.around.union(self.vocabulary(), self.snoozing.around, self.snoozing.narrating)

    def is_exact(self, looked: Looked) -> bool:
        """Whether a command is all of a short text, courtesies apart."""
        bare = self._bare(looked)
        return len(bare) <= _SHORT and _whole(looked, looked.over(bare)) is not None

    def understand(self, looked: Looked, now: Now) -> Understood | None:
        """What a text asks for; None where that is nothing known here."""
        if all(word in self.courtesy.words for word in looked.words):
            meaning = _whole(looked) or self.courtesy.meaning(looked.words)
            return Understood(meaning) if meaning is not None else None
        bare = looked.over(self._bare(looked))
        asked = self._asked(looked, now)
        if asked is not None and never_comes(asked, now):
            return UNKNOWN  # in no other language either: never for ever where a date was named
        return (
            self._plain(looked, bare, now)
            or self._of_messages(looked, asked, now)
            or self.remarks.away(looked, asked, now)
            or self.remarks.hours(looked, asked)
            or self.remarks.travel(looked, asked, now)
            or self._paused(looked, asked, now)
            or self._now(bare.words)
            or _within(_BEFORE_TIMES, looked, bare)
            or self.snoozing.understand(looked, asked, now)
            or self._core(bare)
            or self.remarks.met(looked, now.contacts)
            or _within(_AFTER_TIMES, looked, bare)
            or self.snoozing.told(looked.words, asked, now)
        )

    def meant(self, intent: Intent, looked: Looked, now: Now) -> Understood | None:
        """What a text means that asks for this in words that no rule has; None where it lacks what that
        takes."""
        asked = read_time(
            self.times,
            looked.words,
            month_first=now.month_first,
            pausing=intent in (Intent.PAUSE, Intent.AWAY),
        )
        if asked is not None and never_comes(asked, now):
            return None
        match intent:
            case Intent.SNOOZE:
                return self.snoozing.meant(looked.words, _read_as_clock(asked), now)
            case Intent.PAUSE:
                unclear = asked is not None and asked.until and pause_ends(asked, now) is None
                return None if unclear else _pause(asked, now)  # "until 99": an end was named
            case Intent.AWAY:
                gone = self.remarks.gone(asked, now) if asked is not None else None
                return gone if gone is not None or asked is None else _pause(asked, now)
            case Intent.TODAY:
                return today(now)
            case Intent.UNDO:
                named = moment(asked, now) if asked is not None else None
                undone = Understood(Intent.UNDO)
                return undone if named is None else replace(_snooze(asked, now), intent=Intent.UNDO)
            case Intent.HOURS:
                return self.remarks.hours(looked, asked) or Understood(Intent.HOURS)
            case Intent.TRAVEL:
                return self.remarks.elsewhere(looked, asked, now)
            case Intent.MET:
                return self.remarks.whom(looked, now.contacts)
            case Intent.NOW:
                kinds = {kind for word in looked.words if (kind := self.kinds.get(word)) is not None}
                return Understood(Intent.NOW, kind=kinds.pop() if len(kinds) == 1 else None)
            case _:
                return Understood(intent)

    def understand_clause(self, looked: Looked, now: Now) -> Understood | None:
        """The same of a clause, of a text that says more: only what leaves no doubt."""
        if all(word in self.courtesy.words for word in looked.words):
            return None
        bare = looked.over(self._bare(looked))
        asked = self._asked(looked, now)
        if asked is not None and never_comes(asked, now):
            return UNKNOWN
        return (
            self._plain(looked, bare, now)
            or self._now(bare.words)
            or self.snoozing.understand(looked, asked, now)
        )

    def _asked(self, looked: Looked, now: Now) -> TimeExpression | None:
        """What is said of a time."""
        pausing = looked.found(PAUSED, AWAY, BOUNDED)
        return read_time(self.times, looked.words, month_first=now.month_first, pausing=pausing)

    def _bare(self, looked: Looked) -> list[str]:
        return [word for word in looked.words if word not in self.courtesy.soft]

    def _plain(self, looked: Looked, bare: Looked, now: Now) -> Understood | None:
        """A command that is all of a text: as it stands, without courtesies, or said over and over."""
        found = _whole(looked, bare, bare.over(_once(bare.words)))
        return today(now) if found is Intent.TODAY else _understood(found)

    def _of_messages(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood | None:
        """What is said of the last command, of what was sent, and of who sends it."""
        found = _within(_FIRST, looked)
        if found is None:
            return None
        if found.intent is Intent.TODAY:
            return None if asked is not None and asked.names_moment else today(now)
        named = moment(asked, now) if found.intent is Intent.UNDO and asked is not None else None
        return replace(_snooze(asked, now), intent=Intent.UNDO) if named is not None else found

    def _core(self, bare: Looked) -> Understood | None:
        """A command that is all of a text without its small words."""
        found = _whole(bare.over([word for word in bare.words if word not in self.around]))
        return _understood(found if found is not Intent.HELP else None)

    def _paused(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood | None:
        """PAUSE, "no texts until monday"; RESUME, and "resume on monday", which is a pause until then."""
        if looked.found(_WITHIN[Intent.RESUME]):
            ends = pause_ends(replace(asked, until=True), now) if asked is not None else None
            return Understood(Intent.PAUSE, until=ends) if ends is not None else Understood(Intent.RESUME)
        if not looked.found(PAUSED, BOUNDED):
            return None
        ends = pause_ends(asked, now) if asked is not None else None
        if asked is not None and asked.until and ends is None:
            return UNKNOWN  # "until 99": an end was named
        return Understood(Intent.PAUSE, until=ends)

    def _now(self, bare: Sequence[str]) -> Understood | None:
        """NOW, with a kind or without."""
        asks = self.asking.intersection(bare)
        if not asks:
            return None
        left = {word for word in bare if word not in self.around and word not in asks}
        kinds = {self.kinds.get(word) for word in left}
        if len(kinds) > 1 or None in kinds:
            return None
        return Understood(Intent.NOW, kind=next(iter(kinds), None))


def _whole(*texts: Looked) -> Intent | None:
    """The intent of which a phrase is all of the first of the texts of which one is."""
    found = next((name for looked in texts if (name := looked.whole(_OF_WHOLE)) is not None), None)
    return _OF_WHOLE[found] if found is not None else None


def _within(intents: Mapping[str, Intent], *texts: Looked) -> Understood | None:
    """The first intent of which a phrase is anywhere in the first of the texts that has one."""
    if texts[0].none_of(intents) and texts[-1].none_of(intents):
        return None
    found = next((name for looked in texts if (name := looked.first(intents)) is not None), None)
    return Understood(intents[found]) if found is not None else None


def _understood(intent: Intent | None) -> Understood | None:
    return Understood(intent) if intent is not None else None


def _once(words: Sequence[str]) -> list[str]:
    """Without words that only repeat the one before: "done done done"."""
    return [word for at, word in enumerate(words) if at == 0 or word != words[at - 1]]
