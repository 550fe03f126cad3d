"""The people of a run: who they are, what is due to them, and what they will text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.support.doubles.twilio_double import Refuse

NUDGES = 8  # the most that a person may have in a day
APART = timedelta(minutes=4)  # of one person's nudges: longer than the daemon is ever away


class Part(StrEnum):
    """What someone is here for."""

    PLAIN = "plain"  # texts, nothing else
    MAIL = "mail"  # emails, nothing else
    MOVED = "moved"  # a number that is none any more: every nudge comes by email
    LEFT = "left"  # told Twilio STOP before nudger knew them
    STOPS = "stops"
    SNOOZES = "snoozes"
    CRISIS = "crisis"
    EARLY = "early"  # quiet hours begin in the middle


SAYS = {Part.STOPS: "STOP", Part.SNOOZES: "LATER", Part.CRISIS: "I want to end my life"}
# What Twilio says of their numbers, whatever the weather.
NUMBERS = {Part.MOVED: Refuse(400, 21211), Part.LEFT: Refuse(400, 21610)}


@dataclass(frozen=True, slots=True)
class Someone:
    id: str
    part: Part
    phone: str
    email: str | None
    channels: tuple[str, ...]
    times: tuple[datetime, ...]
    quiet_from: datetime | None

    @property
    def says(self) -> str | None:
        return SAYS.get(self.part)

    def plan(self) -> str:
        quiet = f"{self.quiet_from:%H:%M}-09:00" if self.quiet_from else "none"
        lines = [
            f'name = "{self.id}"',
            'timezone = "UTC"',
            f'phone = "{self.phone}"',
            *([f'email = "{self.email}"'] if self.email else []),
            f"channels = {[*self.channels]}",
            'consent = "2026-11-20, on paper"',
            f'quiet = "{quiet}"',
            f"daily_limit = {NUDGES}",
            'gap = "0m"',
        ]
        for number, at in enumerate(self.times, 1):
            lines += ["[[nudge]]", f'id = "n{number}"', 'kind = "rest"', f'at = "{at:%H:%M}"']
            lines += ['snooze = "3m"', f'message = "{self.id} n{number}"']
        return "\n".join(lines) + "\n"


def gather(count: int, start: datetime, span: timedelta, random: Random) -> list[Someone]:
    """`count` people, with nudges all over the `span` from `start` on; their parts take turns, half of
    them plain."""
    parts = [part for special in [*Part][1:] for part in (Part.PLAIN, special)]
    return [_someone(number, parts[number % len(parts)], start, span, random) for number in range(count)]


def write(people: list[Someone], plans: Path) -> None:
    plans.mkdir()
    for one in people:
        (plans / f"{one.id}.toml").write_text(one.plan())


def _someone(number: int, part: Part, start: datetime, span: timedelta, random: Random) -> Someone:
    times = tuple(_times(start, span, random))
    middle = times[len(times) // 2]
    mails = part in (Part.MAIL, Part.MOVED)
    return Someone(
        id=f"p{number:02}",
        part=part,
        phone=f"+4477009{number:05}",
        email=f"p{number:02}@example.org" if mails else None,
        channels={Part.MAIL: ("email",), Part.MOVED: ("sms", "email")}.get(part, ("sms",)),
        times=times if part is not Part.EARLY else times[: len(times) // 2],
        quiet_from=middle if part is Part.EARLY else None,
    )


def _times(start: datetime, span: timedelta, random: Random) -> Iterator[datetime]:
    """On whole minutes, at least APART: as many as fit (one, on a machine so slow), and NUDGES at most."""
    first = start + timedelta(minutes=random.randint(1, 3))
    room = (start + span - first) // timedelta(minutes=1)
    apart = APART // timedelta(minutes=1)
    count = max(1, min(NUDGES, room // apart))
    slack = sorted(random.randint(0, max(0, room - apart * count)) for _ in range(count))
    for number, extra in enumerate(slack):
        yield first + timedelta(minutes=number * apart + extra)
