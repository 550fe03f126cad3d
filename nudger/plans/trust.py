"""A trusted contact: told when a crisis hold begins, only by the written opt-in of both.

`tell` is the person's opt-in, `agreed` the contact's own: each the date, and the words of record.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from nudger.model import Contact
from nudger.phones import are_one
from nudger.plans.addresses import read_line
from nudger.plans.facts import Facts
from nudger.plans.faults import Wrong, shown
from nudger.plans.nudges import Breach

OPT_INS = {
    "tell": "who asked nudger to tell this contact, and how",
    "agreed": "how the contact agreed to be told",
}
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d)[,:]?\s+(\S.*)")


def read_record(value: object, facts: Facts) -> str:
    """The day on which somebody opted in, not to come, and then how and in which words."""
    hint = 'the date, and then how and in which words: "2026-11-20, on paper: please tell Sam"'
    found = _RECORD.fullmatch(read_line(value)) if isinstance(value, str) and value.strip() else None
    day = _day(found[1]) if found else None
    if found is None or day is None:
        raise Wrong(f"expected the words of an opt-in with its date, got {shown(value)}", hint)
    # The day of whoever is furthest ahead of UTC.
    if day > facts.today + timedelta(days=1):
        raise Wrong(f"expected a date that has come, got {day}", "write it down once it is given")
    return found[0]


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


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
