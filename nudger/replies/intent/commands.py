"""Understanding commands: LATER and its times, DONE, SKIP, PAUSE, RESUME, NOW, PLAN, LINK, LESS, MORE, HELP.

Nothing dangerous is decided here: who opts out or is in a crisis never comes this far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nudger.domain.model import Kind
from nudger.replies.intent.courtesy import Courtesy
from nudger.replies.intent.meanings import UNKNOWN, Intent, Understood
from nudger.replies.intent.optout import BOUNDED
from nudger.replies.intent.remarks import AWAY, Remarks, today
from nudger.replies.intent.remarks import LISTS as OF_REMARKS
from nudger.replies.intent.snoozing import VERBS, WORDS, Snoozing, snoozed_to
from nudger.replies.language.lists import Section
from nudger.replies.language.phrases import Looked
from nudger.replies.time.moments import Now, moment, never_comes, pause_ends
from nudger.replies.time.reading import read_time
from nudger.replies.time.timewords import Asked, TimeWords

# HELP is last: what is left of "what would you do" without its small words is no question for help.
_ORDER = (
    Intent.UNDO, Intent.WHO, Intent.TODAY, Intent.DISLIKE, Intent.LIKE, Intent.MET, Intent.START, Intent.DONE,
    Intent.SKIP, Intent.PAUSE, Intent.RESUME, Intent.NOW, Intent.PLAN, Intent.LINK, Intent.TINY,
    Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.AWAY, Intent.HOURS, Intent.TRAVEL, Intent.HELP,
)  # fmt: skip
_BEFORE_TIMES = (Intent.PLAN, Intent.LINK, Intent.TINY, Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.HELP)
_FIRST = (Intent.UNDO, Intent.WHO, Intent.TODAY, Intent.DISLIKE, Intent.LIKE)
_AFTER_TIMES = (Intent.SKIP, Intent.DONE, Intent.START, Intent.NOW)

_WHOLE = {intent: f"{intent}.whole" for intent in _ORDER}  # what is a command where it is all of a text
_WITHIN = {intent: f"{intent}.within" for intent in _ORDER}  # what is one anywhere
_SHORT = 3  # words
_OF_WHOLE = {name: intent for intent, name in _WHOLE.items()}
LISTS = (*_WHOLE.values(), *_WITHIN.values(), VERBS, WORDS, *OF_REMARKS)


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

    def is_exact(self, words: Sequence[str], looked: Looked) -> bool:
        """Whether a command is all of a short text, courtesies apart."""
        return len(words) <= _SHORT and _whole(looked, words, self._bare(words)) is not None

    def understand(self, words: Sequence[str], looked: Looked, now: Now) -> Understood | None:
        """What the words ask for; None where that is nothing known here."""
        if all(word in self.courtesy.words for word in words):
            meaning = _whole(looked, words) or self.courtesy.meaning(words)
            return Understood(meaning) if meaning is not None else None
        bare = self._bare(words)
        asked = self._asked(words, looked, now)
        if asked is not None and never_comes(asked, now):
            return UNKNOWN  # in no other language either: never for ever where a date was named
        return (
            self._plain(words, bare, looked, now)
            or self._of_messages(looked, words, asked, now)
            or self.remarks.away(words, looked, asked, now)
            or self.remarks.hours(words, looked, asked)
            or self.remarks.travel(words, looked, asked, now)
            or self._paused(words, looked, asked, now)
            or self._now(bare)
            or _within(_BEFORE_TIMES, looked, words, bare)
            or self.snoozing.understand(words, looked, asked, now)
            or self._core(bare, looked)
            or self.remarks.met(words, looked, now.contacts)
            or _within(_AFTER_TIMES, looked, words, bare)
            or self.snoozing.told(words, asked, now)
        )

    def understand_clause(self, words: Sequence[str], looked: Looked, now: Now) -> Understood | None:
        """The same of a clause, of a text that says more: only what leaves no doubt."""
        if all(word in self.courtesy.words for word in words):
            return None
        bare = self._bare(words)
        asked = self._asked(words, looked, now)
        if asked is not None and never_comes(asked, now):
            return UNKNOWN
        return (
            self._plain(words, bare, looked, now)
            or self._now(bare)
            or self.snoozing.understand(words, looked, asked, now)
        )

    def _asked(self, words: Sequence[str], looked: Looked, now: Now) -> Asked | None:
        """What is said of a time."""
        pausing = any(looked.found(one, words) for one in (_WITHIN[Intent.PAUSE], AWAY, BOUNDED))
        return read_time(self.times, words, month_first=now.month_first, pausing=pausing)

    def _bare(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word not in self.courtesy.soft]

    def _plain(
        self, words: Sequence[str], bare: Sequence[str], looked: Looked, now: Now
    ) -> Understood | None:
        """A command that is all of a text: as it stands, without courtesies, or said over and over."""
        found = _whole(looked, words, bare, _once(bare))
        return today(now) if found is Intent.TODAY else _understood(found)

    def _of_messages(
        self, looked: Looked, words: Sequence[str], asked: Asked | None, now: Now
    ) -> Understood | None:
        """What is said of the last command, of what was sent, and of who sends it."""
        found = _within(_FIRST, looked, words)
        if found is None:
            return None
        if found.intent is Intent.TODAY:
            return None if asked is not None and asked.names_moment else today(now)
        named = moment(asked, now) if found.intent is Intent.UNDO and asked is not None else None
        return replace(snoozed_to(named, now), intent=Intent.UNDO) if named is not None else found

    def _core(self, bare: Sequence[str], looked: Looked) -> Understood | None:
        """A command that is all of a text without its small words."""
        found = _whole(looked, [word for word in bare if word not in self.around])
        return _understood(found if found is not Intent.HELP else None)

    def _paused(
        self, words: Sequence[str], looked: Looked, asked: Asked | None, now: Now
    ) -> Understood | None:
        """PAUSE, "no texts until monday"; RESUME, and "resume on monday", which is a pause until then."""
        if looked.found(_WITHIN[Intent.RESUME], words):
            ends = pause_ends(replace(asked, until=True), now) if asked is not None else None
            return Understood(Intent.PAUSE, until=ends) if ends is not None else Understood(Intent.RESUME)
        if not (looked.found(_WITHIN[Intent.PAUSE], words) or looked.found(BOUNDED, words)):
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


def _whole(looked: Looked, *texts: Sequence[str]) -> Intent | None:
    """The intent of which a phrase is all of the first of the texts of which one is."""
    lists = looked.among(_OF_WHOLE)
    for words in texts if lists else ():
        for name in lists:
            if looked.whole(name, words):
                return _OF_WHOLE[name]
    return None


def _within(intents: Sequence[Intent], looked: Looked, *texts: Sequence[str]) -> Understood | None:
    """The first intent of which a phrase is anywhere in the first of the texts that has one."""
    for words in texts:
        for intent in intents:
            if looked.found(_WITHIN[intent], words):
                return Understood(intent)
    return None


def _understood(intent: Intent | None) -> Understood | None:
    return Understood(intent) if intent is not None else None


def _once(words: Sequence[str]) -> list[str]:
    """Without words that only repeat the one before: "done done done"."""
    return [word for at, word in enumerate(words) if at == 0 or word != words[at - 1]]
