"""Who the simulated people are, and what they do after a message; a seed decides it all.

A few dozen shared plans, and rosters of people who extend them. Most are silent, some answer. Chance is
the same for the same names, whatever else happens before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from nudger.cli.simulate import sayings
from nudger.cli.simulate.sayings import Saying
from nudger.plans import PlanSource

_RANGE = float(1 << 64)


def draw(*names: object) -> float:
    """Draws a number from 0 and below 1."""
    text = "/".join(map(str, names)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) / _RANGE


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
LANGUAGES = sayings.LANGUAGES
KINDS = ("rest", "movement", "reflection", "mindfulness", "creative", "compassion")
MOST_NUDGES = 5  # a day: more would not leave each drawn time its room
MOST_PEOPLE = 10_000_000  # as many as there are numbers to give out

# Which nudges of a shape are drawn: the n-th where the n-th letter is D, over and over.
_PATTERNS = ("F", "D", "FD", "DF")
_QUIETS = ("20:00-09:00", "21:30-07:00", "22:00-09:00", "20:00-08:30")
_VARIATIONS = 6  # of each pattern: other minutes, other kinds
SHAPES = len(_PATTERNS) * _VARIATIONS
_DAY_BEGINS, _DAY = timedelta(hours=9), timedelta(hours=11)
# A Saturday noon: in the night after it Europe's clocks go back.
BEGINS = datetime(2026, 10, 24, 12, tzinfo=UTC)
_TAPERS = 8  # the shape whose plan ends softly
_MAILED = 11  # each shape of this remainder goes by email
UNASKED = 0.03  # the share of people whose consent is not on record


@dataclass(frozen=True, slots=True)
class Crowd:
    """`size` people with `nudges` nudges a day each; the seed decides who is where and speaks what."""

    size: int
    nudges: int
    seed: int

    def shared(self) -> list[PlanSource]:
        """Makes the shared plans that everybody's extends, by shape."""
        return [PlanSource(f"plans/shared/{_shape(n)}.toml", self._plan(n).encode()) for n in range(SHAPES)]

    def rosters(self, each: int) -> Iterator[PlanSource]:
        """Makes rosters of everybody, so many to each."""
        for first in range(0, self.size, each):
            rows = [self._row(number) for number in range(first, min(first + each, self.size))]
            text = "\n".join(["id,name,timezone,language,phone,email,consent,extends", *rows])
            yield PlanSource(f"plans/people-{first:08}.csv", text.encode())

    def own_file(self, number: int, zone: int) -> PlanSource:
        """Makes the plan of somebody who has gone to another zone, in a file of its own."""
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
        return PlanSource(f"plans/{person_id(number)}.toml", "\n".join(lines).encode())

    def zone(self, number: int) -> int:
        return int(draw(self.seed, number, "zone") * len(ZONES))

    def language(self, number: int) -> str:
        return LANGUAGES[int(draw(self.seed, number, "language") * len(LANGUAGES))]

    def unasked(self, number: int) -> bool:
        """Tells whether nudger has to ask this person for consent first."""
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
        if variation % 3 == 0:
            lines.append('back_off = "gentle"')
        if shape == _TAPERS:
            lines += ['taper = "4 weeks"', f"starts = {BEGINS:%Y-%m-%d}"]
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


GRID = 60  # seconds: what people do falls on these, so that what falls together shares its commits
LONGEST_PAUSE = 30 * 60  # between a message and the answer to it
ONE_HOUR = 3600

# What those who answer say, in so many of a hundred cases; and what some of them say hours later.
Said = Mapping[str, Saying]
WEIGHTS: tuple[tuple[int, Said | None, Said | None], ...] = (
    (36, sayings.DONE, None),
    (14, sayings.LATER, None),
    (9, sayings.IN_TWO_HOURS, None),
    (6, sayings.TOMORROW, None),
    (8, sayings.SKIP, None),
    (7, sayings.NONSENSE, None),
    (4, sayings.NOW, None),
    (3, sayings.LESS, sayings.MORE),
    (2, sayings.MORE, None),
    (3, sayings.PAUSE_HOURS, None),
    (2, sayings.PAUSE_DAYS, sayings.RESUME),
    (3, sayings.STOP, sayings.START),
    (1, sayings.CRISIS, sayings.RESUME),
    (2, None, None),  # goes to another zone: the plan is edited
)


@dataclass(frozen=True, slots=True)
class CrowdAct:
    """What a person does at `at`: says something, or (None) goes to another zone."""

    at: int
    saying: Saying | None


@dataclass(frozen=True, slots=True)
class Actors:
    """Everybody's will. `share` of the nudges are answered."""

    crowd: Crowd
    share: float

    def after_nudge(self, who: int, turn: int, at: int) -> Iterator[CrowdAct]:
        """Decides what follows from the `turn`-th nudge."""
        names = (self.crowd.seed, who, turn)
        if mailed(who) or draw(*names, "answers") >= self.share:
            return
        lot = draw(*names, "what") * sum(weight for weight, _, _ in WEIGHTS)
        for weight, first, then in WEIGHTS:
            lot -= weight
            if lot < 0:
                soon = at + self._wait(draw(*names, "when"))
                yield CrowdAct(soon, first[self.crowd.language(who)] if first else None)
                if then and draw(*names, "then") < 0.5:
                    hours = 1 + int(draw(*names, "later") * 4)
                    yield CrowdAct(soon + hours * ONE_HOUR, then[self.crowd.language(who)])
                return

    def after_welcome(self, who: int, at: int) -> Iterator[CrowdAct]:
        """Decides what a welcome is answered with: half of those who are asked for consent give it."""
        if draw(self.crowd.seed, who, "agrees") < 0.5:
            wait = self._wait(draw(self.crowd.seed, who, "agrees when"))
            yield CrowdAct(at + wait, sayings.YES[self.crowd.language(who)])

    def goes_to(self, who: int, turn: int, from_zone: int) -> int:
        """Chooses another zone."""
        step = 1 + int(draw(self.crowd.seed, who, turn, "zone") * (len(ZONES) - 1))
        return (from_zone + step) % len(ZONES)

    def _wait(self, drawn: float) -> int:
        return GRID * (1 + int(drawn * (LONGEST_PAUSE / GRID - 1)))
