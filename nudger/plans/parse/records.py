"""Words of record: where somebody's consent stands, and the two opt-ins to a notice to a trusted contact.

Each has the day on which it was given, not to come, and how. What says that there is none, "no" or
"pending", is not read as one: it is a problem, and where there was a consent, it ends (`Refusal`).

A trusted contact is told when a crisis hold begins, only by the written opt-in of both: `tell` is the
person's, `agreed` the contact's own.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from nudger.domain.model import Contact
from nudger.domain.reach import are_one
from nudger.plans.format.faults import Facts, Wrong, did_you_mean, shown
from nudger.plans.parse.addresses import read_line
from nudger.plans.parse.nudges import Breach

OPT_INS = {
    "tell": "who asked nudger to tell this contact, and how",
    "agreed": "how the contact agreed to be told",
}


def breaches(values: Mapping[str, Any]) -> Iterator[Breach]:
    """What is wrong with the opt-ins of one [[contact]] taken together."""
    given = [key for key in OPT_INS if key in values]
    if len(given) == 1:
        missing = next(key for key in OPT_INS if key not in given)
        message = f'expected "{missing}" beside "{given[0]}", got none'
        hint = f"both have to agree: add {missing}, {OPT_INS[missing]}"
        yield Breach(given[0], message, hint)
    if given and "phone" not in values:
        hint = "add their phone: a notice goes by text, so that they can answer STOP"
        yield Breach(given[0], 'expected "phone" beside it, got none', hint)


def of_person(contacts: Mapping[str, Contact], own_phone: str | None) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the trusted contacts of a whole plan: name, key, message, hint."""
    trusted = [contact for contact in contacts.values() if contact.trusted]
    for contact in trusted[1:]:
        message = f'expected one trusted contact at most, got "{contact.name}" beside "{trusted[0].name}"'
        yield contact.name, "tell", message, "keep the one whom the person would rather hear from"
    for contact in trusted:
        if are_one(contact.phone, own_phone):
            hint = "a notice to the person's own phone tells nobody"
            yield contact.name, "phone", "expected a number of their own, got the person's", hint


HOW = 'say when and how it was given: "2026-11-20, in person"; leave it out, and nudger asks'

_WORD = re.compile(r"[^\W\d_]{2}")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d)[,:]?\s+(\S.*)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_IN_WORDS = re.compile(
    r"(?<!\w)(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?: of)? (?P<month>[a-zé]{3,9})\.?"
    r"|(?P<month_first>[a-zé]{3,9})\.? (?P<day_second>\d{1,2})(?:st|nd|rd|th)?),? (?P<year>\d{4})(?!\d)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# What is no consent, by what it begins with, what it is as a whole, and what stands anywhere in it; the dates
# taken out. English, German, Spanish, French, and what databases write for nothing.
_NO = re.compile(
    r"(?:no|not|non|none|nope|never|false|nein|nicht|noch nicht|kein\w*|falsch|nunca|falso|jamais|faux|pas|"
    r"pending|tbd|tbc|tba|to be \w+|to come|ausstehend|pendiente|en attente|en espera)(?!\w)",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"open|asked|waiting|awaiting|missing|unknown|unclear|offen|unbekannt|inconnu|desconocido|todo|to do|"
    r"n|n/a|n\.a|na|null|nil|nan|0|[?¿]+|[-–—]+",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?<!\w)(?<!\bbe )(?:refused|refuses|refusal|declined|declines|denied|withdrawn|withdrew|revoked|"
    r"rescinded|retracted|opted out|unsubscribed|stopped it|no longer|not yet|not given|no answer|"
    r"(?:does|did)(?: not|n't) (?:want|agree|consent|wish)|(?:no|without) consent|(?:would )?rather not|"
    r"(?:said|says|answered|replied):? no(?=\W*$)|"
    r"(?:sagte?|hat|antwortete) nein|will nicht|abgelehnt|verweigert|"
    r"widerrufen|widerrief|zur[uü]ckgezogen|noch nicht|"
    r"(?:dijo|dice) que no|no quiere|rechazad[oa]|revocad[oa]|retirad[oa]|todav[ií]a no|a[uú]n no|"
    r"(?:a dit|dit) non|ne veut (?:pas|plus)|refusée?|refuse|retirée?|révoquée?|pas encore)(?!\w)"
    r"|: ?no\W*$",
    re.IGNORECASE,
)


class Refusal(Wrong):
    """A line of record that says that there is none: what it stands for ends."""


def read_consent(value: object, facts: Facts) -> str:
    """When and how consent was given. Words without a date are kept, and `undated` says what they lack."""
    if not isinstance(value, str) or not value.strip():
        kind = Refusal if value is False else Wrong
        raise kind(f"expected where consent is on record, got {shown(value)}", HOW)
    line = read_line(value)
    if _says_no(line):
        no = "a line that says no is none, and nobody is nudged by it"
        raise Refusal(f"expected where consent is on record, got {shown(line)}", f"{no}; {HOW}")
    found = _ISO.search(line)
    if found is None and (line.startswith("#") or not _WORD.search(line)):
        raise Wrong(*_undated(line))
    given = _day(found[0]) if found else _other_date(line)
    if found and given is None:
        raise Wrong(f'expected a date that there is, got "{found[0]}"', "year, month, day")
    if found and given and found[0] != given.isoformat():
        raise Wrong(f'expected a date like 2026-11-20, got "{found[0]}"', did_you_mean(given.isoformat()))
    if given is not None:
        _demand_that_it_was(given, facts)
    return line


def undated(consent: str) -> tuple[str, str] | None:
    """What a consent without a date lacks, and what to do; None where it has one."""
    return None if _ISO.search(consent) else _undated(consent)


def _undated(line: str) -> tuple[str, str]:
    guess = _other_date(line)
    return (
        f"expected a date that was, and how consent was given, got {shown(line)}",
        f"did you mean {guess}? {HOW}" if guess else HOW,
    )


def read_opt_in(value: object, facts: Facts) -> str:
    """The day on which somebody opted in to a notice, and then how and in which words."""
    hint = 'the date, and then how and in which words: "2026-11-20, on paper: please tell Sam"'
    line = read_line(value) if isinstance(value, str) and value.strip() else ""
    if value is False or _says_no(line):
        no = "a record that says no is none, and nobody is told"
        raise Refusal(f"expected the words of an opt-in with its date, got {shown(value)}", f"{no}; {hint}")
    found = _RECORD.fullmatch(line)
    given = _day(found[1]) if found else None
    if given is None:
        raise Wrong(f"expected the words of an opt-in with its date, got {shown(value)}", hint)
    _demand_that_it_was(given, facts)
    return line


def _demand_that_it_was(given: date, facts: Facts) -> None:
    # The day of whoever is furthest ahead of UTC.
    if given > facts.today + timedelta(days=1):
        raise Wrong(f"expected a date that has come, got {given}", "write it down once it is given")


def _says_no(line: str) -> bool:
    words = _ISO.sub("", line).strip(" ,;:.\"'()[]")
    return bool(_NO.match(words) or _NOTHING.fullmatch(words) or _REFUSED.search(words))


def _day(written: str) -> date | None:
    """Of a year, a month and a day with hyphens; None where there is none such."""
    year, month, day = (int(number) for number in written.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _other_date(line: str) -> date | None:
    """The date that is written in another form, where there are no two ways to read it."""
    if found := _DAY_FIRST.search(line):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "." or first > 12:
            return _day(f"{year}-{second}-{first}")
        return _day(f"{year}-{first}-{second}") if second > 12 or first == second else None
    if found := _IN_WORDS.search(line):
        month = (found["month"] or found["month_first"])[:3].lower()
        day = found["day"] or found["day_second"]
        return _day(f"{found['year']}-{_MONTHS.index(month) + 1}-{day}") if month in _MONTHS else None
    return None
