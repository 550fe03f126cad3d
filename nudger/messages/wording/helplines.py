"""Whom to call in a crisis, by country and language: `templates/helplines.toml`, checked.

The words are whole and reviewed; nothing puts them together at run time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nudger.errors import Problem
from nudger.messages.bank.source import Source, tables, words

ELSEWHERE = "elsewhere"  # the country of those whose country is not known or not listed
FALLBACK_LANGUAGE = "en"
FRESH = timedelta(days=180)

_COUNTRY = re.compile(rf"[A-Z]{{2}}|{ELSEWHERE}")
_FACTS = ("countries", "source", "checked_on")


@dataclass(frozen=True, slots=True)
class Helpline:
    """The lines of some countries, as the end of a sentence that begins "please"."""

    countries: Sequence[str]
    texts: Mapping[str, str]  # language -> words
    source: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Helplines:
    """The lines of every country."""

    by_country: Mapping[str, Helpline]

    @staticmethod
    def parse(source: Source) -> "Helplines | tuple[Problem, ...]":
        """The lines, or every problem of the file."""
        data = source.load()
        if isinstance(data, Problem):
            return (data,)
        problems = tuple(_problems(source, data))
        return problems or Helplines(dict(_lines(data)))

    def say(self, country: str | None, language: str) -> str:
        """The lines of `country` (ISO 3166 alpha-2) in `language`, else in English."""
        line = self.by_country.get(country or ELSEWHERE) or self.by_country[ELSEWHERE]
        return line.texts.get(language) or line.texts[FALLBACK_LANGUAGE]

    def stale(self, today: date) -> tuple[str, ...]:
        """The countries whose lines nobody has looked at for 180 days."""
        old = (country for country, line in self.by_country.items() if today - line.checked_on > FRESH)
        return tuple(sorted(old))


def _problems(source: Source, data: Mapping[str, object]) -> Iterator[Problem]:
    for key in sorted(data.keys() - {"helpline"}):
        yield source.problem(f'unknown "{key}"', "there are [[helpline]] tables only", key=key)
    seen: list[str] = []
    for number, table in tables(data.get("helpline")):
        countries = words(table.get("countries"))
        if not countries or not all(_COUNTRY.fullmatch(country) for country in countries):
            hint = f'like countries = ["GB"]; one table has ["{ELSEWHERE}"]'
            yield _at(source, number, "countries", "expected two-letter country codes", hint)
        for country in countries or ():
            if country in seen:
                yield _at(source, number, "countries", f"{country} stands here for a second time", "")
            seen.append(country)
        yield from _facts(source, number, table)
    if ELSEWHERE not in seen:
        hint = "it is for people whose country is not known"
        yield source.problem(f'expected one [[helpline]] with countries = ["{ELSEWHERE}"]', hint)


def _facts(source: Source, number: int, table: Mapping[str, object]) -> Iterator[Problem]:
    if _day(table) is None:
        hint = "the day on which someone last looked these numbers up"
        yield _at(source, number, "checked_on", "expected a date like 2026-11-23", hint)
    for key in ("source", FALLBACK_LANGUAGE):
        if not isinstance(table.get(key), str) or not table[key]:
            yield _at(source, number, key, "is missing", "each table has a source and its words in English")
    for key, value in table.items():
        if key not in _FACTS and not isinstance(value, str):
            yield _at(source, number, key, "expected words", "each language's code has its words")


def _lines(data: Mapping[str, object]) -> Iterator[tuple[str, Helpline]]:
    for _, table in tables(data["helpline"]):
        said = {key: value for key, value in table.items() if key not in _FACTS and isinstance(value, str)}
        checked_on, countries = _day(table), words(table["countries"]) or ()
        if checked_on is not None:
            line = Helpline(countries, said, str(table["source"]), checked_on)
            yield from ((country, line) for country in countries)


def _day(table: Mapping[str, object]) -> date | None:
    day = table.get("checked_on")
    return day if isinstance(day, date) and not isinstance(day, datetime) else None


def _at(source: Source, number: int, key: str, message: str, hint: str) -> Problem:
    where = f"helpline {number}: {key}"
    return source.problem(message, hint, where=where, table="helpline", nth=number, key=key)
