"""`nudger preview` of a few people: their days at a glance, the words, and what is not sent and why."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nudger.app.core import Core
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.domain.effects import Pause, Response
from tests.support.looking_ahead import MAYA, MONDAY, Here
from tests.support.worlds.delivery import World

KEYS = [
    "person",
    "nudge",
    "kind",
    "slot",
    "local_date",
    "local_time",
    "due_at",
    "channel",
    "text",
    "segments",
    "status",
    "reason",
]
UNASKED = MAYA.replace('consent = "2026-11-20, in person"\n', "")
CROWDED = """
timezone = "America/New_York"
phone = "+12025550123"
consent = "2026-11-20, in person"
daily_limit = 2
[[nudge]]
kind = "rest"
at = ["10:00", "14:30"]
days = ["mon", "tue"]
message = "Hey 🌱"
[[nudge]]
kind = "support"
between = "16:30-19:00"
days = ["mon", "sun"]
message = "Hello"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, monkeypatch, capsys)


def test_a_week_is_a_timetable_with_a_row_for_each_nudge_and_a_column_for_each_day(here: Here) -> None:
    here.write({"maya": MAYA})

    shown = here.preview("maya")

    assert shown.code == 0
    assert shown.line("Maya") == "Maya (maya), Europe/London, 23 Nov to 29 Nov 2026"
    assert "19 texts, 1 email\n" in shown.out
    head = " ".join(shown.line("Nov 2026").split())
    assert head == "Nov 2026 Mon 23 Tue 24 Wed 25 Thu 26 Fri 27 Sat 28 Sun 29"
    assert shown.line("rest").split() == ["rest", *["13:00"] * 5, "·", "·"]
    assert shown.line("reflection").split() == ["reflection", *"·····", "19:00", "·"]


def test_each_send_has_its_time_channel_segments_reason_and_words(here: Here) -> None:
    here.write({"maya": MAYA})

    lines = [line.rstrip() for line in here.preview("maya").out.splitlines()]

    at = lines.index("  13:00  rest        sms, 1 segment, its time")
    assert lines[at + 1] == "         Time for a cup of tea, Maya."
    at = lines.index("  19:00  reflection  email, its time")
    assert lines[at + 1] == "         Maya, one line about today?"
    assert sum("  stretch     sms, 1 segment, drawn for this day" in line for line in lines) == 14
    assert lines.index("Mon 23 Nov") < lines.index("Tue 24 Nov") < lines.index("Sat 28 Nov") < at


def test_what_is_not_sent_stands_in_brackets_and_its_reason_once_at_the_end(here: Here) -> None:
    here.write({"ana": CROWDED})

    shown = here.preview("ana")

    assert "5 texts; 1 not sent, in ( ): why is at the end" in shown.out
    assert shown.line("support").split() == ["support", "(-)", *"·····", shown.line("support").split()[-1]]
    assert shown.out.endswith(
        "\nNot sent\n  no room: the daily limit of 2 is reached\n         Mon 23 Nov support\n"
    )


def test_a_text_that_costs_more_than_one_segment_says_so(here: Here) -> None:
    here.write({"ana": CROWDED.replace("Hey 🌱", "Hey 🌱 " + "a" * 80)})

    shown = here.preview("ana")

    assert "5 texts (9 segments)" in shown.out
    assert shown.out.count("sms, 2 segments, its time") == 4


def test_without_consent_it_shows_who_is_asked_when_and_in_which_words(here: Here) -> None:
    here.write({"maya": UNASKED})

    shown = here.preview("maya")

    assert "Hi Maya, this is nudger." in shown.out
    assert "asks for consent, once; nothing else before YES" in shown.out
    assert "19 times from Mon 23 Nov" in shown.out
    assert "no consent on record for sms" in shown.out
    assert 'consent = "2026-11-20, in person"' in shown.out


def test_a_narrow_terminal_shows_some_days_at_a_time_and_loses_nothing(here: Here) -> None:
    here.write({"maya": MAYA})

    shown = here.preview("maya", width=40)

    timetable, words = shown.out.split("\nMon 23 Nov\n")
    heads = [line.split()[2:] for line in timetable.splitlines() if line.startswith("Nov 2026 ")]
    assert heads == [
        ["Mon", "23", "Tue", "24", "Wed", "25"],
        ["Thu", "26", "Fri", "27", "Sat", "28"],
        ["Sun", "29"],
    ]
    assert timetable.count("13:00") == 5
    assert "Time for a cup of tea, Maya." in words
    assert max(len(line.rstrip()) for line in shown.out.splitlines() if "sms" not in line) <= 40


def test_a_pipe_gets_no_colours_and_a_name_is_shown_as_it_is_written(here: Here) -> None:
    here.write({"maya": MAYA.replace('"Maya"', '"[red]Maya[/] \\\\"')})

    shown = here.preview("maya")

    assert "\x1b" not in shown.out
    assert shown.out.startswith("[red]Maya[/] \\ (maya), Europe/London")


def test_more_days_than_a_week_are_a_timetable_for_each_week(here: Here) -> None:
    here.write({"maya": MAYA})

    shown = here.preview("maya", "--days", "14")

    heads = [line.split()[:4] for line in shown.out.splitlines() if line.startswith(("Nov 2026", "Dec 2026"))]
    assert heads == [["Nov", "2026", "Mon", "23"], ["Nov", "2026", "Mon", "30"]]


def test_a_day_on_which_nothing_falls_is_said_in_words(here: Here) -> None:
    here.write({"ana": CROWDED})

    shown = here.preview("ana", "--days", "2", start="2026-11-25")

    assert "nothing falls on these days" in shown.out


def test_json_has_exactly_the_promised_keys_sorted_by_time_with_nulls_where_there_is_no_room(
    here: Here,
) -> None:
    here.write({"ana": CROWDED, "maya": MAYA})

    rows = here.preview("--json").json

    assert all(list(row) == KEYS for row in rows)
    due = [row["due_at"] for row in rows if row["due_at"] is not None]
    assert due == sorted(due)
    assert rows[0]["due_at"].endswith("+00:00")
    assert [row["person"] for row in rows if row["due_at"] is None] == ["ana"]
    roomless = rows[-1]
    assert [roomless[key] for key in ("local_time", "due_at", "channel", "text", "segments")] == [None] * 5
    assert (roomless["status"], roomless["local_date"], roomless["slot"]) == ("skip", MONDAY, 1)
    tea = next(row for row in rows if row["nudge"] == "rest" and row["person"] == "maya")
    assert tea == {
        "person": "maya",
        "nudge": "rest",
        "kind": "rest",
        "slot": 1,
        "local_date": MONDAY,
        "local_time": "13:00",
        "due_at": "2026-11-23T13:00:00+00:00",
        "channel": "sms",
        "text": "Time for a cup of tea, Maya.",
        "segments": 1,
        "status": "send",
        "reason": "its time",
    }


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-11-23T13:00", "13:00"),
        ("2026-11-23 13:00:01", None),
        ("2026-11-23T08:30-05:00", None),
        ("2026-11-23T07:00-05:00", "13:00"),
    ],
)
def test_a_time_stands_for_now_by_each_persons_own_clock_unless_it_names_a_zone(
    here: Here, start: str, first: str | None
) -> None:
    here.write({"maya": MAYA})

    rows = here.preview("--json", "--days", "1", start=start).json

    times = [row["local_time"] for row in rows if row["nudge"] == "rest"]
    assert times == ([first] if first else [])


def test_a_date_that_does_not_exist_begins_with_the_next_one_that_does(here: Here) -> None:
    here.write({"sina": MAYA.replace("Europe/London", "Pacific/Apia").replace('"weekdays"', '"daily"')})

    rows = here.preview("--json", "--days", "1", start="2011-12-30").json

    assert {row["local_date"] for row in rows} == {"2011-12-31"}


@pytest.mark.parametrize("when", ["soon", "2026-13-01", "2026-11-23T25:00", "9999-12-31", "0001-01-01"])
def test_a_from_that_is_no_time_is_refused_with_an_example(here: Here, when: str) -> None:
    here.write({"maya": MAYA})

    shown = here.preview(start=when)

    assert (shown.code, shown.out) == (2, "")
    assert 'expected a date or a time like "2026-11-23" or "2026-11-23T09:30"' in shown.err
    assert repr(when) in shown.err


def test_a_faulty_plan_is_reported_beside_the_others_and_asked_for_it_exits_with_three(here: Here) -> None:
    here.write({"maya": MAYA, "jonas": CROWDED.replace('"10:00"', '"10h"')})

    whole, good, faulty = here.preview("--json"), here.preview("maya", "--json"), here.preview("jonas")

    assert (whole.code, good.code, faulty.code, faulty.out) == (3, 0, 3, "")
    assert {row["person"] for row in whole.json} == {"maya"}
    assert 'jonas.toml:8:7: nudge "rest": at: expected a time like "09:30", got "10h"' in whole.err


def test_nobody_of_that_name_and_no_folder_are_said_in_one_line(here: Here) -> None:
    here.write({"maya": MAYA})

    nobody, nowhere = here.preview("mia"), here.preview(PLANS_DIR="nowhere")

    assert (nobody.code, nowhere.code) == (2, 3)
    assert "is named 'mia'" in nobody.err
    assert "Did you mean maya?" in nobody.err
    assert "NUDGER_PLANS_DIR: expected a folder with plans, found nothing at" in nowhere.err


def test_for_a_name_that_nobody_has_no_plan_is_read_and_those_around_it_are_told(here: Here) -> None:
    roster = "id,name,timezone,email\n" + "".join(
        f"p{number:03},P,UTC,p{number}@example.org\n" for number in range(300)
    )
    here.write({"maya": MAYA, "jonas": CROWDED.replace('"10:00"', '"10h"')})
    (here.folder / "plans" / "study.csv").write_text(roster)

    misspelt, far_off = here.preview("mya"), here.preview("zzz")

    assert (misspelt.code, far_off.code) == (2, 2)
    assert "jonas.toml" not in misspelt.err
    assert "Did you mean maya?" in misspelt.err
    assert "Near it stand: p290, p291, p292," in far_off.err


def test_an_empty_folder_is_said_in_words(here: Here) -> None:
    here.write({})

    shown = here.preview()

    assert shown.code == 0
    assert shown.out.startswith("No plans to preview in ")


def test_what_the_database_knows_of_a_person_is_seen(here: Here) -> None:
    here.write({"maya": MAYA})
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    core = Core(load(None, {"HOME": str(here.folder), "XDG_STATE_HOME": str(here.folder)}, here.folder))
    store = open_database(core)
    World(core, store).load(maya=MAYA)
    until = datetime(2026, 11, 25, 9, tzinfo=UTC)
    store.inbound.act("maya", now, lambda _: Response("pause", None, (Pause(until),)), "pause")
    store.close()

    shown = here.preview("maya", start="2026-11-23T09:00")

    assert shown.line("rest").split() == ["rest", "(13:00)", "(13:00)", *["13:00"] * 3, "·", "·"]
    assert "13 texts, 1 email; 6 not sent" in shown.out
    assert "\nNot sent\n  paused until 2026-11-25 09:00\n" in shown.out


def test_to_someone_who_has_erased_themselves_nothing_is_foreseen(here: Here) -> None:
    here.write({"maya": MAYA})
    core = Core(load(None, {"HOME": str(here.folder), "XDG_STATE_HOME": str(here.folder)}, here.folder))
    store = open_database(core)
    World(core, store).load(maya=MAYA)
    store.people.forget("maya")
    store.close()

    shown = here.preview("maya", start="2026-11-23T09:00")

    why = "this person's data was erased: nothing is sent to them while this plan is there"
    assert f"\nNot sent\n  {why}\n" in shown.out


def test_a_preview_makes_no_database(here: Here) -> None:
    here.write({"maya": MAYA})

    here.preview()

    assert [path.name for path in here.folder.iterdir()] == ["plans"]


def test_a_long_preview_shows_how_far_it_is_in_a_terminal_and_nowhere_else(here: Here) -> None:
    here.write(here.crowd(7))
    command = [sys.executable, "-m", "nudger", "preview", "--days", "300", "--from", MONDAY, "--json"]
    environment = {**os.environ, "HOME": str(here.folder), "TERM": "xterm", "COLUMNS": "80"}
    master, slave = pty.openpty()

    with os.fdopen(slave, "wb") as terminal, (here.folder / "out").open("wb") as out:
        process = subprocess.Popen(command, cwd=here.folder, env=environment, stdout=out, stderr=terminal)
    seen = b"".join(_until_closed(master))

    assert process.wait(60) == 0
    assert b"Looking ahead" in seen
    assert (here.folder / "out").read_text().count('"send"') == 2100
    assert "Looking" not in (here.folder / "out").read_text()


def _until_closed(master: int) -> Iterator[bytes]:
    """What is written to the terminal's other end; Linux ends it with EIO."""
    with os.fdopen(master, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while read := terminal.read(4096):
            yield read
