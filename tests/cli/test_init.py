"""`nudger init`: answers as people type them, and what is written for them."""

import contextlib
import itertools
import os
import pty
import select
import stat
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nudger import plans
from nudger.app.settings import load
from nudger.cli.init.writing import COMFORTABLE, USUAL, FirstPlan, Place, Wish, spread
from nudger.plan_sync.files import bundled
from nudger.plans import PlanSource
from tests.support.commands import Typed
from tests.support.doubles.ordinary import as_an_ordinary_user
from tests.support.running import environment

ANSWERS = {
    "name": "Maya",
    "timezone": "Europe/London",
    "language": "",
    "phone": "+44 7700 900123",
    "email": "",
    "consent": "2026-11-20, in person",
    "quiet": "",
    "kinds": "",
    "rest": "",
    "movement": "",
}
FLAGS = ("--yes", "--name", "Maya", "--timezone", "Europe/London", "--phone", "+447700900123")
CTRL_C = b"\x03"
# Takes the terminal for its own, so that Ctrl-C becomes a signal, and turns into Python with these arguments.
IN_A_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background was told to ignore it
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
CONSENT = ("--consent", "2026-11-20, in person")


def typed(**changes: str) -> str:
    """Answers, a line each; `changes` may hold several lines, as after a wrong answer."""
    return "".join(f"{answer}\n" for answer in (ANSWERS | changes).values())


def plan(folder: Path, person: str = "maya") -> dict[str, Any]:
    return tomllib.loads((folder / "plans" / f"{person}.toml").read_text())


def everything(folder: Path) -> dict[str, str]:
    return {str(one): one.read_text() if one.is_file() else "" for one in folder.rglob("*")}


def test_a_few_answers_make_a_plan_that_passes_its_check(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", typed=typed())

    assert code == 0, said
    assert plan(folder) == {
        "name": "Maya",
        "timezone": "Europe/London",
        "language": "en",
        "phone": "+447700900123",
        "quiet": "20:00-09:00",
        "daily_limit": 3,
        "gap": "2h",
        "back_off": "gentle",
        "consent": "2026-11-20, in person",
        "nudge": [
            {"kind": "rest", "at": "13:00", "days": "daily"},
            {"kind": "movement", "between": "10:00-17:00", "days": "daily"},
        ],
    }
    assert nudger("check", "--strict") == (0, "1 plan, no problems.\n")


def test_it_ends_with_the_days_to_come_and_what_to_type_next(folder: Path, nudger: Typed) -> None:
    _, said = nudger("init", "home-care", typed=typed())

    assert "Maya (maya), Europe/London" in said
    assert said.count("13:00") >= 6
    assert f"cd {folder}/home-care\n  nudger run\n" in said
    assert "Nothing leaves this machine yet" in said
    assert "http://127.0.0.1:8080/phone" in said


def test_the_settings_are_for_one_pair_of_eyes_and_send_nothing(folder: Path, nudger: Typed) -> None:
    nudger("init", typed=typed())

    file = folder / "settings.env"
    settings = load(None, {"HOME": str(folder)}, folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (settings.file, settings.sms, settings.email) == (file, "phone", "phone")
    assert settings.warnings == ()
    assert str(bundled("settings.example.env")) in file.read_text()
    assert not stat.S_IMODE((folder / "plans" / "maya.toml").stat().st_mode) & stat.S_IRWXO


def test_the_plan_names_the_schema_that_is_written_beside_its_folder(folder: Path, nudger: Typed) -> None:
    nudger("init", typed=typed())

    first = (folder / "plans" / "maya.toml").read_text().splitlines()[0]
    assert first == "#:schema ../plan.schema.json"
    assert (folder / "plan.schema.json").read_text() == nudger("schema")[1]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": "\nMaya"}, "this one is needed"),
        ({"timezone": "Londn\nEurope/London"}, 'got "Londn"; did you mean "Europe/London"?'),
        ({"timezone": "EST\nEurope/London"}, 'did you mean "America/New_York"?'),
        ({"language": "english\nen"}, 'did you mean "en"?'),
        ({"phone": "07700 900123\n+447700900123"}, 'expected a phone number like "+447700900123"'),
        ({"email": "maya@\n"}, 'expected an email address like "maya@example.org"'),
        ({"quiet": "8pm-9am\n"}, 'expected quiet hours like "20:00-09:00"'),
        ({"kinds": "rest, walk\n"}, 'got "walk"; did you mean "movement"?'),
        ({"rest": "8h30\n"}, 'expected a time like "09:30", got "8h30"'),
        ({"rest": "21:00\n"}, "expected a time outside quiet hours (20:00-09:00)"),
        ({"movement": "17:00-10:00\n"}, "17:00-10:00"),
        ({"name": "\x1b[31m\nMaya"}, "expected a line of text"),
    ],
)
def test_a_wrong_answer_is_told_what_was_expected_and_asked_for_again(
    folder: Path, nudger: Typed, wrong: dict[str, str], expected: str
) -> None:
    code, said = nudger("init", typed=typed(**wrong))

    assert code == 0, said
    assert expected in said
    assert "quotes" not in said
    assert plan(folder)["nudge"][0]["at"] == "13:00"


def test_the_zone_of_this_machine_is_offered(folder: Path, nudger: Typed) -> None:
    _, said = nudger("init", typed=typed(timezone=""))

    assert "Time zone [Europe/Berlin]" in said
    assert plan(folder)["timezone"] == "Europe/Berlin"


def test_a_machine_on_utc_is_doubted(folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")

    _, said = nudger("init", typed=typed())

    assert "This machine runs on UTC" in said
    assert "Time zone [UTC]" in said


def test_the_language_of_this_terminal_is_offered(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "es_MX.UTF-8")

    nudger("init", typed=typed())

    assert plan(folder)["language"] == "es"


def test_without_a_phone_an_email_is_needed_and_the_country_is_asked_for(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", typed=typed(phone="", email="\nmaya@example.org\nuk\nGB"))

    assert code == 0, said
    assert "this one is needed" in said
    assert 'did you mean "GB"?' in said
    assert (plan(folder)["email"], plan(folder)["country"]) == ("maya@example.org", "GB")
    assert "phone" not in plan(folder)


def test_without_consent_it_says_what_follows_and_leaves_the_line_to_fill_in(
    folder: Path, nudger: Typed
) -> None:
    _, said = nudger("init", typed=typed(consent=""))

    assert "consent" not in plan(folder)
    assert '#consent = "2026-11-20, in person"' in (folder / "plans" / "maya.toml").read_text()
    assert "nudger asks Maya once, and sends nothing else before they say YES" in said
    assert "As it will be once Maya has agreed" in said
    assert nudger("check", "--strict")[0] == 0


def test_a_usual_time_in_quiet_hours_is_not_offered(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", typed=typed(quiet="12:00-16:00", rest="13:00\n11:00", movement="16:00-20:00"))

    assert code == 0, said
    assert "[13:00]" not in said
    assert "outside quiet hours (12:00-16:00)" in said
    assert plan(folder)["nudge"][0]["at"] == "11:00"


def test_a_phone_number_of_somebody_else_is_refused_as_it_is_typed(folder: Path, nudger: Typed) -> None:
    nudger("init", typed=typed())

    code, said = nudger("init", typed=typed(name="Jonas", phone="+447700900123\n+447700900124"))

    assert code == 0, said
    assert "maya" in said.split("Phone number")[1]
    assert plan(folder, "jonas")["phone"] == "+447700900124"
    assert nudger("check", "--strict")[0] == 0


# --- what is there stays ---------------------------------------------------------------------------
def test_a_plan_that_is_there_is_kept_and_another_name_is_offered(folder: Path, nudger: Typed) -> None:
    nudger("init", typed=typed())
    before = everything(folder)

    code, said = nudger("init", typed=typed(name="Maya\n", phone="+447700900124"))

    assert code == 0, said
    assert "maya.toml has a plan of the name maya already, and it stays as it is" in said
    assert "Another name for this plan's file [maya-2]" in said
    assert plan(folder, "maya-2")["phone"] == "+447700900124"
    assert before.items() <= everything(folder).items()
    assert "settings.env was there, and stays as it is" in said


def test_a_name_that_is_taken_cannot_be_typed_either(folder: Path, nudger: Typed) -> None:
    nudger("init", typed=typed())

    code, said = nudger("init", typed=typed(name="Maya\nmaya\nMaya B\nmaya-b", phone="+447700900124"))

    assert code == 0, said
    assert 'did you mean "maya-b"?' in said
    assert (folder / "plans" / "maya-b.toml").exists()


def test_a_person_of_a_roster_keeps_their_id(folder: Path, nudger: Typed) -> None:
    (folder / "plans").mkdir()
    (folder / "plans" / "group.csv").write_text("id,timezone,phone\nmaya,Europe/London,+447700900124\n")

    code, said = nudger("init", *FLAGS)

    assert code == 2
    assert "group.csv has a plan of the name maya already" in said
    assert "--id maya-2" in said


def test_settings_that_are_there_say_where_plans_go(folder: Path, nudger: Typed) -> None:
    (folder / "settings.env").write_text("NUDGER_PLANS_DIR=people\n")

    code, _ = nudger("init", *FLAGS)

    assert code == 0
    assert (folder / "people" / "maya.toml").exists()
    assert (folder / "settings.env").read_text() == "NUDGER_PLANS_DIR=people\n"
    assert nudger("check", "--strict")[0] == 0


def test_nobody_to_answer_is_told_of_the_flags_and_nothing_is_written(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", "new", typed="Maya\n")

    assert code == 2
    assert "--timezone: there is nobody to answer; nothing was written" in said
    assert "nudger init --yes" in said
    assert everything(folder) == {}


def test_ctrl_c_leaves_nothing_behind(folder: Path) -> None:
    ours, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, "-W", "error", "-m", "nudger", "init", "new"],
        cwd=folder,
        env=environment(folder.parent / "home", {}) | {"TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)

    shown = until(ours, b": ")  # a question stands there
    os.write(ours, CTRL_C)
    shown += until(ours, None, again=CTRL_C)

    assert process.wait(timeout=30) == 130
    assert b"Nothing was written." in shown
    assert b"Traceback" not in shown
    assert everything(folder) == {}


def until(terminal: int, words: bytes | None, again: bytes = b"") -> bytes:
    """What a terminal shows, up to these words; without any, up to the end. Where nothing comes, `again`
    is typed. RACE: a signal right before Python begins to read is seen only after the read."""
    shown = b""
    with contextlib.suppress(OSError):  # Linux's way to say that nobody is at the other end
        while words is None or words not in shown:
            while not select.select([terminal], [], [], 60 if not again else 5)[0]:
                assert again, f"nothing more was shown after {shown!r}"
                os.write(terminal, again)
            if not (more := os.read(terminal, 1000)):
                break
            shown += more
    return shown


def test_what_cannot_be_written_leaves_nothing_half_written(folder: Path, nudger: Typed) -> None:
    (folder / "plans").write_text("not a folder")

    code, said = nudger("init", *FLAGS)

    assert code == 2
    assert "maya.toml cannot be written" in said
    assert [one.name for one in folder.iterdir()] == ["plans"]


@pytest.mark.parametrize("target", ["file", "file/below"])
def test_a_file_is_no_folder(folder: Path, nudger: Typed, target: str) -> None:
    (folder / "file").write_text("")

    code, said = nudger("init", target, *FLAGS)

    assert code == 2
    assert f"FOLDER: expected a folder, got {folder / target}" in said


def test_a_folder_that_may_not_be_written_is_told_before_any_question(folder: Path, nudger: Typed) -> None:
    with as_an_ordinary_user() as theirs:
        theirs.chmod(0o500)
        code, said = nudger("init", str(theirs / "new"), typed=typed())

    assert code == 2
    assert said.startswith(f"FOLDER: this user may not write to {theirs}\n")


# --- for scripts -------------------------------------------------------------------------------------
def test_flags_answer_everything(folder: Path, nudger: Typed) -> None:
    kinds = ("--kinds", "rest=12:30, support, movement=11:00-17:00", "--quiet", "none", "--language", "fr")

    code, said = nudger("init", *FLAGS, *CONSENT, *kinds, "--email", "maya@example.org", "--id", "maya-k")

    assert code == 0, said
    made = plan(folder, "maya-k")
    assert made["nudge"] == [
        {"kind": "rest", "at": "12:30", "days": "daily"},
        {"kind": "support", "at": USUAL["support"], "days": "daily"},
        {"kind": "movement", "between": "11:00-17:00", "days": "daily"},
    ]
    assert (made["quiet"], made["language"], made["email"]) == ("none", "fr", "maya@example.org")
    assert nudger("check")[0] == 0


def test_a_kind_may_come_more_than_once_and_at_several_times(folder: Path, nudger: Typed) -> None:
    nudger("init", *FLAGS, *CONSENT, "--kinds", "rest=10:00, rest=16:00 movement = 12:00-14:00")

    assert [nudge["kind"] for nudge in plan(folder)["nudge"]] == ["rest", "rest", "movement"]
    assert nudger("check", "--strict")[0] == 0


def test_an_answer_in_quotes_is_taken_without_them(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", typed=typed(name='"Maya"', phone="'+447700900123'"))

    assert code == 0, said
    assert (plan(folder)["name"], plan(folder)["phone"]) == ("Maya", "+447700900123")


def test_flags_without_yes_are_not_asked_for(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", *FLAGS[1:], *CONSENT, typed="\n" * 6)

    assert code == 0, said
    assert "Time zone" not in said
    assert "Quiet hours" in said
    assert plan(folder)["timezone"] == "Europe/London"


def test_yes_names_every_flag_that_is_missing_at_once(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", "--yes")

    assert code == 2
    for flag in ("--name: ", "--timezone: ", "--phone or --email: "):
        assert flag in said
    assert everything(folder) == {}


def test_every_flag_that_is_wrong_is_named_at_once(folder: Path, nudger: Typed) -> None:
    wrong = (
        "--timezone",
        "Londn",
        "--phone",
        "0770",
        "--kinds",
        "rest=25:00",
        "--quiet",
        "8",
        "--id",
        "Maya K",
    )

    code, said = nudger("init", "--yes", "--name", "Maya", *wrong)

    assert code == 2
    for words in ('did you mean "Europe/London"?', "--phone: ", "--kinds: ", "--quiet: ", 'mean "maya-k"?'):
        assert words in said
    assert everything(folder) == {}


def test_a_time_that_does_not_fit_is_named_with_its_kind(folder: Path, nudger: Typed) -> None:
    code, said = nudger("init", *FLAGS, "--kinds", "rest=21:00")

    assert code == 2
    assert "--kinds: rest: expected a time outside quiet hours" in said
    assert "rest=17:00" in said
    assert everything(folder) == {}


def test_a_plan_that_is_there_stops_a_script(folder: Path, nudger: Typed) -> None:
    nudger("init", *FLAGS)
    before = everything(folder)

    code, said = nudger("init", *FLAGS[:-1], "+447700900124")

    assert code == 2
    assert "Give this plan another name: --id maya-2" in said
    assert everything(folder) == before


def test_a_settings_file_of_another_name_is_refused(folder: Path, nudger: Typed) -> None:
    code, said = nudger("--settings", "other.env", "init", *FLAGS)

    assert code == 2
    assert "--settings" in said


@pytest.mark.parametrize(
    "name", ['Maya "Moo" O\'Neill', "Zoë \\ Ø", "明日香", "Anne-Marie", "x" * 100, "true", "1"]
)
def test_every_name_is_written_as_it_is(folder: Path, nudger: Typed, name: str) -> None:
    code, said = nudger("init", "--yes", "--name", name, *FLAGS[3:], *CONSENT)

    assert code == 0, said
    (file,) = (folder / "plans").iterdir()
    assert tomllib.loads(file.read_text())["name"] == name
    assert nudger("check")[0] == 0


def test_usual_times_leave_each_other_room(tmp_path: Path) -> None:
    place = Place(tmp_path, datetime(2026, 11, 23, tzinfo=UTC))
    base = FirstPlan("maya", "Maya", "Europe/London", phone="+447700900123")
    faults = {}
    for size in (1, 2, 3, 4, 6, 9):
        for kinds in itertools.islice(itertools.combinations(USUAL, size), 84):
            wishes = tuple(Wish(kind, USUAL[kind], days) for kind, days in spread(kinds))
            made = replace(base, wishes=wishes)
            source = PlanSource("maya.toml", made.toml.encode())
            if found := plans.read([source], place.core.facts(place.now)).problems:
                faults[kinds] = found

    assert faults == {}


def test_many_kinds_take_turns_so_that_no_day_has_more_than_three(folder: Path, nudger: Typed) -> None:
    nudger("init", *FLAGS, *CONSENT, "--kinds", ", ".join(USUAL))

    nudges = plan(folder)["nudge"]
    assert nudger("check", "--strict") == (0, "1 plan, no problems.\n")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        assert sum(day in nudge["days"] for nudge in nudges) in (COMFORTABLE - 1, COMFORTABLE)
    assert all(len(nudge["days"]) in (2, 3) for nudge in nudges if nudge["kind"] != "care")


@pytest.mark.parametrize("kinds", ["care", "rest, care", ", ".join(USUAL)])
def test_care_comes_once_a_week(folder: Path, nudger: Typed, kinds: str) -> None:
    nudger("init", *FLAGS, *CONSENT, "--kinds", kinds)

    (care,) = (nudge for nudge in plan(folder)["nudge"] if nudge["kind"] == "care")
    assert len(care["days"]) == 1
