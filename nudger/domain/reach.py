"""What nudger takes from anybody: which instants, and which numbers are one phone.

Instants. What lies outside no calendar, zone or sum may be able to reach. Year 9999 in London is year
10000 in Tokyo, which Python has no date for; one such instant, once it is kept, is a fault each time
that it is looked at. So whatever comes in (from the API, a link, a person's own page, a reply, a
provider, a plan, a command line) goes through here.

Numbers. Some countries put a digit into mobile numbers, or took it out. Which of the forms a text comes
from depends on the carriers on its way, so a STOP from any of them is that phone's. Numbers are kept,
and written to, as they were given; only what compares them asks here.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, tzinfo=UTC)
YEARS = f"the years {FIRST.year} to {LAST.year}"
FARTHEST = timedelta(days=3660)  # how far ahead anything may be put off: ten years


def computable(at: datetime) -> bool:
    """Whether an instant, with its offset, can be reckoned with in every zone."""
    return at.tzinfo is not None and FIRST <= at <= LAST


def computable_date(day: date) -> bool:
    """The same of a local date."""
    return FIRST.date() <= day <= LAST.date()


def checked(at: datetime) -> datetime:
    """The instant, for what is about to be done, kept or shown. Raises ValueError where it cannot be reckoned
    with."""
    if not computable(at):
        raise ValueError(f"expected an instant of {YEARS}, with its offset")
    return at


def checked_end(at: datetime | None) -> datetime | None:
    """The same of an end that may be open."""
    return None if at is None else checked(at)


def nearest(at: datetime) -> datetime:
    """In UTC, for what others say of their own clocks: the nearest that can be reckoned with. Without an
    offset it is taken for UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(aware, FIRST), LAST).astimezone(UTC)


def reachable(at: datetime, now: datetime) -> datetime:
    """For what a person names in words: FARTHEST ahead at most, and the answer says until when."""
    return min(at, now + FARTHEST)


def stated(text: str, otherwise: datetime) -> datetime:
    """The instant that was written down; `otherwise` where nothing legible is."""
    try:
        return checked(datetime.fromisoformat(text))
    except ValueError:
        return otherwise


_MEXICO = re.compile(r"\+521?([2-9][0-9]{9})")
_ARGENTINA = re.compile(r"\+549?([1-3][0-9]{9})")
# A subscriber's number that begins with 2 to 5 is a landline's: there is another phone with a 9 before it.
_BRAZIL = re.compile(r"\+55([1-9][0-9])9?([6-9][0-9]{7})")


def one_phone(number: str) -> str:
    """The form in which all numbers of one phone are equal; what is no such number stays as it is.

    Mexico dropped the 1 after 52 in 2019 (IFT); Argentina has a 9 after 54 on the way to a mobile from
    abroad (ENACOM); Brazil's mobiles got a ninth digit from 2012 to 2016 (Anatel, resolution 553/2010).
    """
    return forms(number)[0]


def forms(number: str) -> Sequence[str]:
    """All numbers of this phone, in an order that does not hang on which of them it is."""
    if found := _MEXICO.fullmatch(number):
        return f"+52{found[1]}", f"+521{found[1]}"
    if found := _ARGENTINA.fullmatch(number):
        return f"+549{found[1]}", f"+54{found[1]}"
    if found := _BRAZIL.fullmatch(number):
        return f"+55{found[1]}9{found[2]}", f"+55{found[1]}{found[2]}"
    return (number,)


def are_one(number: str | None, other: str | None) -> bool:
    """Whether both are numbers of one phone."""
    return number == other or (
        number is not None and other is not None and one_phone(number) == one_phone(other)
    )
