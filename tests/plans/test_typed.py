"""One field as somebody types it: the value, or what is wrong with it, and what was meant."""

from dataclasses import replace
from datetime import time, timedelta

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger import plans
from nudger.domain.errors import UsageError
from nudger.domain.model import Window
from nudger.plans import Facts
from nudger.plans.format import times
from nudger.plans.parse import details


@pytest.mark.parametrize(
    ("key", "text", "message", "hint"),
    [
        ("at", "8h30", 'expected a time like "09:30", got "8h30"', 'did you mean "08:30"?'),
        (
            "phone",
            "abc",
            'expected a phone number like "+447700900123", got "abc"',
            "a number begins with + and its country's code, in place of the first 0; put it in quotes",
        ),
        ("name", "", 'expected a name, got ""', "write something, or leave the key out"),
        ("id", "Maya K.", 'expected an id like "evening-walk", got "Maya K."', 'did you mean "maya-k"?'),
    ],
)
def test_what_is_wrong_is_said_with_a_hint(
    key: str, text: str, message: str, hint: str, facts: Facts
) -> None:
    with pytest.raises(UsageError) as caught:
        plans.check_field(key, text, facts)

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_durations_have_bounds(facts: Facts) -> None:
    assert plans.check_field("snooze", "1h30m", facts) == timedelta(minutes=90)
    with pytest.raises(UsageError, match="expected a duration from 1m to 48h"):
        plans.check_field("snooze", "3 days", facts)


def test_a_number_without_a_country_is_guessed_at_with_the_country(facts: Facts) -> None:
    with pytest.raises(UsageError) as caught:
        plans.check_field("phone", "07700 900123", replace(facts, country="GB"))

    assert caught.value.hint == 'did you mean "+447700900123"?'


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("timezone", "Europe/London", "Europe/London"),
        ("daily_limit", "4", 4),
        ("channels", "sms", "sms"),
        ("gap", "2h", timedelta(hours=2)),
        ("at", "13:00", time(13)),
        ("at", " 9:30 ", time(9, 30)),
        ("between", "10:00-17:00", Window(time(10), time(17))),
        ("quiet", "20:00-09:00", Window(time(20), time(9))),
        ("quiet", "none", None),
        ("phone", "+44 7700 900123", "+447700900123"),
        ("email", " maya@example.org ", "maya@example.org"),
        ("name", " Maya ", "Maya"),
        ("id", "maya", "maya"),
        ("kind", "rest", "rest"),
    ],
)
def test_any_key_can_be_checked_by_its_name(key: str, text: str, value: object, facts: Facts) -> None:
    assert plans.check_field(key, text, facts) == value


@pytest.mark.parametrize("text", ["four", "9", "99999999999"])
def test_a_number_out_of_bounds_or_none_at_all_is_refused(text: str, facts: Facts) -> None:
    with pytest.raises(UsageError, match="expected a whole number from 1 to 8"):
        plans.check_field("daily_limit", text, facts)


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("EST", "America/New_York"),
        ("Japan", "Asia/Tokyo"),
        ("GMT", "UTC"),
        ("utc", "UTC"),
        ("London", "Europe/London"),
        ("Berlin, Germany", "Europe/Berlin"),
        ("Europe / London", "Europe/London"),
        ("America/NewYork", "America/New_York"),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("PST", "America/Los_Angeles"),
        ("CEST", "Europe/Berlin"),
        ("Eire", "Europe/Dublin"),
        ("GMT+1", ""),
        ("UTC+2", ""),
        ("+01:00", ""),
        ("Etc/GMT+5", ""),
        ("Etc/UTC", "UTC"),
        ("posix/Europe/London", ""),
        ("", ""),
        ("xyzzy", ""),
        ("IST", ""),
    ],
)
def test_a_zone_that_is_none_comes_with_the_one_that_is_meant(zone: str, meant: str, facts: Facts) -> None:
    with pytest.raises(UsageError) as caught:
        plans.check_field("timezone", zone, facts)

    assert caught.value.message.startswith('expected a time zone like "Europe/London", got ')
    assert caught.value.hint.startswith(f'did you mean "{meant}"?' if meant else "name a city of the zone")


def test_every_zone_that_is_named_as_meant_exists(facts: Facts) -> None:
    assert all(facts.zone(zone) is not None for zone in set(times._MEANT.values()))


def test_every_area_and_city_of_tzdata_is_taken_and_nothing_else(facts: Facts) -> None:
    taken = set()
    for name in facts.zone_names:
        try:
            taken.add(plans.check_field("timezone", name, facts))
        except UsageError:
            assert name != "UTC"
            assert "/" not in name or name.startswith("Etc/")
    assert len(taken) > 400
    assert all(name == "UTC" or ("/" in name and not name.startswith("Etc/")) for name in taken)


CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@settings(deadline=None)
@given(code=st.sampled_from(CODES), rest=st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_a_number_is_taken_when_the_library_finds_it_possible_and_whole(code: int, rest: str) -> None:
    text = f"+{code}{rest}"[:16]

    parsed = phonenumbers.parse(text)
    possible = (
        phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
    )
    whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == text
    long_enough = len(text) > 7
    try:
        taken = details.read_phone(text) == text
    except UsageError:
        taken = False
    assert taken == (possible and whole and long_enough)


@pytest.mark.parametrize("code", CODES)
def test_an_example_number_of_every_country_is_taken_and_belongs_to_it(code: int) -> None:
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        example = phonenumbers.example_number(region) if region != "001" else None
        if example is None:
            continue
        text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

        assert details.read_phone(text) == text
        assert details.is_of(text, region)
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        assert details.country_of(text) == (region if code in (1, 7) else regions[0])


@pytest.mark.parametrize(
    "email",
    ["a@b.co", "first.last+tag@sub.example.org", "o'neil@example.org", "x@xn--exmple-cua.org", "a@1.example"],
)
def test_addresses_as_people_have_them_are_taken(email: str) -> None:
    assert details.read_email(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "@example.org",
        "a@",
        "a@@example.org",
        "a b@example.org",
        "a@example",
        "a@-example.org",
        "a@example..org",
        ".a@example.org",
        "a.@example.org",
        "a..b@example.org",
        "a@example.org, b@example.org",
        "a@example.org\nBcc: b@example.org",
        "é@example.org",
        '"a b"@example.org',
        "a@" + "x." * 130 + "org",
    ],
)
def test_what_is_no_single_plain_address_is_refused(email: str) -> None:
    with pytest.raises(UsageError, match="expected an email address"):
        details.read_email(email)
