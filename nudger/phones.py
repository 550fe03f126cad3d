"""One phone under more than one number: where countries put a digit into mobile numbers, or took it out.

Which of the forms a text comes from depends on the carriers on its way, so a STOP from any of them is that
phone's. Numbers are kept, and written to, as they were given; only what compares them asks here.
"""

import re
from collections.abc import Sequence

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
