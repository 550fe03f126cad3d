"""Every form that a key of a plan can have, and what it yields."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from nudger.domain.model import (
    At,
    Between,
    ChannelName,
    Contact,
    Cron,
    Every,
    Kind,
    Nudge,
    OnDays,
    Plan,
    Window,
)
from nudger.plans import ParsedPlans

Read = Callable[..., ParsedPlans]
REST = '\n[[nudge]]\nkind = "rest"\n'
AT_ONE = REST + 'at = "13:00"\n'


def plan_of(reading: ParsedPlans) -> Plan:
    assert reading.problems == ()
    return reading.plans["maya"]


def nudge_of(reading: ParsedPlans) -> Nudge:
    return plan_of(reading).nudges[0]


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ('at = "09:30"', (time(9, 30),)),
        ('at = "9:30"', (time(9, 30),)),
        ("at = 09:30:00", (time(9, 30),)),
        ('at = ["16:00", "9:30", 12:45:00]', (time(9, 30), time(12, 45), time(16))),
        ('at = [ # a list over lines\n "09:30",\n "16:00",\n]', (time(9, 30), time(16))),
    ],
)
def test_a_time_is_a_text_a_local_time_or_a_list(line: str, times: tuple[time, ...], read_plan: Read) -> None:
    assert nudge_of(read_plan(REST + line)).when == At(times)


@pytest.mark.parametrize("line", ['between = "10:00-17:00"', 'between = "10:00 - 17:00"'])
def test_a_window_is_two_times_with_a_hyphen(line: str, read_plan: Read) -> None:
    assert nudge_of(read_plan(REST + line)).when == Between(Window(time(10), time(17)), 1)


def test_times_cuts_a_window(read_plan: Read) -> None:
    nudge = nudge_of(read_plan(REST + 'between = "10:00-17:00"\ntimes = 2'))

    assert nudge.when == Between(Window(time(10), time(17)), 2)


def test_cron_is_kept_as_it_is_written(read_plan: Read) -> None:
    assert nudge_of(read_plan(REST + 'cron = "30 16 * * sun"')).when == Cron("30 16 * * sun")


@pytest.mark.parametrize(
    ("line", "weekdays"),
    [
        ("", range(7)),
        ('days = "daily"', range(7)),
        ('days = "weekdays"', range(5)),
        ('days = "weekends"', (5, 6)),
        ('days = "mon"', (0,)),
        ('days = ["thu", "mon"]', (0, 3)),
    ],
)
def test_days_are_a_word_a_day_or_a_list_of_days(line: str, weekdays: Any, read_plan: Read) -> None:
    assert nudge_of(read_plan(AT_ONE + line)).dates == OnDays(frozenset(weekdays))


@pytest.mark.parametrize(
    ("text", "days"), [("3 days", 3), ("1 day", 1), ("2 weeks", 14), ("1 week 3 days", 10), ("2w", 14)]
)
def test_every_counts_days_and_weeks(text: str, days: int, read_plan: Read) -> None:
    assert nudge_of(read_plan(AT_ONE + f'every = "{text}"')).dates == Every(days)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90m", 90),
        ("1h30m", 90),
        ("1h 30m", 90),
        ("2h", 120),
        ("2 hours", 120),
        ("1 hour 5 minutes", 65),
        ("90 min", 90),
        ("1 day", 1440),
        ("2d", 2880),
    ],
)
def test_durations_are_written_as_people_write_them(text: str, minutes: int, read_plan: Read) -> None:
    assert nudge_of(read_plan(AT_ONE + f'snooze = "{text}"')).snooze == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("20:00-09:00", Window(time(20), time(9))),
        ("1:00-5:30", Window(time(1), time(5, 30))),
        ("20:00-00:00", Window(time(20), time(0))),
        ("none", None),
    ],
)
def test_quiet_hours_may_pass_midnight_or_be_none(text: str, quiet: Window | None, read_plan: Read) -> None:
    assert plan_of(read_plan(f'quiet = "{text}"' + AT_ONE)).quiet == quiet


@pytest.mark.parametrize("text", ["0m", "12h", "0h"])
def test_the_bounds_of_gap_belong_to_it(text: str, read_plan: Read) -> None:
    assert "maya" in read_plan(f'gap = "{text}"' + AT_ONE).plans


@pytest.mark.parametrize(
    "zone", ["Europe/London", "US/Eastern", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "UTC"]
)
def test_zones_are_area_and_city_or_utc(zone: str, read_plan: Read) -> None:
    reading = read_plan(AT_ONE, head=f'timezone = "{zone}"\nphone = "+447700900123"\n')

    assert plan_of(reading).timezone == zone


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+447700900123", "+447700900123"),
        ("+44 7700 900-123", "+447700900123"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("+49 171 39200 12", "+491713920012"),
        ("+39 06 12345678", "+390612345678"),
        ("+881 6 1234 5678", "+881612345678"),
    ],
)
def test_numbers_may_have_spaces_dashes_and_brackets(text: str, phone: str, read_plan: Read) -> None:
    assert plan_of(read_plan(AT_ONE, head=f'timezone = "UTC"\nphone = "{text}"\n')).phone == phone


@pytest.mark.parametrize(
    ("head", "country"),
    [
        ('phone = "+447700900123"', "GB"),
        ('phone = "+12025550123"', "US"),
        ('phone = "+14165550123"', "CA"),
        ('phone = "+491713920012"', "DE"),
        ('phone = "+447700900123"\ncountry = "IE"', "IE"),
        ('email = "maya@example.org"', "NZ"),
        ('phone = "+881612345678"', "NZ"),
    ],
)
def test_the_country_is_named_or_the_numbers_or_the_settings(
    head: str, country: str, facts: Any, read_files: Read
) -> None:
    world = type(facts)(facts.today, facts.zone, facts.zone_names, facts.wording, country="NZ")

    reading = read_files({"plans/maya.toml": f'timezone = "UTC"\n{head}\n{AT_ONE}'}, world)

    assert reading.plans["maya"].country == country


@pytest.mark.parametrize(
    ("lines", "channels"),
    [
        ('phone = "+447700900123"', ("sms",)),
        ('email = "a@example.org"', ("email",)),
        ('email = "a@example.org"\nphone = "+447700900123"', ("sms", "email")),
        ('email = "a@example.org"\nphone = "+447700900123"\nchannels = "email"', ("email",)),
        ('email = "a@example.org"\nphone = "+447700900123"\nchannels = ["email", "sms"]', ("email", "sms")),
    ],
)
def test_channels_are_those_with_an_address_unless_named(
    lines: str, channels: tuple[str, ...], read_plan: Read
) -> None:
    plan = plan_of(read_plan(AT_ONE, head=f'timezone = "UTC"\n{lines}\n'))

    assert plan.channels == tuple(ChannelName(one) for one in channels)


def test_a_plan_that_says_little_has_the_defaults(read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": f'timezone = "UTC"\nemail = "maya@example.org"\n{AT_ONE}'})

    assert plan_of(reading) == Plan(
        person="maya",
        name="maya",
        timezone="UTC",
        email="maya@example.org",
        channels=(ChannelName.EMAIL,),
        nudges=(Nudge("rest", Kind.REST, At((time(13),))),),
    )
    assert reading.files == {"maya": "plans/maya.toml"}


def test_a_plan_that_says_everything_is_read_whole(read_files: Read) -> None:
    reading = read_files({"plans/maya.toml": EVERYTHING})

    assert plan_of(reading) == Plan(
        person="maya",
        name="Maya",
        timezone="Europe/London",
        language="fr",
        country="FR",
        phone="+33612345678",
        email="maya@example.org",
        channels=(ChannelName.EMAIL, ChannelName.SMS),
        quiet=Window(time(21), time(8)),
        daily_limit=5,
        gap=timedelta(hours=1),
        consent="2026-11-20, in person",
        if_then="If it rains, I read.",
        nudges=(
            Nudge(
                id="words",
                kind=Kind.SUPPORT,
                when=At((time(13),)),
                dates=Every(3),
                starts=date(2026, 12, 1),
                ends=date(2027, 2, 28),
                message="{{ name }}, {{ contact.name }} ?",
                contacts=("Sam",),
                expires=timedelta(minutes=45),
                snooze=timedelta(hours=48),
                channels=(ChannelName.EMAIL,),
            ),
        ),
        contacts=(
            Contact("Sam", "brother", "+447700900456", "sam@example.org"),
            Contact("Jo", email="jo@x.org"),
        ),
    )


EVERYTHING = """
name = "Maya"
timezone = "Europe/London"
language = "fr"
country = "FR"
phone = "+33 6 12 34 56 78"
email = "maya@example.org"
channels = ["email", "sms"]
quiet = "21:00-08:00"
daily_limit = 5
gap = "1h"
consent = "2026-11-20, in person"
if_then = "If it rains, I read."

[[nudge]]
id = "words"
kind = "support"
at = "13:00"
every = "3 days"
starts = 2026-12-01
ends = 2027-02-28
message = "{{ name }}, {{ contact.name }} ?"
contacts = "Sam"
expires = "45m"
snooze = "48h"
channels = "email"

[[contact]]
name = "Sam"
relation = "brother"
phone = "+447700900456"
email = "sam@example.org"

[[contact]]
name = "Jo"
email = "jo@x.org"
"""


@pytest.mark.parametrize(
    ("nudges", "ids"),
    [
        ([""], ["rest"]),
        (["", "", ""], ["rest", "rest-2", "rest-3"]),
        (["", 'id = "rest-2"', ""], ["rest", "rest-2", "rest-3"]),
        (['id = "nap"', "", 'id = "rest"'], ["nap", "rest-2", "rest"]),
    ],
)
def test_a_nudge_without_an_id_is_called_by_its_kind(
    nudges: list[str], ids: list[str], read_plan: Read
) -> None:
    text = "".join(f'{REST}{line}\nat = "1{index}:00"\n' for index, line in enumerate(nudges))

    reading = read_plan('gap = "1h"' + text)

    assert [nudge.id for nudge in plan_of(reading).nudges] == ids


def test_a_template_of_the_bank_can_be_named(facts: Any, read_plan: Read) -> None:
    key = min(facts.wording.template_keys("en", Kind.REST))

    assert nudge_of(read_plan(AT_ONE + f'template = "{key}"')).template == key


def test_a_template_that_names_a_contact_needs_one(facts: Any, read_plan: Read) -> None:
    keys = sorted(facts.wording.template_keys("en", Kind.SUPPORT))
    key = next(key for key in keys if "contact" in facts.wording.template("en", Kind.SUPPORT, key))

    reading = read_plan(f'[[nudge]]\nkind = "support"\nat = "13:00"\ntemplate = "{key}"\n')

    (problem,) = reading.problems
    assert problem.message == "names a contact, and the nudge has none"
    assert problem.where == 'nudge "support": template'
