"""`nudger preview` of a whole folder: sends per hour, and whether the budget carries the peaks."""

from pathlib import Path

import pytest

from tests.support.looking_ahead import MAYA, PLAIN, Here

NEW_YORK = PLAIN.replace("Europe/London", "America/New_York")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, monkeypatch, capsys)


def test_more_than_five_people_are_shown_as_sends_per_hour_in_the_zone_of_most(here: Here) -> None:
    west = {
        f"w{name}": text.replace("+4477009", "+4477008") for name, text in here.crowd(3, NEW_YORK).items()
    }
    here.write(here.crowd(7) | west)

    shown = here.preview("--days", "3", width=80)

    assert shown.code == 0
    assert shown.out.startswith("10 people, 23 Nov to 25 Nov 2026: 30 texts (30 segments)\n")
    assert "by the clock of Europe/London, where 7 of the 10 live:" in shown.out
    assert shown.line("13:00").split()[:4] == ["13:00", "7", "7", "7"]
    assert shown.line("18:00").split()[:4] == ["18:00", "3", "3", "3"]
    assert shown.line("15:00").split() == ["15:00", "·", "·", "·"]


def test_the_busiest_hour_has_the_longest_bar(here: Here) -> None:
    west = {
        f"w{name}": text.replace("+4477009", "+4477008") for name, text in here.crowd(3, NEW_YORK).items()
    }
    here.write(here.crowd(6) | west)

    shown = here.preview("--days", "3", width=80)

    assert shown.line("13:00").count("█") == 2 * shown.line("18:00").count("█") > 0


def test_five_people_are_shown_one_by_one_and_so_is_anyone_asked_for(here: Here) -> None:
    here.write(here.crowd(6))

    six, one = here.preview(), here.preview("p0003")
    (here.folder / "plans" / "p0000.toml").unlink()
    five = here.preview()

    assert six.out.count("sms, 1 segment, its time") == 0
    assert one.out.count("sms, 1 segment, its time") == 7
    assert five.out.count("sms, 1 segment, its time") == 35


def test_a_peak_that_the_budget_carries_says_how_long_the_last_one_waits(here: Here) -> None:
    here.write(here.crowd(60))

    shown = here.preview("--days", "1", SMS_PER_SECOND="0.1", width=200)

    assert "At 0.1 segments a second, every text goes out in time; " in shown.out
    assert "; the longest wait is 10 min (Mon 23 Nov 13:00).\n" in shown.out
    assert "!" not in shown.out


def test_a_peak_that_the_budget_does_not_carry_is_a_warning_with_what_to_do(here: Here) -> None:
    here.write(here.crowd(60))

    shown = here.preview("--days", "2", SMS_PER_SECOND="0.02", width=200)

    assert shown.code == 0
    assert (
        "At 0.02 segments a second (NUDGER_SMS_PER_SECOND), 46 texts would expire before their turn and not "
        "be sent:" in shown.out
    )
    assert "  Mon 23 Nov 13:00 to 13:30  60 texts (60 segments), 23 of them missed\n" in shown.out
    assert "  Tue 24 Nov 13:00 to 13:30  60 texts (60 segments), 23 of them missed\n" in shown.out
    assert (
        "What helps: spread them, with `between` in place of `at`, over windows of at least 50 min; or set "
        "NUDGER_SMS_PER_SECOND to 1 or more, if your number may send so fast." in shown.out
    )
    assert "more than the budget carries has a !" in shown.out
    assert shown.line("13:00").split()[1:3] == ["60!", "60!"]


def test_what_the_warning_advises_helps(here: Here) -> None:
    spread = PLAIN.replace('at = "13:00"', 'between = "13:00-13:50"')
    here.write(here.crowd(60, spread))

    wider = here.preview("--days", "1", SMS_PER_SECOND="0.02")
    here.write(here.crowd(60))
    faster = here.preview("--days", "1", SMS_PER_SECOND="1")

    assert "would expire" not in wider.out + faster.out


def test_emails_take_nothing_of_the_budget(here: Here) -> None:
    mails = {
        name: text.replace("phone", f'email = "{name}@example.org"\nchannels = "email"\nphone')
        for name, text in here.crowd(60).items()
    }
    here.write(mails)

    shown = here.preview("--days", "1", SMS_PER_SECOND="0.02")

    assert shown.out.startswith("60 people, Mon 23 Nov 2026: 60 emails\n")
    assert "a second" not in shown.out


def test_what_is_not_sent_is_counted_by_reason_and_people(here: Here) -> None:
    unasked = here.crowd(4, PLAIN.replace("consent", "# consent"), "u", area=80)
    here.write(here.crowd(6) | unasked)

    shown = here.preview()

    assert "46 texts (50 segments), 28 not sent" in shown.out
    assert "     28  no consent on record for sms (4 people)\n" in shown.out


def test_many_days_are_shown_by_the_day_of_the_week_with_the_busiest_of_each(here: Here) -> None:
    once = PLAIN.replace('at = "13:00"', 'at = "13:00"\nstarts = 2026-12-07\nends = 2026-12-08')
    here.write(here.crowd(6) | here.crowd(5, once, "o", area=80))

    shown = here.preview("--days", "21", width=80)

    assert "of each day of the week the busiest" in shown.out.replace("\n", " ")
    assert "Mon     Tue     Wed     Thu     Fri     Sat     Sun" in shown.out
    assert shown.line("13:00").split()[1:8] == ["11", "11", "6", "6", "6", "6", "6"]


def test_a_narrow_terminal_shows_some_days_at_a_time(here: Here) -> None:
    here.write(here.crowd(6))

    shown = here.preview(width=40)

    rows = [line.split() for line in shown.out.splitlines() if line.startswith("13:00")]
    assert [row[1:] for row in rows] == [["6"] * 4, ["6"] * 3]
    assert max(len(line.rstrip()) for line in shown.out.splitlines()[1:]) <= 40


def test_json_of_a_folder_is_every_row(here: Here) -> None:
    here.write(here.crowd(8) | {"maya": MAYA.replace("0123", "9999")})

    rows = here.preview("--json").json

    assert len(rows) == 8 * 7 + 20
    assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)
