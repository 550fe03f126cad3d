"""Lines of record: a day that was, and how. What says that there is none is none, and ends the one before."""

from collections.abc import Callable

import pytest

from nudger.plans import ParsedPlans

Read = Callable[..., ParsedPlans]
HOW = 'say when and how it was given: "2026-11-20, in person"; leave it out, and nudger asks'
NO = f"a line that says no is none, and nobody is nudged by it; {HOW}"
REST = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'
WEEK = {"plans/shared/week.toml": REST}
LATER = "write it down once it is given"
OPT_IN = 'the date, and then how and in which words: "2026-11-20, on paper: please tell Sam"'
SAM = '[[contact]]\nname = "Sam"\nphone = "+447700900456"\n'


def consent(read_plan: Read, value: str) -> ParsedPlans:
    return read_plan(f"consent = {value}\n{REST}")


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20, in person",
        "2026-11-20",
        "2026-11-20 00:00:00",
        "in person, 2026-11-20",
        "signed form of 2024-02-29, in the cabinet",
        "2026-11-20: said yes on the phone, knows that STOP ends it",
        "2026-11-20, on paper; told that consent can be withdrawn and how to opt out",
        "2026-11-24, in Auckland, where it is the 24th already",
        "2026-11-20, Nora No, in person",
        "2026-11-20, Dr. No's practice, on paper",
        "2026-11-20, form no. 12",
        "2026-11-20: agreed; said that she did not mind texts at night",
        "2026-11-20, auf Papier",
        "2026-11-20, en persona",
    ],
)
def test_a_day_that_was_and_how_is_a_consent(line: str, read_plan: Read) -> None:
    reading = consent(read_plan, f'"{line}"')

    assert reading.problems == ()
    assert reading.plans["maya"].consent == line
    assert reading.refused == frozenset()


@pytest.mark.parametrize(
    "line",
    [
        *(
            "no",
            "No.",
            "NO",
            "FALSE",
            "false",
            "none",
            "never",
            "not yet",
            "Not given",
            "n/a",
            "N/A",
            "n",
            "0",
        ),
        *("pending", "Pending signature", "?", "??", "-", "tbd", "to be confirmed", "asked", "null", "NaN"),
        *("refused", "refused on the phone", "Declined.", "denied", "withdrawn", "revoked 2026-11-01"),
        *("2026-11-20, refused", "2026-11-20: no", "2026-11-20 - declined", "asked 2026-11-20, no answer"),
        *("2026-11-20, signed form; withdrawn 2026-11-22", "2026-11-20, on paper, opted out since"),
        *(
            "2026-11-20, said no",
            "phone, 2026-11-20: says no",
            "2026-11-20, did not agree",
            "Maya didn't want to",
        ),
        *("2026-11-20, on the phone: no.", "2026-11-20, no consent", "2026-11-20, asked, would rather not"),
        *("2026-11-20, unsubscribed", "2026-11-20, form; has stopped it since", "2026-11-20, refuse"),
        *(
            "2026-11-20, sagte nein",
            "2026-11-20, dijo que no",
            "2026-11-20, a dit non",
            "ne veut pas, 2026-11-20",
        ),
        *("nein", "noch nicht", "keine", "abgelehnt", "2026-11-20, widerrufen", "ausstehend"),
        *("rechazado", "pendiente", "todavía no", "refusé", "pas encore", "en attente", "non"),
    ],
)
def test_what_says_that_there_is_none_is_no_consent(line: str, read_plan: Read) -> None:
    reading = consent(read_plan, f'"{line}"')

    (problem,) = reading.problems
    assert problem.message == f'expected where consent is on record, got "{line}"'
    assert problem.hint == NO
    assert reading.plans == {}
    assert reading.refused == {"maya"}


def test_false_says_that_there_is_none(read_plan: Read) -> None:
    assert consent(read_plan, "false").refused == {"maya"}


def undated(line: str, guess: str = "") -> tuple[str, str, str]:
    message = f'expected a date that was, and how consent was given, got "{line}"'
    return line, message, f"did you mean {guess}? {HOW}" if guess else HOW


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        undated("#N/A"),
        undated("#NAME?"),
        undated("46346"),
        undated("11/20/2026", "2026-11-20"),
        undated("05/11/2026"),
        ("2026-13-40", 'expected a date that there is, got "2026-13-40"', "year, month, day"),
        ("2026-02-29, in person", 'expected a date that there is, got "2026-02-29"', "year, month, day"),
        (
            "2026-1-5, in person",
            'expected a date like 2026-11-20, got "2026-1-5"',
            'did you mean "2026-01-05"?',
        ),
        ("2027-01-01, in person", "expected a date that has come, got 2027-01-01", LATER),
        ("2026-11-25, in person", "expected a date that has come, got 2026-11-25", LATER),
        ("20.11.2027, in person", "expected a date that has come, got 2027-11-20", LATER),
    ],
)
def test_what_is_no_day_that_was_is_told_with_what_is_wanted(
    line: str, message: str, hint: str, read_plan: Read
) -> None:
    reading = consent(read_plan, f'"{line}"')

    (problem,) = reading.problems
    assert (problem.message, problem.hint, problem.severity) == (message, hint, "error")
    assert (dict(reading.plans), reading.refused) == ({}, frozenset())


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        undated("yes"),
        undated("TRUE"),
        undated("on file"),
        undated("20.11.2026, in person", "2026-11-20"),
        undated("20 November 2026, signed form", "2026-11-20"),
        undated("Nov 20th, 2026", "2026-11-20"),
    ],
)
def test_a_consent_without_its_day_is_one_and_what_it_lacks_is_told(
    line: str, message: str, hint: str, read_plan: Read
) -> None:
    reading = consent(read_plan, f'"{line}"')

    (problem,) = reading.problems
    assert (problem.message, problem.hint, problem.severity) == (message, hint, "warning")
    assert reading.plans["maya"].consent == line


def test_a_roster_is_read_by_the_same_rule(read_files: Read) -> None:
    rows = [
        'ann,UTC,+447700900101,"2026-11-20, on paper",week',
        "ben,UTC,+447700900102,no,week",
        "cyd,UTC,+447700900103,FALSE,week",
        "dee,UTC,+447700900104,2027-11-20,week",
        "eve,UTC,+447700900105,#N/A,week",
        "fay,UTC,+447700900106,,week",
    ]
    roster = "\n".join(["id,timezone,phone,consent,extends", *rows])

    reading = read_files({"plans/people.csv": roster, **WEEK})

    assert list(reading.plans) == ["ann", "fay"]
    assert [(problem.line, problem.column, problem.where) for problem in reading.problems] == [
        (3, 23, 'person "ben": consent'),
        (4, 23, 'person "cyd": consent'),
        (5, 23, 'person "dee": consent'),
        (6, 23, 'person "eve": consent'),
    ]
    assert reading.refused == {"ben", "cyd"}


def test_a_shared_line_that_says_no_is_everybodys_who_has_none_of_their_own(read_files: Read) -> None:
    head = 'timezone = "UTC"\nextends = "week"\nphone = "+44770090010{}"\n'
    reading = read_files(
        {
            "plans/shared/week.toml": 'consent = "no"\n' + REST,
            "plans/ann.toml": head.format(1),
            "plans/ben.toml": head.format(2) + 'consent = "2026-11-20, in person"\n',
        }
    )

    assert reading.refused == {"ann"}


@pytest.mark.parametrize("key", ["tell", "agreed"])
@pytest.mark.parametrize(
    ("line", "message", "hint", "ends"),
    [
        (
            "no",
            'expected the words of an opt-in with its date, got "no"',
            f"a record that says no is none, and nobody is told; {OPT_IN}",
            True,
        ),
        (
            "2026-11-20, by text: refused",
            'expected the words of an opt-in with its date, got "2026-11-20, by text: refused"',
            f"a record that says no is none, and nobody is told; {OPT_IN}",
            True,
        ),
        ("yes", 'expected the words of an opt-in with its date, got "yes"', OPT_IN, False),
        ("2026-11-20", 'expected the words of an opt-in with its date, got "2026-11-20"', OPT_IN, False),
        (
            "2027-11-20, on paper: yes",
            "expected a date that has come, got 2027-11-20",
            "write it down once it is given",
            False,
        ),
        (
            "2026-13-40, ja",
            'expected the words of an opt-in with its date, got "2026-13-40, ja"',
            OPT_IN,
            False,
        ),
    ],
)
def test_an_opt_in_to_a_notice_is_read_by_the_same_rule(
    key: str, line: str, message: str, hint: str, ends: bool, read_plan: Read
) -> None:
    other = {"tell": "agreed", "agreed": "tell"}[key]

    reading = read_plan(f'{REST}{SAM}{key} = "{line}"\n{other} = "2026-11-20, on paper: yes, tell Sam"\n')

    (problem,) = reading.problems
    assert (problem.where, problem.message, problem.hint) == (f'contact "Sam": {key}', message, hint)
    assert reading.untold == (frozenset({"maya"}) if ends else frozenset())
