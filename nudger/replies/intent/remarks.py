"""What people say of where they are, when they may be written to, and whom they met.

They are known by phrases of their list, and by what they name: two dates, a clock time, a place, a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time

from nudger.replies.intent.answers import BOUNDED
from nudger.replies.intent.meanings import Intent, Understood
from nudger.replies.language.normalisation import split
from nudger.replies.language.phrases import Looked
from nudger.replies.language.wordlists import Section
from nudger.replies.time.lexicon import CalendarDay, ClockTime, TimeExpression
from nudger.replies.time.resolution import Now, day_begins, pause_ends

EARLIEST, LATEST = "hours.earliest", "hours.latest"  # "not before 10", "nothing after 6"
MET, AWAY = "met.within", "away.within"
TRAVEL, PAUSED, HOURS = "travel.within", "pause.within", "hours.within"
NOON = 12
_EVENING = 7  # "after 6" is in the evening, "before 10" in the morning


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
        ends_alone = asked.until and len(asked.days) == 1 and asked.span is None
        return self.gone(asked, now) if (paused or looked.found(AWAY)) and not ends_alone else None

    def gone(self, asked: TimeExpression, now: Now) -> Understood | None:
        """From the first day that is named to the last; with one that is their return, from now on."""
        if not asked.days:
            return None
        first, *others = asked.days
        if asked.until and not others:
            ends = day_begins(first, now, through=False)
            return Understood(Intent.AWAY, begins=now.at, until=ends) if ends is not None else None
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
        return self.elsewhere(looked, asked, now) if looked.found(TRAVEL) else None

    def elsewhere(self, looked: Looked, asked: TimeExpression | None, now: Now) -> Understood:
        """The zone of the place that is named, and until when."""
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
        return self.whom(looked, contacts) if looked.found(MET) else None

    def whom(self, looked: Looked, contacts: Mapping[str, str]) -> Understood:
        """The contacts whose names or relations are there."""
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
    if clock.exact or hour >= NOON:
        return clock.wall
    late = half in ("pm", "night") or (not half and (evening or hour < _EVENING))
    return clock.wall.replace(hour=hour + NOON) if late and hour else clock.wall


def _spans(section: Section) -> Iterator[tuple[str, tuple[time | None, time | None]]]:
    """Tables with `from`, `until` and `words`."""
    for _, table in section.sections():
        span = table.wall("from"), table.wall("until")
        for word in table.texts("words"):
            yield word, span
        table.close()
