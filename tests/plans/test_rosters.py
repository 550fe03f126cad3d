"""Rosters: many people in one table, where a bad row stops no other."""

from collections.abc import Callable

import pytest

from nudger.domain.model import ChannelName
from nudger.plans import ParsedPlans

Read = Callable[..., ParsedPlans]
WEEK = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'
HEADER = "id,name,timezone,phone,extends\n"
MAYA = "maya,Maya,Europe/London,+447700900123,week\n"
JONAS = "jonas,Jonas,Europe/Berlin,+491713920012,week\n"


def read(read_files: Read, roster: str | bytes, **others: str) -> ParsedPlans:
    return read_files({"plans/people.csv": roster, "plans/shared/week.toml": WEEK, **others})


def told(reading: ParsedPlans) -> list[str]:
    return [str(problem).removeprefix("plans/people.csv:") for problem in reading.problems]


def test_each_row_is_a_plan(read_files: Read) -> None:
    reading = read(read_files, HEADER + MAYA + JONAS)

    assert reading.problems == ()
    assert {person: plan.name for person, plan in reading.plans.items()} == {"maya": "Maya", "jonas": "Jonas"}
    assert reading.plans["jonas"].timezone == "Europe/Berlin"
    assert reading.plans["jonas"].nudges[0].id == "rest"
    assert reading.files == {"maya": "plans/people.csv", "jonas": "plans/people.csv"}


@pytest.mark.parametrize(
    "roster",
    [
        b"\xef\xbb\xbf" + (HEADER + MAYA).encode(),
        (HEADER + MAYA).replace(",", ";").encode(),
        (HEADER + MAYA).replace("\n", "\r\n").encode(),
        (HEADER + MAYA).replace(",", " , ").encode(),
        (HEADER + MAYA).replace("Maya", '"Maya"').encode(),
        b"\n\n" + (HEADER + "\n" + MAYA + ",,,,\n\n").encode(),
        (HEADER.replace("\n", ",,\n") + MAYA.replace("\n", ",,\n")).encode(),
    ],
    ids=["a mark", "semicolons", "CRLF", "spaces", "quotes", "empty lines", "empty columns"],
)
def test_spreadsheets_write_tables_in_many_ways(roster: bytes, read_files: Read) -> None:
    reading = read(read_files, roster)

    assert reading.problems == ()
    assert reading.plans["maya"].name == "Maya"


def test_a_quoted_cell_may_hold_the_separator_and_quotes(read_files: Read) -> None:
    reading = read(read_files, HEADER + MAYA.replace(",Maya,", ',"Maya ""May"", 3rd",'))

    assert reading.plans["maya"].name == 'Maya "May", 3rd'


def test_a_list_in_a_cell_is_separated_by_spaces(read_files: Read) -> None:
    roster = "id,timezone,phone,email,channels,daily_limit,extends\n"

    reading = read(read_files, roster + "maya,UTC,+447700900123,maya@x.org,email sms,5,week\n")

    assert reading.plans["maya"].channels == (ChannelName.EMAIL, ChannelName.SMS)
    assert reading.plans["maya"].daily_limit == 5


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("bad,B,Mars,+447700900199,week", '3:7: person "bad": timezone: expected a time zone like'),
        ("bad,B,UTC,07700,week", '3:11: person "bad": phone: expected a phone number like'),
        ("bad,B,UTC,+447700900199,weak", '3:25: person "bad": extends: expected the name of a shared plan'),
        ("bad,B,,+447700900199,week", '3:1: person "bad": timezone: expected "timezone", got none'),
        ("bad,B,UTC,,week", '3:1: person "bad": expected "phone" or "email", got neither'),
        ("Bad!,B,UTC,+447700900199,week", '3:1: row 3: id: expected an id like "evening-walk", got "Bad!"'),
        (",B,UTC,+447700900199,week", '3:1: row 3: id: expected an id like "evening-walk", got ""'),
        ("bad,B,UTC,+447700900199", "3:1: row 3: expected 5 cells, got 4"),
        ("bad,B,UTC,+447700900199,week,x", "3:30: row 3: expected 5 cells, got 6"),
        ('bad,"B,UTC,+447700900199,week', "3:5: row 3: expected a quote to begin and to end a cell"),
        ('bad,B "x",UTC,+447700900199,week', "3:7: row 3: expected a quote to begin and to end a cell"),
        ("maya,B,UTC,+447700900199,week", '3:1: person "maya": id: expected an id of its own, got "maya"'),
        ("bad,  \t,Mars,+447700900199,week", '3:9: person "bad": timezone: expected a time zone like'),
        ("bad,B\x00,UTC,+447700900199,week", '3:6: person "bad": expected UTF-8 text, got a NUL byte'),
        ("bad," + "B" * 9000 + ",UTC,+447700900199,week", "3:1: row 3: expected at most 8192 characters"),
    ],
)
def test_a_bad_row_is_one_problem_and_stops_no_other(row: str, expected: str, read_files: Read) -> None:
    reading = read(read_files, HEADER + MAYA + row + "\n" + JONAS)

    (problem,) = told(reading)
    assert problem.startswith(expected)
    assert list(reading.plans) == ["maya", "jonas"]


def test_a_byte_that_is_no_text_spoils_its_row_only(read_files: Read) -> None:
    row = b"andre,Andr\xe9,UTC,+447700900199,week\n"

    reading = read(read_files, (HEADER + MAYA).encode() + row + JONAS.encode())

    assert told(reading) == ['3:11: person "andre": expected UTF-8 text, got the byte 0xe9']
    assert list(reading.plans) == ["maya", "jonas"]
    assert "andre" in reading.files


def test_all_problems_of_a_row_are_told_at_their_cells(read_files: Read) -> None:
    reading = read(read_files, HEADER + "bad,B,Mars,1,weak\n")

    assert [line.split(" expected")[0] for line in told(reading)] == [
        '2:7: person "bad": timezone:',
        '2:12: person "bad": phone:',
        '2:14: person "bad": extends:',
    ]


@pytest.mark.parametrize(
    ("header", "expected", "hint"),
    [
        ("id,nme,timezone,phone,extends", '1:4: unknown key "nme"', 'did you mean "name"?'),
        ("id,name,tz,phone,extends", '1:9: unknown key "tz"', 'did you mean "timezone"?'),
        ("id,name,name,phone,extends", '1:9: the column "name" is given twice', "take one of them away"),
        (
            "id,name,timezone,phone,nudge",
            '1:24: unknown key "nudge"',
            "put [[nudge]] in a shared plan, and its name in the column extends",
        ),
    ],
)
def test_a_bad_header_is_one_problem_and_loses_nobody(
    header: str, expected: str, hint: str, read_files: Read
) -> None:
    reading = read(read_files, f"{header}\n{MAYA}{JONAS}")

    assert told(reading)[0] == expected
    assert reading.problems[0].hint == hint
    assert not any("got none" in line for line in told(reading))
    assert reading.plans == {}
    assert set(reading.files) == {"maya", "jonas"}


@pytest.mark.parametrize("text", ["", "\n", "name,timezone\nMaya,UTC\n", "\x00\x01\x02", '"'])
def test_a_roster_without_ids_says_what_the_first_line_is(text: str, read_files: Read) -> None:
    reading = read(read_files, text)

    assert reading.problems
    assert (reading.plans, reading.files) == ({}, {})


@pytest.mark.parametrize(
    "roster",
    [
        (HEADER + MAYA).encode("utf-16"),
        (HEADER + MAYA).encode("utf-16-le"),
        (HEADER + MAYA).encode("utf-16-be"),
        b"\xfe\xff" + (HEADER + MAYA).replace(",", "\t").encode("utf-16-be"),
        (HEADER + MAYA).replace(",", "\t").encode(),
        ("sep=;\n" + (HEADER + MAYA).replace(",", ";")).encode(),
        ("\ufeffsep=,\r\n" + HEADER + MAYA).encode(),
        ('"sep=\t"\n' + (HEADER + MAYA).replace(",", "\t")).encode(),
        ("SEP=;\n\n" + (HEADER + MAYA).replace(",", ";")).encode(),
        (HEADER.upper() + MAYA).encode(),
        (HEADER.title().replace(",", " ; ") + MAYA.replace(",", ";")).encode(),
        (HEADER.replace("timezone", "Time Zone").replace("phone", "  Phone\u00a0") + MAYA).encode(),
    ],
    ids=[
        *("UTF-16", "UTF-16 LE without a mark", "UTF-16 BE without a mark", "UTF-16 with tabs", "tabs"),
        *("sep=;", "sep=, after a mark", "sep= a tab in quotes", "SEP=; and an empty line"),
        *("capitals", "titles and spaces", "spaces inside and no-break ones"),
    ],
)
def test_what_spreadsheets_save_is_read(roster: bytes, read_files: Read) -> None:
    reading = read(read_files, roster)

    assert reading.problems == ()
    assert (reading.plans["maya"].name, reading.plans["maya"].timezone) == ("Maya", "Europe/London")


def test_a_key_of_several_words_is_read_however_they_are_parted(read_files: Read) -> None:
    roster = (
        "ID,Time-Zone,PHONE,Daily Limit,If then,extends\nmaya,UTC,+447700900123,2,If it is 3 I rest,week\n"
    )

    plan = read(read_files, roster).plans["maya"]

    assert (plan.daily_limit, plan.if_then) == (2, "If it is 3 I rest")


def test_a_key_that_is_given_twice_in_two_ways_is_a_problem(read_files: Read) -> None:
    reading = read(read_files, "id,name,timezone,phone,extends,Name\n" + MAYA)

    assert told(reading)[0] == '1:32: the column "name" is given twice'


def test_a_tab_that_is_no_separator_is_a_blank(read_files: Read) -> None:
    reading = read(read_files, HEADER + MAYA.replace("Maya,", "Maya\t,"))

    assert reading.plans["maya"].name == "Maya"


def test_a_character_that_is_none_spoils_its_row_only(read_files: Read) -> None:
    row = "andre,Andr,UTC,+447700900199,week\n".encode("utf-16-le").replace(b"r\0,", b"r\0\x00\xdc,")

    reading = read(read_files, (HEADER + MAYA).encode("utf-16") + row + JONAS.encode("utf-16-le"))

    assert told(reading) == ['3:11: person "andre": expected UTF-8 text, got a character that is none']
    assert list(reading.plans) == ["maya", "jonas"]


def test_a_file_goes_before_a_row_of_the_same_id(read_files: Read) -> None:
    file = 'name = "M"\ntimezone = "UTC"\nphone = "+447700900177"\n' + WEEK

    reading = read(read_files, HEADER + MAYA + JONAS, **{"plans/maya.toml": file})

    assert told(reading) == [
        '2:1: person "maya": id: expected an id of its own, got "maya", which is in plans/maya.toml too'
    ]
    assert reading.plans["maya"].name == "M"
    assert reading.files["maya"] == "plans/maya.toml"


def test_two_rows_that_share_a_number_are_both_told(read_files: Read) -> None:
    reading = read(read_files, HEADER + MAYA + JONAS.replace("+491713920012", "+44 7700 900123"))

    assert [line.split(" expected")[0] for line in told(reading)] == [
        '2:25: person "maya": phone:',
        '3:27: person "jonas": phone:',
    ]


def test_the_digest_of_a_row_is_its_own(read_files: Read) -> None:
    before = read(read_files, HEADER + MAYA + JONAS)

    after = read(read_files, HEADER + MAYA + JONAS.replace("Jonas", "Jon"))

    assert before.digests["maya"] == after.digests["maya"]
    assert before.digests["jonas"] != after.digests["jonas"]


def test_a_roster_of_five_thousand_is_read(read_files: Read) -> None:
    rows = "".join(f"p{n},Person {n},Europe/London,+4477{n:08},week\n" for n in range(5000))

    reading = read(read_files, HEADER + rows)

    assert reading.problems == ()
    assert len(reading.plans) == 5000
