"""Numbers that are one phone, and numbers that only look so."""

import pytest

from nudger.domain.model import one_phone, phone_forms, same_phone

ONE_PHONE = [
    ("+525512345678", "+5215512345678"),  # Mexico City
    ("+528112345678", "+5218112345678"),  # Monterrey
    ("+541123456789", "+5491123456789"),  # Buenos Aires
    ("+542944123456", "+5492944123456"),  # Bariloche
    ("+551187654321", "+5511987654321"),  # São Paulo
    ("+559161234567", "+5591961234567"),  # Belém
]
TWO_PHONES = [
    ("+551132345678", "+5511932345678"),  # a landline, and the mobile with a 9 before its number
    ("+525512345678", "+525512345679"),
    ("+5215512345678", "+15512345678"),
    ("+541123456789", "+5411923456789"),
    ("+447700900123", "+4417700900123"),
    ("+551187654321", "+5511887654321"),
    ("+15512345678", "+115512345678"),
]


@pytest.mark.parametrize(("number", "other"), ONE_PHONE)
def test_both_forms_of_a_number_are_one_phone(number: str, other: str) -> None:
    assert same_phone(number, other)
    assert one_phone(number) == one_phone(other)
    assert set(phone_forms(number)) == set(phone_forms(other)) == {number, other}


@pytest.mark.parametrize(("number", "other"), TWO_PHONES)
def test_numbers_that_look_alike_are_two_phones(number: str, other: str) -> None:
    assert not same_phone(number, other)
    assert not set(phone_forms(number)) & set(phone_forms(other))


@pytest.mark.parametrize("written", ["+447700900123", "85258", "maya@example.org", "", "+52155"])
def test_what_has_one_form_stays_as_it_is(written: str) -> None:
    assert list(phone_forms(written)) == [written]


def test_no_number_is_nobodys() -> None:
    assert not same_phone(None, "+525512345678")
    assert same_phone(None, None)
