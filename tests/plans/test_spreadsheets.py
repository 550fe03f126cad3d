"""What a spreadsheet has done to a number is said, with what keeps it from that; no hint is a stranger's."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.errors import UsageError
from nudger.plans import Facts, ParsedPlans
from nudger.plans.parse.details import read_phone

Read = Callable[..., ParsedPlans]
WEEK = {"plans/shared/week.toml": '[[nudge]]\nkind = "rest"\nat = "13:00"\n'}
KEEP = "give the column the format Text before numbers are put into it, and enter this one again, with + and"
QUANTITY = "a spreadsheet took it for a quantity, and what stood before it may be lost"
FIRST = "a spreadsheet kept its first digits, and the others are lost"
EXTENSION = "a text reaches no extension: write a number that takes texts, with + and the country's code"


def hint_for(cell: str, read_files: Read, facts: Facts, country: str | None = None) -> str:
    quoted = cell.replace('"', '""')
    roster = f'id,timezone,phone,extends\nmaya,UTC,"{quoted}",week\n'
    reading = read_files({"plans/people.csv": roster, **WEEK}, replace(facts, country=country))
    (problem,) = reading.problems
    assert problem.where == 'person "maya": phone'
    return problem.hint


@pytest.mark.parametrize("country", [None, "GB", "US", "DE"])
@pytest.mark.parametrize(
    ("cell", "happened"),
    [
        ("4915112345678.0", QUANTITY),
        ("4915112345678,00", QUANTITY),
        ("+4915112345678.0", QUANTITY),
        ("4.477E+11", FIRST),
        ("4,477E+11", FIRST),
        ("4.4770090012E+11", FIRST),
        ("4e11", FIRST),
        ("4,915,112,345,678", "a spreadsheet took it for a quantity, and put it into thousands"),
        ("447.700.900.123", "a spreadsheet took it for a quantity, and put it into thousands"),
        ("-900122", "a spreadsheet took it for a sum, and worked it out"),
        ("########", "the column of the spreadsheet was too narrow, and the number was not saved"),
        ("#NAME?", "a formula of the spreadsheet failed here"),
        ("#N/A", "a formula of the spreadsheet failed here"),
        ("=+447700900123", "a spreadsheet keeps a formula here, not a number"),
    ],
)
def test_a_number_that_a_spreadsheet_has_spoilt_is_told_and_not_guessed(
    cell: str, happened: str, country: str | None, read_files: Read, facts: Facts
) -> None:
    hint = hint_for(cell, read_files, facts, country)

    assert hint.startswith(f"{happened}: {KEEP}")
    assert not re.search(r"\d", hint)


@pytest.mark.parametrize("country", [None, "GB", "US"])
@pytest.mark.parametrize(
    "cell",
    [
        *("+44 7700 900123 ext. 5", "07700 900123 ext 12", "0770090012 x5", "+1 202 555 0123 #7"),
        *("+49 711 1234567 Durchwahl 12", "+447700900123;ext=5"),
    ],
)
def test_an_extension_is_no_part_of_a_number(
    cell: str, country: str | None, read_files: Read, facts: Facts
) -> None:
    assert hint_for(cell, read_files, facts, country) == EXTENSION


@pytest.mark.parametrize(
    "cell", ["07700 900123 / 07700 900124", "+447700900123, +447700900124", "07700900123 or 07700900124"]
)
def test_of_two_numbers_none_is_taken(cell: str, read_files: Read, facts: Facts) -> None:
    assert hint_for(cell, read_files, facts, "GB").startswith("one number, which replies come from")


@pytest.mark.parametrize(
    ("cell", "country", "hint"),
    [
        ("447700900123", None, 'did you mean "+447700900123"?'),
        ("447700900123", "US", 'did you mean "+447700900123"?'),
        ("07700 900123", "GB", 'did you mean "+447700900123"?'),
        ("7700900123", "GB", 'did you mean "+447700900123"?'),
        ("0044 7700 900123", "US", 'did you mean "+447700900123"?'),
        ("+44.7700.900123", "US", 'did you mean "+447700900123"?'),
        ("0151/12345678", "DE", 'did you mean "+4915112345678"?'),
        ("Tel.: 07700 900123", "GB", 'did you mean "+447700900123"?'),
        ("ask Sam, 5", "GB", "a number begins with + and its country's code, in place of the first 0"),
        ("12025550123456", "US", "a number begins with + and its country's code, in place of the first 0"),
        (
            "07700 900123 (after 5)",
            "GB",
            "a number begins with + and its country's code, in place of the first 0",
        ),
    ],
)
def test_what_is_only_written_in_another_way_is_guessed(
    cell: str, country: str | None, hint: str, read_files: Read, facts: Facts
) -> None:
    assert hint_for(cell, read_files, facts, country) == hint


@given(
    national=st.from_regex(r"[1-9][0-9]{5,12}", fullmatch=True),
    spoil=st.sampled_from(["{}.0", "{},0", "{}.00", "{}E+5", "{} ext. 3", "{} x12", "-{}", "{}e2"]),
    country=st.sampled_from([None, "GB", "US", "DE", "FR", "ES", "BR"]),
)
def test_no_hint_for_a_spoilt_number_names_a_number(national: str, spoil: str, country: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        read_phone(spoil.format(national), country)

    assert not re.search(r"\d", caught.value.hint)


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        (
            "1001.0",
            'expected an id like "evening-walk", got "1001.0"',
            'a spreadsheet took it for a quantity; did you mean "1001"?',
        ),
        (
            "1E+05",
            'expected an id like "evening-walk", got "1E+05"',
            f"{FIRST}: give the column the format Text before ids are put into it",
        ),
        (
            "#REF!",
            'expected an id like "evening-walk", got "#REF!"',
            "a formula of the spreadsheet failed here: write the id itself",
        ),
    ],
)
def test_a_spoilt_id_is_told(written: str, message: str, hint: str, read_files: Read) -> None:
    reading = read_files(
        {"plans/people.csv": f"id,timezone,phone,extends\n{written},UTC,+447700900123,week", **WEEK}
    )

    (problem,) = reading.problems
    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.parametrize(
    "error", ["#N/A", "#REF!", "#NAME?", "#DIV/0!", "#NV", "#BEZUG!", "#¡VALOR!", "#####"]
)
def test_nobody_is_called_by_the_error_of_a_spreadsheet(error: str, read_files: Read) -> None:
    reading = read_files(
        {"plans/people.csv": f"id,name,timezone,phone,extends\nmaya,{error},UTC,+447700900123,week\n", **WEEK}
    )

    (problem,) = reading.problems
    assert (problem.column, problem.message) == (6, f'expected a value, got "{error}"')
    assert reading.plans == {}


def test_a_limit_with_a_point_and_a_nought_is_a_whole_number(read_files: Read) -> None:
    roster = "id,timezone,phone,daily_limit,extends\nmaya,UTC,+447700900123,2.0,week\n"

    assert read_files({"plans/people.csv": roster, **WEEK}).plans["maya"].daily_limit == 2
