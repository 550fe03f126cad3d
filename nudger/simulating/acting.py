"""What simulated people do after a message: most are silent, some answer; a seed decides who and what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nudger.simulating import sayings
from nudger.simulating.chance import draw
from nudger.simulating.crowd import ZONES, Crowd, mailed
from nudger.simulating.sayings import Saying

GRID = 60  # seconds: what people do falls on these, so that what falls together shares its commits
LONGEST_PAUSE = 30 * 60  # between a message and the answer to it
HOUR = 3600

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
class Act:
    """What a person does at `at`: says something, or (None) goes to another zone."""

    at: int
    saying: Saying | None


@dataclass(frozen=True, slots=True)
class Actors:
    """Everybody's will. `share` of the nudges are answered."""

    crowd: Crowd
    share: float

    def after_nudge(self, who: int, turn: int, at: int) -> Iterator[Act]:
        """What follows from the `turn`-th nudge."""
        names = (self.crowd.seed, who, turn)
        if mailed(who) or draw(*names, "answers") >= self.share:
            return
        lot = draw(*names, "what") * sum(weight for weight, _, _ in WEIGHTS)
        for weight, first, then in WEIGHTS:
            lot -= weight
            if lot < 0:
                soon = at + self._wait(draw(*names, "when"))
                yield Act(soon, first[self.crowd.language(who)] if first else None)
                if then and draw(*names, "then") < 0.5:
                    hours = 1 + int(draw(*names, "later") * 4)
                    yield Act(soon + hours * HOUR, then[self.crowd.language(who)])
                return

    def after_welcome(self, who: int, at: int) -> Iterator[Act]:
        """Half of those who are asked for consent give it."""
        if draw(self.crowd.seed, who, "agrees") < 0.5:
            wait = self._wait(draw(self.crowd.seed, who, "agrees when"))
            yield Act(at + wait, sayings.YES[self.crowd.language(who)])

    def goes_to(self, who: int, turn: int, from_zone: int) -> int:
        """Another zone."""
        step = 1 + int(draw(self.crowd.seed, who, turn, "zone") * (len(ZONES) - 1))
        return (from_zone + step) % len(ZONES)

    def _wait(self, drawn: float) -> int:
        return GRID * (1 + int(drawn * (LONGEST_PAUSE / GRID - 1)))
