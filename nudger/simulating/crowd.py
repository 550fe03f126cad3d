"""Who the simulated people are: a few dozen shared plans, and rosters of people who extend them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from nudger.plans import Source
from nudger.simulating.chance import draw

ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Europe/Paris",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Africa/Lagos",
    "America/Sao_Paulo",
    "Australia/Sydney",
    "America/Mexico_City",
    "Asia/Kathmandu",
    "Europe/Athens",
    "Pacific/Auckland",
    "America/St_Johns",
    "Africa/Cairo",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/Santiago",
    "Asia/Tehran",
)
LANGUAGES = ("en", "es", "fr")
KINDS = ("rest", "movement", "reflection", "mindfulness", "creative", "compassion")
MOST_NUDGES = 5  # a day: more would not leave each drawn time its room
MOST_PEOPLE = 10_000_000  # as many as there are numbers to give out

# Which nudges of a shape are drawn: the n-th where the n-th letter is D, over and over.
_PATTERNS = ("F", "D", "FD", "DF")
_QUIETS = ("20:00-09:00", "21:30-07:00", "22:00-09:00", "20:00-08:30")
_VARIATIONS = 6  # of each pattern: other minutes, other kinds
SHAPES = len(_PATTERNS) * _VARIATIONS
_DAY_BEGINS, _DAY = timedelta(hours=9), timedelta(hours=11)
_MAILED = 11  # each shape of this remainder goes by email
UNASKED = 0.03  # the share of people whose consent is not on record


@dataclass(frozen=True, slots=True)
class Crowd:
    """`size` people with `nudges` nudges a day each; the seed decides who is where and speaks what."""

    size: int
    nudges: int
    seed: int

    def shared(self) -> list[Source]:
        """The shared plans that everybody's extends, by shape."""
        return [Source(f"plans/shared/{_shape(n)}.toml", self._plan(n).encode()) for n in range(SHAPES)]

    def rosters(self, each: int) -> Iterator[Source]:
        """Everybody, so many to a roster."""
        for first in range(0, self.size, each):
            rows = [self._row(number) for number in range(first, min(first + each, self.size))]
            text = "\n".join(["id,name,timezone,language,phone,email,consent,extends", *rows])
            yield Source(f"plans/people-{first:08}.csv", text.encode())

    def own_file(self, number: int, zone: int) -> Source:
        """The plan of somebody who has gone to another zone, in a file of its own."""
        lines = [
            f'name = "Person {number}"',
            f'timezone = "{ZONES[zone]}"',
            f'language = "{self.language(number)}"',
            f'phone = "{phone(number)}"',
            f'email = "{email(number)}"',
            f'extends = "{_shape(shape(number))}"',
        ]
        if not self.unasked(number):
            lines.append('consent = "2026-10-01, on paper"')
        return Source(f"plans/{person_id(number)}.toml", "\n".join(lines).encode())

    def zone(self, number: int) -> int:
        return int(draw(self.seed, number, "zone") * len(ZONES))

    def language(self, number: int) -> str:
        return LANGUAGES[int(draw(self.seed, number, "language") * len(LANGUAGES))]

    def unasked(self, number: int) -> bool:
        """Whether nudger has to ask this person for consent first."""
        return not mailed(number) and draw(self.seed, number, "consent") < UNASKED

    def _row(self, number: int) -> str:
        consent = "" if self.unasked(number) else '"2026-10-01, on paper"'
        zone, language = ZONES[self.zone(number)], self.language(number)
        shaped = _shape(shape(number))
        named = f"{person_id(number)},Person {number}"
        return f"{named},{zone},{language},{phone(number)},{email(number)},{consent},{shaped}"

    def _plan(self, shape: int) -> str:
        pattern, variation = _PATTERNS[shape % len(_PATTERNS)], shape // len(_PATTERNS)
        gap = timedelta(hours=2 if self.nudges <= 3 else 1)
        lines = [
            f'quiet = "{_QUIETS[variation % len(_QUIETS)]}"',
            f'gap = "{gap // timedelta(hours=1)}h"',
            f"daily_limit = {self.nudges + variation % 2}",
            'channels = "email"' if shape == _MAILED else 'channels = "sms"',
        ]
        part = _DAY / self.nudges
        for nudge in range(self.nudges):
            begins, room = _DAY_BEGINS + part * nudge, part - gap
            lines += ["[[nudge]]", f'id = "n{nudge}"', f'kind = "{KINDS[(nudge + variation) % len(KINDS)]}"']
            if pattern[nudge % len(pattern)] == "D":
                lines.append(f'between = "{_wall(begins)}-{_wall(begins + room)}"')
            else:
                lines.append(f'at = "{_wall(begins + room * variation / _VARIATIONS)}"')
        return "\n".join(lines)


def person_id(number: int) -> str:
    return f"p{number:08}"


def number_of(person: str) -> int:
    return int(person[1:])


def phone(number: int) -> str:
    return f"+4477{number:08}"


def email(number: int) -> str:
    return f"{person_id(number)}@example.org"


def shape(number: int) -> int:
    return number % SHAPES


def mailed(number: int) -> bool:
    return shape(number) == _MAILED


def _shape(number: int) -> str:
    return f"shape-{number:02}"


def _wall(since_midnight: timedelta) -> str:
    minutes = round(since_midnight / timedelta(minutes=1))
    return f"{minutes // 60:02}:{minutes % 60:02}"
