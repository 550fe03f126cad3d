"""Understanding commands, and what people say of themselves.

LATER and its times, DONE, SKIP, PAUSE, RESUME, NOW, PLAN, LINK, LESS, MORE, HELP; and where they are, when
they may be written to, and whom they met: away, hours, travel, met. The latter are known by phrases of their
list, and by what they name: two dates, a clock time, a place, a name.

Nothing dangerous is decided here: who opts out or is in a crisis never comes this far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from nudger.domain.model import Kind
from nudger.replies.intent.answers import BOUNDED, Courtesy
from nudger.replies.intent.meanings import UNKNOWN, Intent, Understood, plainly, snoozed_to
from nudger.replies.language.normalisation import split
from nudger.replies.language.phrases import Looked
from nudger.replies.language.wordlists import Section
from nudger.replies.time.lexicon import CalendarDay, ClockTime, TimeExpression, TimeWords
from nudger.replies.time.parsing import read_time
from nudger.replies.time.resolution import Now, day_begins, moment, never_comes, pause_ends

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
EARLIEST, LATEST = "hours.earliest", "hours.latest"  # "not before 10", "nothing after 6"
MET, AWAY = "met.within", "away.within"
TRAVEL, PAUSED, HOURS = "travel.within", "pause.within", "hours.within"
_NOON, _EVENING = 12, 7  # "after 6" is in the evening, "before 10" in the morning
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
    return snoozed_to(named, now) if named is not None else plainly(Intent.SNOOZE, now)


# --- away, hours, travel, met --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Remarks:
    """The names and spans of one language, beside its phrase lists."""

    places: Mapping[tuple[str, ...], str]  # the words of a place or of a zone -> the name of the zone
    spans: Mapping[str, tuple[time | None, time | None]]  # "mornings" -> from when until when

    @classmethod
    def read(cls, hours: Section, travel: Section) -> tuple["Remarks", Mapping[str, tuple[str, ...]]]:
        """The names, and the phrase lists by their names."""
        lists = {EARLIEST: hours.phrases("earliest"), LATEST: hours.phrases("latest")}
        spans = dict(_spans(hours.section("spans")))
        places = {split(word): zone for zone, words in travel.section("places").lists() for word in words}
        return cls(places, spans), lists

    def away(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood | None:
        """ "away friday to sunday", "no texts 5/12-9/12", "on holiday from saturday for a week". With an end
        alone it is a pause."""
        if asked is None or not asked.days:
            return None
        to_a_date = asked.days[-1].of_month is not None  # not "stop this week, resume monday"
        bounded = looked.found(BOUNDED) and to_a_date
        paused = len(asked.days) > 1 and (looked.found(PAUSED) or bounded)
        if not paused and not looked.found(AWAY):
            return None
        first, *others = asked.days
        begins = day_begins(first, now, through=False)
        if begins is None:
            return None
        if others:
            last = replace(others[-1], lasts=max(1, others[-1].lasts))
            ends = day_begins(last, replace(now, at=begins), through=not asked.until)
        elif asked.span is not None:
            ends = now.after_quiet(begins + asked.span)
        elif first.lasts > 1:
            ends = day_begins(first, now, through=True)
        else:
            return None
        return Understood(Intent.AWAY, begins=begins, until=ends) if ends is not None else None

    def hours(self, looked: Looked, asked: TimeExpression | None) -> Understood | None:
        """ "not before 10", "nothing after 6", "mornings are better"."""
        earliest, latest = looked.found(EARLIEST), looked.found(LATEST)
        clocks = asked.clocks if asked is not None else ()
        if not clocks and asked is not None and asked.number is not None and asked.number < 24:
            clocks = (ClockTime(time(asked.number)),)
        if (earliest or latest) and clocks:
            morning = _wall(clocks[0], asked, evening=not earliest)
            if earliest and latest and len(clocks) > 1:
                return Understood(
                    Intent.HOURS, earliest=morning, latest=_wall(clocks[1], asked, evening=True)
                )
            return Understood(
                Intent.HOURS, earliest=morning if earliest else None, latest=None if earliest else morning
            )
        within = looked.found(HOURS)
        if earliest or latest or within:
            for word in looked.words:
                if word in self.spans:
                    start, end = self.spans[word]
                    return Understood(Intent.HOURS, earliest=start, latest=end)
            return Understood(Intent.HOURS) if within else None
        return None

    def travel(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood | None:
        """ "in Tokyo until friday", "my clock is pacific now"; "home again"."""
        if not looked.found(TRAVEL):
            return None
        until = pause_ends(asked, now) if asked is not None and asked.until else None
        zone = next(self._zones(looked.words), None)
        return Understood(Intent.TRAVEL, until=until, zone=zone)

    def _zones(self, words: Sequence[str]) -> Iterator[str]:
        for start in range(len(words)):
            for length in (3, 2, 1):
                zone = self.places.get(tuple(words[start : start + length]))
                if zone is not None:
                    yield zone

    def met(self, looked: Looked, contacts: Mapping[str, str]) -> Understood | None:
        """ "talked to Sam", "saw my sister". `contacts`: a name -> the relation. Of several who may be
        meant all are named."""
        if not looked.found(MET):
            return None
        words = set(looked.words)
        named = [
            name
            for name, relation in contacts.items()
            if words.intersection(split(name)) or (relation and words.intersection(split(relation)))
        ]
        return Understood(Intent.MET, contacts=tuple(named))


def today(now: Now) -> Understood:
    """ "not today": quiet until the quiet hours of the coming night end."""
    return Understood(Intent.TODAY, until=day_begins(CalendarDay(ahead=1), now, through=False))


def _wall(clock: ClockTime, asked: TimeExpression | None, *, evening: bool) -> time:
    """A wall time: without am or pm "before 10" is in the morning, "after 6" in the evening."""
    half = asked.part.half if asked is not None and asked.part is not None else ""
    hour = clock.wall.hour
    if clock.exact or hour >= _NOON:
        return clock.wall
    late = half in ("pm", "night") or (not half and (evening or hour < _EVENING))
    return clock.wall.replace(hour=hour + _NOON) if late and hour else clock.wall


def _spans(section: Section) -> Iterator[tuple[str, tuple[time | None, time | None]]]:
    """Tables with `from`, `until` and `words`."""
    for _, table in section.sections():
        span = table.wall("from"), table.wall("until")
        for word in table.texts("words"):
            yield word, span
        table.close()


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
        return len(looked.words) <= _SHORT and _whole(looked, looked.over(self._bare(looked))) is not None

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
        return replace(snoozed_to(named, now), intent=Intent.UNDO) if named is not None else found

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
