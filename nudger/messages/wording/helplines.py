"""Whom to call: `templates/helplines.toml`, one [[line]] a number, checked; and a line in a language's words.

A line is a fact, the same in every language. How a language says it stands in its system.toml, under
[helplines]: whole phrases, so that a new language needs no word in the file of numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from nudger.domain.errors import Problem
from nudger.messages.bank.source import Source, tables, words
from nudger.messages.wording.texts import Texts

ELSEWHERE = "elsewhere"  # the country of those whose country is not known, or has no lines here
FRESH = timedelta(days=180)
ALWAYS = "24/7"  # hours

_COUNTRY = re.compile(rf"[A-Z]{{2}}|{ELSEWHERE}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_NUMBER = re.compile(r"[*+0-9][0-9 *#-]*")
_WAYS = ("call", "text", "web")
_WORDS = ("name", "call", "press", "text", "word", "web", "hours", "source")
_KEYS = ("countries", "languages", "for", *_WORDS, "checked", "checked_on")
_NEEDS = {"press": "call", "word": "text"}


class Purpose(StrEnum):
    """What a line is there for."""

    EMERGENCY = "emergency"
    AMBULANCE = "ambulance"  # where there is no one number for all
    POLICE = "police"  # the same
    CRISIS = "crisis"  # somebody who listens
    VIOLENCE = "violence"


# One of these sets covers each emergency.
_WHOLE = {
    Purpose.AMBULANCE: (Purpose.EMERGENCY, Purpose.AMBULANCE),
    Purpose.POLICE: (Purpose.EMERGENCY, Purpose.POLICE),
}
# Where a country has no line of a purpose, one of this.
_ELSE = {
    Purpose.AMBULANCE: Purpose.EMERGENCY,
    Purpose.POLICE: Purpose.EMERGENCY,
    Purpose.VIOLENCE: Purpose.CRISIS,
}


@dataclass(frozen=True, slots=True)
class Helpline:
    """One line of some countries."""

    countries: Sequence[str]
    purpose: Purpose
    source: str
    checked_on: date | None  # when somebody last looked it up; None: nobody has
    languages: Sequence[str] = ()  # for whom it is, where it is not for everybody
    name: str = ""  # said only where it tells a person more than the number does
    call: str = ""
    press: str = ""  # once it is answered
    text: str = ""
    word: str = ""  # what to write; empty: anything
    web: str = ""
    hours: str = ""  # "24/7", "8:00-22:00"; empty: not known

    def __str__(self) -> str:
        return f"{self.purpose} {self.call or self.text or self.web}"


@dataclass(frozen=True, slots=True)
class Lines:
    """Whom a person can turn to: phrases that go on after "please"."""

    line: str  # somebody who listens: "call or text 988 any time"
    emergency: str  # "call 911"
    all: str  # "call or text 988 any time, or call 911 if you are in danger"


@dataclass(frozen=True)
class Helplines:
    """The lines of every country, in the order of the file."""

    lines: Sequence[Helpline]

    @staticmethod
    def parse(source: Source) -> "Helplines | tuple[Problem, ...]":
        """Returns the lines, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = tuple(_problems(source, data))
        return problems or Helplines(tuple(_line(table) for _, table in tables(data["line"])))

    @cached_property
    def _by_country(self) -> Mapping[tuple[str, Purpose], Sequence[Helpline]]:
        found: dict[tuple[str, Purpose], list[Helpline]] = {}
        for line in self.lines:
            for country in line.countries:
                found.setdefault((country, line.purpose), []).append(line)
        return found

    @property
    def countries(self) -> frozenset[str]:
        return frozenset(country for country, _ in self._by_country)

    def say(self, country: str | None, language: str, texts: Texts, safe: bool = False) -> Lines:
        """Returns the lines of `country` (ISO 3166 alpha-2) for people of this language, in the words of
        `texts`.

        `safe`: for somebody whom another person harms. Their own lines, without a name that would give
        them away to whoever reads their phone, and the police.
        """
        purpose, emergency = (
            (Purpose.VIOLENCE, Purpose.POLICE) if safe else (Purpose.CRISIS, Purpose.AMBULANCE)
        )
        line = self._listening(country, purpose, language, texts, named=not safe)
        call = self._emergency(country, emergency, language, texts)
        return Lines(line, call, texts.say("helplines", "all", {"line": line, "emergency": call}))

    def sent_to(self, country: str | None, language: str) -> Sequence[Helpline]:
        """Returns every line that a person there may be sent to."""
        found = (self._find(country, purpose, way, language) for purpose in Purpose for way in _WAYS)
        return list({line: None for line in found if line is not None})

    def stale(self, today: date) -> tuple[str, ...]:
        """Returns the countries with a line that was looked up, and not for 180 days."""
        old = [line for line in self.lines if line.checked_on and today - line.checked_on > FRESH]
        return tuple(sorted({country for line in old for country in line.countries}))

    def unchecked(self, country: str | None, language: str) -> Sequence[Helpline]:
        """Returns the lines that a person there may be sent to, and that nobody has looked up."""
        return [line for line in self.sent_to(country, language) if line.checked_on is None]

    def _find(self, country: str | None, purpose: Purpose, way: str, language: str) -> Helpline | None:
        """The line to call or to text: that of the person's language, else of all, else the first."""
        purposes = (purpose, _ELSE.get(purpose, purpose))
        places = ((where, what) for where in (country or ELSEWHERE, ELSEWHERE) for what in purposes)
        lines = next((self._by_country[place] for place in places if place in self._by_country), ())
        fitting = [line for line in lines if getattr(line, way)]
        return min(fitting, key=lambda line: _distance(line, language), default=None)

    def _emergency(self, country: str | None, purpose: Purpose, language: str, texts: Texts) -> str:
        line = self._find(country, purpose, "call", language)
        assert line is not None  # elsewhere has one
        key = "emergency_elsewhere" if ELSEWHERE in line.countries else "call"
        return texts.say("helplines", key, {"number": line.call, "name": ""})

    def _listening(
        self, country: str | None, purpose: Purpose, language: str, texts: Texts, named: bool
    ) -> str:
        """A line to call and a line to text, which may be one; a directory where neither is known."""
        call, text, web = (self._find(country, purpose, way, language) for way in _WAYS)
        if call is not None and call is text and _is_one(call):
            return texts.say("helplines", "call_text", {"number": call.call}) + _hours(call, texts)
        ways = [(line, say(line, texts, named)) for line, say in ((call, _call), (text, _text)) if line]
        if not ways:
            return texts.say("helplines", "web", {"address": web.web}) if web else ""
        same = len({line.hours for line, _ in ways}) == 1
        last = len(ways) - 1
        said = [
            words + ("" if same and at < last else _hours(line, texts))
            for at, (line, words) in enumerate(ways)
        ]
        return texts.sources["helplines"]["or"].join(said)


def _distance(line: Helpline, language: str) -> int:
    return 0 if language in line.languages else 2 if line.languages else 1


def _is_one(line: Helpline) -> bool:
    """One number for both, with nothing to press or to write."""
    return line.call == line.text and not (line.press or line.word or line.name)


def _call(line: Helpline, texts: Texts, named: bool) -> str:
    said = texts.say("helplines", "call", {"number": line.call, "name": line.name if named else ""})
    return said + (texts.say("helplines", "press", {"press": line.press}) if line.press else "")


def _text(line: Helpline, texts: Texts, _: bool) -> str:
    if line.word:
        return texts.say("helplines", "text_word", {"number": line.text, "word": line.word})
    return texts.say("helplines", "text", {"number": line.text})


def _hours(line: Helpline, texts: Texts) -> str:
    if line.hours == ALWAYS:
        return texts.say("helplines", "any_time", {})
    return texts.say("helplines", "hours", {"hours": line.hours}) if line.hours else ""


def _problems(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    if "helpline" in data:
        hint = "docs/care.md shows the new form; the numbers of many more countries come with nudger"
        yield source.problem("has [[helpline]] tables; each number is a [[line]] of its own now", hint)
        return
    for stray in sorted(data.keys() - {"line"}):
        yield source.problem(f'unknown "{stray}"', "there are [[line]] tables only", key=stray)
    found = list(tables(data.get("line")))
    for number, table in found:
        for key, message, hint in _faults(table):
            where = f"line {number}: {key}"
            yield source.problem(message, hint, where=where, table="line", nth=number, key=key)
    yield from (source.problem(message, hint) for message, hint in _gaps([table for _, table in found]))


def _gaps(found: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Countries without a number that every one of them has."""
    listed = {
        purpose: {country for one in found if one.get("for") in whole for country in _countries(one)}
        for purpose, whole in _WHOLE.items()
    }
    everywhere = {country for one in found for country in _countries(one)} | {ELSEWHERE}
    for purpose, countries in listed.items():
        lacking = sorted(everywhere - countries)
        if lacking:
            message = f'expected a line for = "{purpose}" of each country, found none of {", ".join(lacking)}'
            yield message, "whoever is in danger is told what to call; look the number up"
    crisis = {country for one in found if one.get("for") == Purpose.CRISIS for country in _countries(one)}
    if ELSEWHERE not in crisis:
        hint = "it is for people whose country is not known, or has none"
        yield f'expected a line for = "crisis" with countries = ["{ELSEWHERE}"]', hint


def _faults(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    for key in sorted(table.keys() - set(_KEYS)):
        near = get_close_matches(key, _KEYS, n=1)
        yield key, "unknown key", f'did you mean "{near[0]}"?' if near else f"a line has {', '.join(_KEYS)}"
    if not _countries(table) or not all(map(_COUNTRY.fullmatch, _countries(table))):
        hint = f'like countries = ["GB"]; "{ELSEWHERE}" is for those whose country is not known'
        yield "countries", "expected two-letter country codes", hint
    if not all(map(_LANGUAGE.fullmatch, words(table.get("languages", [])) or [""])) and "languages" in table:
        yield "languages", "expected languages", 'like languages = ["es"]; leave it out where it is for all'
    if table.get("for") not in tuple(Purpose):
        yield "for", f"expected one of {', '.join(Purpose)}, got {table.get('for')!r}", ""
    for key in _WORDS:
        if key in table and not (isinstance(table[key], str) and table[key]):
            yield key, f"expected words, got {table[key]!r}", "leave it out where there is none"
    for key in ("call", "text"):
        if isinstance(number := table.get(key), str) and not _NUMBER.fullmatch(number):
            yield key, f"expected a number as it is dialled there, got {number!r}", 'like "116 123"'
    if not any(way in table for way in _WAYS):
        yield "call", "expected a number to call or to text, or a page, found none", ""
    for key, needed in _NEEDS.items():
        if key in table and needed not in table:
            yield key, f'stands without "{needed}"', f"it says what to do at the number of {needed}"
    yield from _checked(table)


def _checked(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    if "source" not in table:
        yield "source", "is missing", "where this number can be looked up"
    day = table.get("checked_on")
    dated = isinstance(day, date) and not isinstance(day, datetime)
    if dated == (table.get("checked") is False) or ("checked_on" in table and not dated):
        hint = "checked_on is the day on which someone last looked the number up; else checked = false"
        yield "checked_on", "expected a date like 2026-11-23, or checked = false", hint


def _countries(table: Mapping[str, object]) -> Sequence[str]:
    return words(table.get("countries")) or ()


def _line(table: Mapping[str, object]) -> Helpline:
    day = table.get("checked_on")
    return Helpline(
        countries=tuple(_countries(table)),
        purpose=Purpose(str(table["for"])),
        checked_on=day if isinstance(day, date) else None,
        languages=tuple(words(table.get("languages")) or ()),
        **{key: str(table.get(key, "")) for key in _WORDS},
    )
