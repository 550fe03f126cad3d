"""What a plan file may be as a file: its bytes, its name, and what two files have in common."""

import time
from collections.abc import Callable

import pytest

from nudger.plans import ParsedPlans

Read = Callable[..., ParsedPlans]
PLAN = 'timezone = "UTC"\nphone = "+447700900123"\n\n[[nudge]]\nkind = "rest"\nat = "13:00"\n'


def told(reading: ParsedPlans) -> list[str]:
    return [str(problem) for problem in reading.problems]


def another(digit: int) -> str:
    return PLAN.replace("0123", f"012{digit}")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + PLAN.encode(),
        PLAN.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + PLAN.replace("\n", "\r\n").encode(),
        PLAN.rstrip("\n").encode(),
    ],
    ids=["a mark", "CRLF", "both", "no last line end"],
)
def test_a_byte_order_mark_and_either_line_end_are_fine(data: bytes, read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": data})

    assert reading.problems == ()
    assert list(reading.plans) == ["maya"]


def test_a_mark_and_carriage_returns_do_not_move_positions(read_files: Read) -> None:
    data = (
        b"\xef\xbb\xbf"
        + PLAN.replace("UTC", "Mars").replace('"13:00"', '"13h"').replace("\n", "\r\n").encode()
    )

    problems = read_files({"plans/maya.toml": data}).problems

    assert [(problem.line, problem.column) for problem in problems] == [(1, 12), (6, 6)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'name = "Andr\xe9"\n', "1:13: expected UTF-8 text, got the byte 0xe9"),
        (b'a = "x"\r\nb = "\xc3\xa9\xe9"\n', "2:7: expected UTF-8 text, got the byte 0xe9"),
        (PLAN.encode("utf-16"), "1:1: expected UTF-8 text, got the byte 0xff"),
        (b'name = "Ma\x00ya"\n', "1:11: expected text, got a NUL byte"),
        (b"#" * 300_000, "1:1: expected a plan of at most 256 KB, got 293 KB"),
    ],
    ids=["latin-1", "later", "UTF-16", "NUL", "large"],
)
def test_what_is_no_text_is_refused_where_it_begins(data: bytes, expected: str, read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": data})

    assert told(reading) == [f"plans/maya.toml:{expected}"]
    assert reading.problems[0].hint
    assert reading.files == {"maya": "plans/maya.toml"}
    assert reading.plans == {}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Maya.toml", 'did you mean "maya.toml"?'),
        ("Maya Smith.toml", 'did you mean "maya-smith.toml"?'),
        ("zoë.toml", 'did you mean "zoe.toml"?'),
        ("-x.toml", 'did you mean "x.toml"?'),
        ("_.toml", ""),
        ("a" * 65 + ".toml", f'did you mean "{"a" * 64}.toml"?'),
    ],
)
def test_the_name_of_a_file_is_the_persons_id(name: str, hint: str, read_files: Read) -> None:
    reading = read_files({f"plans/{name}": PLAN})

    (problem,) = reading.problems
    assert problem.message.startswith('expected a file name like "maya.toml", got "')
    assert (problem.line, problem.column, problem.hint) == (1, 1, hint)
    assert reading.plans == reading.files == {}


@pytest.mark.parametrize("name", ["a", "0", "maya-2_x", "a" * 64])
def test_ids_are_small_letters_digits_hyphens_and_underscores(name: str, read_files: Read) -> None:
    assert list(read_files({f"plans/{name}.toml": PLAN}).plans) == [name]


def test_a_number_that_two_people_share_is_a_problem_of_both(read_files: Read) -> None:
    reading = read_files({"plans/a.toml": PLAN, "plans/b.toml": PLAN, "plans/c.toml": another(4)})

    assert told(reading) == [
        f'plans/{one}.toml:2:9: phone: expected a number of their own, got "+447700900123", '
        f'which is that of "{other}" too'
        for one, other in ("ab", "ba")
    ]
    assert list(reading.plans) == ["c"]
    assert set(reading.files) == {"a", "b", "c"}


def test_a_number_is_shared_however_it_is_written(read_files: Read) -> None:
    reading = read_files({"plans/a.toml": PLAN, "plans/b.toml": PLAN.replace("+447700", "+44 7700-")})

    assert len(reading.problems) == 2


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("+541123456789", "+5491123456789"),
        ("+551187654321", "+5511987654321"),
    ],
)
def test_a_number_is_shared_in_whichever_form_of_its_country(
    number: str, other: str, read_files: Read
) -> None:
    plans = {"plans/a.toml": number, "plans/b.toml": other}

    reading = read_files({file: PLAN.replace("+447700900123", one) for file, one in plans.items()})

    assert told(reading) == [
        f'plans/a.toml:2:9: phone: expected a number of their own, got "{number}", which is that of "b" too',
        f'plans/b.toml:2:9: phone: expected a number of their own, got "{other}", which is that of "a" too',
    ]


def test_the_form_that_a_country_has_given_up_is_refused_with_the_one_that_it_has(read_files: Read) -> None:
    (problem,) = read_files({"plans/a.toml": PLAN.replace("+447700900123", "+5215512345678")}).problems

    assert problem.hint == 'did you mean "+525512345678"?'


def test_of_two_files_of_one_id_the_first_counts(read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": PLAN, "more/maya.toml": another(4)})

    assert told(reading) == [
        'more/maya.toml:1:1: expected an id of its own, got "maya", which is in plans/maya.toml too'
    ]
    assert reading.plans["maya"].phone == "+447700900123"


def test_problems_come_by_file_line_and_column(read_files: Read) -> None:
    bad = 'timezone = "x"\nquiet = 1\nchannels = [1, 2]\n'

    problems = read_files({"plans/b.toml": bad, "plans/a.toml": bad}).problems

    places = [(problem.file, problem.line, problem.column) for problem in problems]
    assert places == sorted(places)
    assert {place[0] for place in places} == {"plans/a.toml", "plans/b.toml"}


def test_a_bad_file_stops_no_other(read_files: Read) -> None:
    reading = read_files({"plans/a.toml": "?", "plans/b.toml": PLAN})

    assert list(reading.plans) == ["b"]
    assert set(reading.files) == {"a", "b"}


def test_a_digest_changes_with_all_that_a_plan_is_made_of(read_files: Read) -> None:
    plan = 'extends = "week"\n' + PLAN
    week, base = "plans/shared/week.toml", "plans/shared/base.toml"
    before = read_files({"plans/maya.toml": plan, week: 'extends = "base"', base: "daily_limit = 3"})

    same = read_files({"plans/maya.toml": plan, week: 'extends = "base"', base: "daily_limit = 3"})
    own = read_files({"plans/maya.toml": plan + "#", week: 'extends = "base"', base: "daily_limit = 3"})
    shared = read_files({"plans/maya.toml": plan, week: '\nextends = "base"', base: "daily_limit = 3"})
    below = read_files({"plans/maya.toml": plan, week: 'extends = "base"', base: "daily_limit = 4"})

    assert before.digests == same.digests
    assert len({one.digests["maya"] for one in (before, own, shared, below)}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000 + "b = 1",
        "[" * 200_000,
        "x = " + "[" * 200_000,
        "x = " + "{a=" * 60_000,
        "x = 0x" + "f" * 200_000,
        "x = " + "9" * 200_000,
        'x = "' + "\\u0041" * 40_000 + '"',
        "".join(f"k{number} = 1\n" for number in range(8_000)),
        '[[nudge]]\nkind = "rest"\nat = "13:00"\n' * 6_000,
        '[[contact]]\nname = "x"\n' * 5_000,
        '[[nudge]]\nkind = "rest"\nat = [' + '"9:00",' * 15_000 + "]",
        PLAN + "message = '" + "{{ name }}" * 20_000 + "'",
        PLAN + "message = '" + "{% if name %}" * 15_000 + "'",
        PLAN + 'template = "' + "x" * 200_000 + '"',
        PLAN + 'contacts = "' + "x" * 200_000 + '"',
        'timezone = "' + "x/" * 100_000 + '"',
        'phone = "+' + "1" * 200_000 + '"',
        '[[nudge]]\nkind = "rest"\ncron = "' + "1," * 100_000 + '"',
        "".join(f'[[contact]]\nname = "x{n}"\n' for n in range(5_000))
        + PLAN
        + f"contacts = {['y'] * 20_000}",
        PLAN
        + "".join(f'[[contact]]\nname = "x{n}"\nemail = "a@x.org"\n' for n in range(100))
        + f"\n[[nudge]]\nkind = 'rest'\nat = '13:00'\ncontacts = {[f'xy{n}' for n in range(100)]}" * 99,
        "".join(
            f'[[nudge]]\nkind = "rest"\nbetween = "9:00-19:{n % 60:02}"\ntimes = 8\n' for n in range(100)
        ),
    ],
    ids=range(21),
)
def test_no_file_takes_long_or_raises(text: str, read_files: Read) -> None:
    begun = time.process_time()

    reading = read_files({"plans/maya.toml": text})

    assert any(problem.severity == "error" for problem in reading.problems)
    assert time.process_time() - begun < 5
