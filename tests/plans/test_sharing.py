"""`extends`: top-level keys replace; a nudge of one id, a contact of one name, replaces; others add."""

from collections.abc import Callable
from datetime import time

import pytest

from nudger.domain.model import At, Kind
from nudger.plans import ParsedPlans

Read = Callable[..., ParsedPlans]
HEAD = 'timezone = "UTC"\nphone = "+447700900123"\n'
WEEK = """
daily_limit = 4
quiet = "21:00-08:00"

[[nudge]]
kind = "rest"
at = "13:00"

[[nudge]]
kind = "movement"
at = "16:00"

[[contact]]
name = "Sam"
phone = "+447700900456"
"""
EXTENDS = 'extends = "week"\n'


def told(reading: ParsedPlans) -> list[str]:
    return [str(problem) for problem in reading.problems]


def read(read_files: Read, maya: str, **shared: str) -> ParsedPlans:
    return read_files(
        {"plans/maya.toml": maya, **{f"plans/shared/{name}.toml": text for name, text in shared.items()}}
    )


def test_what_a_plan_does_not_say_comes_from_the_shared_one(read_files: Read) -> None:
    reading = read(read_files, HEAD + EXTENDS, week=WEEK)

    plan = reading.plans["maya"]
    assert reading.problems == ()
    assert plan.daily_limit == 4
    assert [nudge.id for nudge in plan.nudges] == ["rest", "movement"]
    assert [contact.name for contact in plan.contacts] == ["Sam"]


def test_a_shared_plan_may_hold_the_timezone(read_files: Read) -> None:
    reading = read(read_files, 'phone = "+447700900123"\n' + EXTENDS, week='timezone = "Asia/Tokyo"\n' + WEEK)

    assert reading.plans["maya"].timezone == "Asia/Tokyo"


def test_keys_of_the_plan_replace_those_of_the_shared_one(read_files: Read) -> None:
    reading = read(read_files, HEAD + EXTENDS + "daily_limit = 2\n", week=WEEK)

    assert reading.plans["maya"].daily_limit == 2


def test_a_nudge_of_the_same_id_replaces_where_it_stands_and_others_add(read_files: Read) -> None:
    own = '[[nudge]]\nkind = "triggers"\nat = "10:00"\n\n[[nudge]]\nkind = "rest"\nat = "12:00"\n'

    reading = read(read_files, HEAD + EXTENDS + own, week=WEEK)

    nudges = reading.plans["maya"].nudges
    assert reading.problems == ()
    assert [nudge.id for nudge in nudges] == ["rest", "movement", "triggers"]
    assert nudges[0].when == At((time(12),))


def test_a_nudge_is_replaced_whole(read_files: Read) -> None:
    week = WEEK.replace('at = "13:00"', 'at = "13:00"\nsnooze = "3h"')
    own = '[[nudge]]\nid = "rest"\nkind = "creative"\nat = "12:00"\n'

    nudge = read(read_files, HEAD + EXTENDS + own, week=week).plans["maya"].nudges[0]

    assert (nudge.kind, nudge.snooze.seconds) == (Kind.CREATIVE, 3600)


def test_a_contact_of_the_same_name_replaces_and_others_add(read_files: Read) -> None:
    own = (
        '[[contact]]\nname = "Sam"\nphone = "+447700900457"\n\n[[contact]]\nname = "Jo"\nemail = "jo@x.org"\n'
    )

    contacts = read(read_files, HEAD + EXTENDS + own, week=WEEK).plans["maya"].contacts

    assert [(one.name, one.phone) for one in contacts] == [("Sam", "+447700900457"), ("Jo", None)]


def test_shared_plans_extend_shared_plans(read_files: Read) -> None:
    reading = read(read_files, HEAD + 'extends = "top"\n', top='extends = "week"\ngap = "1h"\n', week=WEEK)

    plan = reading.plans["maya"]
    assert reading.problems == ()
    assert (plan.gap.seconds, plan.daily_limit, len(plan.nudges)) == (3600, 4, 2)


def test_a_nudge_may_name_a_contact_of_the_shared_plan(read_files: Read) -> None:
    own = '[[nudge]]\nkind = "support"\nat = "10:00"\ncontacts = "Sam"\nmessage = "{{ contact.name }}?"\n'

    assert read(read_files, HEAD + EXTENDS + own, week=WEEK).problems == ()


def test_shared_plans_are_looked_for_beside_the_file(read_files: Read) -> None:
    reading = read_files({"a/maya.toml": HEAD + EXTENDS, "b/shared/week.toml": WEEK})

    assert told(reading) == ['a/maya.toml:3:11: extends: expected the name of a shared plan, got "week"']
    assert reading.problems[0].hint == "put it in a/shared"


def test_a_shared_plan_that_is_missing_does_not_make_other_things_missing(read_files: Read) -> None:
    own = '[[nudge]]\nkind = "support"\nat = "07:00"\ncontacts = "Sam"\nchannels = "email"\n'

    reading = read(read_files, 'extends = "weak"\n' + own, week=WEEK)

    assert told(reading) == [
        'plans/maya.toml:1:11: extends: expected the name of a shared plan, got "weak"',
        'plans/maya.toml:4:6: nudge "support": at: '
        'expected a time outside quiet hours (20:00-09:00), got "07:00"',
    ]
    assert reading.problems[0].hint == 'did you mean "week"?'
    assert reading.plans == {}
    assert reading.files == {"maya": "plans/maya.toml"}


def test_a_circle_is_told_in_the_files_that_make_it(read_files: Read) -> None:
    reading = read(
        read_files,
        HEAD + 'extends = "into"\n',
        into='extends = "a"\n',
        a='\nextends = "b"\n',
        b='extends = "a"\n',
        own='extends = "own"\n',
    )

    assert told(reading) == [
        "plans/shared/a.toml:2:11: extends: expected no circle, got a -> b -> a",
        "plans/shared/b.toml:1:11: extends: expected no circle, got b -> a -> b",
        "plans/shared/own.toml:1:11: extends: expected no circle, got own -> own",
    ]
    assert reading.plans == {}


def test_very_many_plans_on_top_of_each_other_are_refused(read_files: Read) -> None:
    shared = {f"s{number}": f'extends = "s{number + 1}"\n' for number in range(3000)}

    reading = read(read_files, HEAD + 'extends = "s0"\n', **shared, s3000=WEEK)

    assert "plans/maya.toml:3:11: extends: expected at most 16 plans on top of each other" in told(reading)


def test_the_faults_of_a_shared_plan_are_told_once_in_its_file(read_files: Read) -> None:
    people = {
        f"plans/p{number}.toml": f'timezone = "UTC"\nphone = "+4477009001{number}"\n' + EXTENDS
        for number in range(10, 20)
    }

    reading = read_files({**people, "plans/shared/week.toml": 'gap = "x"\n' + WEEK.replace("rest", "rst")})

    assert told(reading) == [
        'plans/shared/week.toml:1:7: gap: expected a duration like "90m" or "1h30m", got "x"',
        'plans/shared/week.toml:7:8: nudge 1: kind: expected a kind like "rest", got "rst"',
    ]
    assert reading.plans == {}
    assert len(reading.files) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone = 1", ":1:1: unknown key "),
        ('[[nudge]]\nkind = "rest"\nat = "13:00"\nmessage = "{{ x }}"', ":4:11: nudge"),
        ('[[nudge]]\nkind = "rest"\nat = "13:00"\nmessage = "' + "breathe " * 30 + '"', ":4:11: nudge"),
        ('quiet = "12:00-14:00"\n[[nudge]]\nkind = "rest"\nat = "13:00"', ":4:6: nudge"),
        ('daily_limit = 1\n[[nudge]]\nkind = "rest"\nat = ["13:00", "16:00"]', ":4:16: nudge"),
        ('language = "en"\n[[nudge]]\nkind = "rest"\nat = "13:00"\ntemplate = "x"', ":5:12: nudge"),
        ("id = 1", ":1:1: unknown key "),
        ("= 1", ":1:1: is not valid TOML"),
    ],
)
def test_a_shared_plan_is_checked_though_nobody_uses_it(text: str, expected: str, read_files: Read) -> None:
    reading = read_files({"plans/shared/week.toml": text})

    (problem,) = told(reading)
    assert problem.startswith(f"plans/shared/week.toml{expected}")
    assert reading.files == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[[nudge]]\nkind = "rest"\nat = "07:00"',
        '[[nudge]]\nkind = "rest"\nat = ["10:00", "12:00", "14:00", "16:00"]',
        '[[nudge]]\nkind = "rest"\nbetween = "10:00-10:30"\ntimes = 3',
        'channels = "sms"',
        '[[nudge]]\nkind = "rest"\nat = "13:00"\ncontacts = "Sam"\nmessage = "{{ contact.name }}"',
        '[[nudge]]\nkind = "rest"\nat = "13:00"\nchannels = "email"',
        '[[nudge]]\nkind = "rest"\nat = "13:00"\nmessage = "{{ if_then }}"',
    ],
)
def test_what_a_plan_can_still_decide_is_no_fault_of_the_shared_one(text: str, read_files: Read) -> None:
    assert read_files({"plans/shared/week.toml": text}).problems == ()


def test_what_the_default_of_a_shared_plan_comes_to_is_told_there_once(read_files: Read) -> None:
    early = '[[nudge]]\nkind = "rest"\nat = "07:00"\n'
    people = {f"plans/p{n}.toml": f'timezone = "UTC"\nphone = "+4477009001{n}"\n' + EXTENDS for n in (10, 11)}
    late_riser = 'timezone = "UTC"\nphone = "+447700900112"\nquiet = "none"\n' + EXTENDS

    reading = read_files({**people, "plans/p12.toml": late_riser, "plans/shared/week.toml": early})

    assert told(reading) == [
        'plans/shared/week.toml:3:6: nudge "rest": at: '
        'expected a time outside quiet hours (20:00-09:00), got "07:00"'
    ]
    assert list(reading.plans) == ["p12"]


def test_what_comes_of_both_together_is_told_at_extends(read_files: Read) -> None:
    reading = read(read_files, HEAD + EXTENDS + 'quiet = "12:00-14:00"\n', week=WEEK)

    (problem,) = reading.problems
    assert str(problem) == (
        'plans/maya.toml:3:11: nudge "rest": at: '
        'expected a time outside quiet hours (12:00-14:00), got "13:00"'
    )
    assert problem.hint.endswith("it stands in plans/shared/week.toml")


def test_a_long_shared_message_is_told_once_unless_the_name_makes_it_long(read_files: Read) -> None:
    long = '[[nudge]]\nkind = "rest"\nat = "13:00"\nmessage = "{{ name }}' + "o" * 150 + '"\n'
    names = {"ann": "Ann", "maximilian": "Maximilian of Bavaria"}
    people = {
        f"plans/{person}.toml": f'name = "{name}"\ntimezone = "UTC"\nemail = "{person}@x.org"\n'
        f'phone = "+44770090010{len(person) % 10}"\n{EXTENDS}'
        for person, name in names.items()
    }

    reading = read_files({**people, "plans/shared/week.toml": long})

    assert told(reading) == ['plans/maximilian.toml:5:11: nudge "rest": message: comes to 2 SMS segments']
    assert len(reading.plans) == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('template = "xyzzy"', '4:12: nudge "rest": template: expected a template of the kind rest'),
        ('message = "{{ contact.name }}"', '4:11: nudge "rest": message: names a contact'),
        ('message = "{{ if_then }}"', '4:11: nudge "rest": message: uses "if_then"'),
        ('contacts = "Sam"', '4:12: nudge "rest": contacts: expected the name of a [[contact]]'),
    ],
)
def test_what_nobody_who_extends_it_adds_to_is_told_once(line: str, expected: str, read_files: Read) -> None:
    rows = "id,timezone,phone,extends\n" + "".join(f"p{n},UTC,+4477009001{n},week\n" for n in range(10, 15))
    week = f'[[nudge]]\nkind = "rest"\nat = "13:00"\n{line}\n'

    reading = read_files({"plans/people.csv": rows, "plans/shared/week.toml": week})

    (problem,) = told(reading)
    assert problem.startswith(f"plans/shared/week.toml:{expected}")
    assert reading.plans == {}


def test_a_roster_is_no_shared_plan(read_files: Read) -> None:
    reading = read_files({"plans/shared/people.csv": "id\nmaya\n"})

    assert told(reading) == ["plans/shared/people.csv:1:1: expected a shared plan, got a roster"]
