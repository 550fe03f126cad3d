"""Plans with mistakes made at random: never an exception, never a hang, never an unknown key let through."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nudger.domain.model import At, Between, History
from nudger.plans import Facts, ParsedPlans
from nudger.plans.parse import keys
from nudger.schedule import lay_out

Read = Callable[..., ParsedPlans]
PLANS = Path(__file__).parents[2] / "plans"
SHARED = {"plans/shared/gentle-week.toml": (PLANS / "shared" / "gentle-week.toml").read_text("utf-8")}
VALID = [(PLANS / name).read_text("utf-8") for name in ("maya.toml", "jonas.toml")]
PIECES = [
    *"[]{}\"'=#.,\n\t\\ \r\x00\ufeffé🙂",
    '"""',
    "'''",
    "[[nudge]]",
    "[nudge]",
    "[[contact]]",
    "\nkind = ",
    '\nkind = "rest"\n',
    '\nat = "13:00"\n',
    '\nbetween = "10:00-11:00"\n',
    '\ncron = "*/7 * * * *"\n',
    "\ntimes = 8\n",
    '\nevery = "2 days"\n',
    '\ndays = ["sat"]\n',
    "\nstarts = 2026-12-24\n",
    "\nends = 2026-12-24\n",
    '\nquiet = "none"\n',
    '\nmessage = "{{ contact.name }}"\n',
    '\nextends = "gentle-week"\n',
    "\nx = [[[]]]\n",
    "\nnudge.x = 1\n",
    "true",
    "-1",
    "1e400",
    "nan",
    "0x" + "f" * 5000,
    "9" * 5000,
    "2026-12-01T10:00:00Z",
    "\\ud800",
    "{{ name }}",
    "{% for",
]

WEIRD = [
    "0x" + "f" * 5000,
    "-9223372036854775808",
    "1e400",
    "nan",
    "true",
    "[[], {}]",
    "{ a = { b = 1 } }",
    "1979-05-27T07:32:00.999999-07:00",
    "00:32:00.999999",
    "0001-01-01T00:00:00",
    '"\\u0000"',
    '"\\u2028\\u202e"',
    '"""\n\n"""',
]


@st.composite
def mutated(draw: Any) -> str:
    """A valid plan with pieces taken out, put in, swapped and repeated."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 5))):
        at, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        match draw(st.sampled_from(("insert", "delete", "replace", "repeat", "lines"))):
            case "insert":
                text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
            case "delete":
                text = text[:at] + text[min(end, at + 20) :]
            case "replace":
                text = text[:at] + draw(st.sampled_from(PIECES)) + text[min(end, at + 10) :]
            case "repeat":
                text = text[:end] + text[at:end] + text[end:]
            case "lines":
                lines = text.split("\n")
                lines.insert(at % len(lines), lines.pop(end % len(lines)))
                text = "\n".join(lines)
    return text


def unknown_keys(data: dict[str, Any]) -> set[str]:
    found = data.keys() - keys.PLAN.keys() - keys.TABLES.keys()
    for name, known in keys.TABLES.items():
        tables = data.get(name, [])
        for table in [tables] if isinstance(tables, dict) else tables if isinstance(tables, list) else []:
            found |= table.keys() - known.keys() if isinstance(table, dict) else set()
    return set(found)


@settings(max_examples=300, deadline=timedelta(seconds=3))
@given(text=mutated())
@example(text="")
def test_any_mistake_is_told_and_none_is_let_through(text: str, facts: Facts, read_files: Read) -> None:
    data = text.encode("utf-8", "surrogatepass")

    reading = read_files({"plans/maya.toml": data, **SHARED})

    lines = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")
    own = [problem for problem in reading.problems if problem.file == "plans/maya.toml"]
    for problem in own:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message.isprintable()
    errors = [problem for problem in own if problem.severity == "error"]
    assert ("maya" in reading.plans) == (not errors)
    assert list(reading.files) == ["maya"]
    try:
        parsed = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, ValueError):
        assert errors
        return
    told = " ".join(problem.message for problem in errors)
    for name in unknown_keys(parsed):
        assert "unknown key" in told
        assert keys_shown(name) in told


@pytest.mark.parametrize("value", WEIRD, ids=range(len(WEIRD)))
def test_no_value_of_any_key_breaks_reading(value: str, read_plan: Read) -> None:
    for table, known in {"": keys.PLAN, **keys.TABLES}.items():
        for name in known:
            text = f"[[{table}]]\n{name} = {value}\n" if table else f"{name} = {value}\n"

            reading = read_plan(text, head="")

            fits = value in ("true", "false") and known[name].form.schema.get("type") == "boolean"
            told = [problem for problem in reading.problems if problem.where.endswith(name)]
            assert told or fits, (name, value)


def keys_shown(name: str) -> str:
    return name if name.isascii() and name.isprintable() and len(name) < 40 and '"' not in name else ""


@settings(max_examples=200, deadline=timedelta(seconds=3))
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_as_a_plan_a_shared_plan_and_a_roster(data: bytes, read_files: Read) -> None:
    roster = b"id,name,timezone,phone,channels,daily_limit,extends\n" + data

    reading = read_files(
        {
            "plans/maya.toml": data,
            "plans/shared/week.toml": data,
            "plans/raw.csv": data,
            "plans/people.csv": roster,
            "plans/jo.toml": 'extends = "week"\n',
        }
    )

    assert {"maya", "jo"} <= reading.files.keys()
    assert "maya" not in reading.plans


NUDGE_LINES = st.one_of(
    st.sampled_from(['at = "09:00"', 'at = "13:00"', 'at = ["12:00", "16:30"]', 'cron = "15 18 * * sat"']),
    st.sampled_from(['between = "10:00-17:00"', 'between = "17:00-19:59"\ntimes = 2']),
).flatmap(
    lambda when: st.lists(
        st.sampled_from(
            [
                'days = "weekdays"',
                'every = "2 days"',
                "starts = 2026-12-01",
                "ends = 2027-01-31",
                'message = "{{ name }}, {{ part_of_day }} on {{ weekday }}?"',
                'message = "{% if kind %}{{ snooze }}{% endif %}"',
                'expires = "2h"',
                'channels = "sms"',
            ]
        ),
        unique_by=lambda line: line.split(" =")[0],
        max_size=4,
    ).map(lambda others: "\n".join((when, *others)))
)


@settings(max_examples=100, deadline=timedelta(seconds=3))
@given(
    nudges=st.lists(
        st.tuples(st.sampled_from(["rest", "care", "support"]), NUDGE_LINES), min_size=1, max_size=4
    ),
    top=st.lists(
        st.sampled_from(['quiet = "none"', 'gap = "1h"', "daily_limit = 8", 'email = "m@x.org"']),
        unique=True,
    ),
)
def test_a_plan_without_errors_can_be_laid_out_and_worded(
    nudges: list[tuple[str, str]], top: list[str], facts: Facts, read_plan: Read
) -> None:
    text = "\n".join(top) + "".join(f'\n\n[[nudge]]\nkind = "{kind}"\n{lines}' for kind, lines in nudges)

    reading = read_plan(text)

    for plan in reading.plans.values():
        zone = facts.zone(plan.timezone)
        assert zone is not None
        assert all(plan.address(channel) for channel in plan.channels)
        for ahead in range(7):
            day = facts.today + timedelta(days=ahead)
            slots = lay_out(plan, day, "nudger", zone)
            assert sum(slot.due_at is not None for slot in slots) <= plan.daily_limit
            fixed = {nudge.id for nudge in plan.nudges if isinstance(nudge.when, At)}
            assert all(slot.due_at is not None for slot in slots if slot.nudge in fixed)
        for nudge in plan.nudges:
            worded = facts.wording.nudge(
                plan,
                nudge,
                local_date=facts.today,
                slot=1,
                round=0,
                local_now=datetime(2026, 11, 23, 12, tzinfo=UTC),
                history=History(),
                seed="nudger",
            )
            assert worded.text
    if not reading.plans:
        assert any(problem.severity == "error" for problem in reading.problems)
    assert all(
        not isinstance(nudge.when, Between) or nudge.when.window.start < nudge.when.window.end
        for plan in reading.plans.values()
        for nudge in plan.nudges
    )


def test_the_plans_that_the_mistakes_are_made_in_are_right(read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": VALID[0], "plans/jonas.toml": VALID[1], **SHARED})

    assert reading.problems == ()
    assert sorted(reading.plans) == ["jonas", "maya"]
    assert {nudge.when.__class__.__name__ for plan in reading.plans.values() for nudge in plan.nudges} == {
        "At",
        "Between",
        "Cron",
    }
