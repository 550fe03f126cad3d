"""Checks one field as somebody types it (`nudger init`), by the readers of plan files. All raise Wrong."""

from datetime import time, timedelta

from nudger.domain.model import Window
from nudger.plans.format import times
from nudger.plans.format.faults import Facts, Wrong
from nudger.plans.parse import addresses
from nudger.plans.parse.keys import NUDGE, PLAN


def check_field(key: str, text: str, facts: Facts) -> object:
    """Any key of a plan, or else of a nudge, from its text; of a list, one value."""
    form = (PLAN.get(key) or NUDGE[key]).form
    text = text.strip()
    return form.read(int(text) if form.schema.get("type") == "integer" and _is_number(text) else text, facts)


def check_person_id(text: str) -> str:
    """What the plan file will be called."""
    return addresses.read_id(text.strip())


def check_name(text: str) -> str:
    return addresses.read_name(text)


def check_time(text: str) -> time:
    """ "9:30" """
    return times.read_time(text.strip())


def check_window(text: str) -> Window:
    """ "10:00-17:00" """
    return times.read_window(text.strip())


def check_quiet(text: str) -> Window | None:
    """ "20:00-09:00"; None for "none"."""
    return times.read_quiet(text.strip())


def check_duration(text: str, least: timedelta, most: timedelta) -> timedelta:
    """ "1h30m" """
    return times.duration(least, most)(text.strip())


def check_zone(text: str, facts: Facts) -> str:
    return times.read_zone(text.strip(), facts)


def check_phone(text: str, country: str | None = None) -> str:
    """In E.164. `country` is where a number without a + is looked for, for the hint."""
    return addresses.read_phone(text.strip(), country)


def check_email(text: str) -> str:
    return addresses.read_email(text.strip())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 9


__all__ = [
    "Wrong",
    "check_duration",
    "check_email",
    "check_field",
    "check_name",
    "check_person_id",
    "check_phone",
    "check_quiet",
    "check_time",
    "check_window",
    "check_zone",
]
