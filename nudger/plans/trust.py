"""A trusted contact: told when a crisis hold begins, only by the written opt-in of both.

`tell` is the person's opt-in, `agreed` the contact's own: each a line of record (records.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nudger.model import Contact
from nudger.phones import are_one
from nudger.plans.nudges import Breach

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
