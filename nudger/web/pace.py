"""The pace of the demo's clock: the steps that its page offers, and how it is told."""

from starlette.exceptions import HTTPException

from nudger.web.doors import ClockDoors

PACES = (1, 10, 60, 120, 300, 600, 1200, 3600)  # times as fast as life


class Steering:
    """Takes the steps of whoever holds the phone."""

    def __init__(self, clock: ClockDoors) -> None:
        self._clock = clock
        self._before = clock.speed()  # the pace that a held clock goes on at

    @property
    def held(self) -> bool:
        return not self._clock.speed()

    async def take(self, step: str) -> None:
        """Raises HTTPException (400) for what is no step."""
        match step:
            case "hold":
                self._run(0)
            case "go":
                self._run(self._before)
            case "slower":
                self._run(max((pace for pace in PACES if pace < self._pace), default=self._pace))
            case "faster":
                self._run(min((pace for pace in PACES if pace > self._pace), default=self._pace))
            case "next":
                await self._clock.jump()
            case _:
                raise HTTPException(400, "The clock takes hold, go, slower, faster or next.")

    @property
    def _pace(self) -> float:
        return self._clock.speed() or self._before

    def _run(self, pace: float) -> None:
        self._before = self._pace
        self._clock.run(pace)


def told(speed: float) -> str:
    """A sentence about the pace; none where the clock runs as life does and is not steered."""
    if not speed:
        return "The clock stands still."
    return (
        "The clock runs as life does." if speed == 1 else f"The clock runs {speed:,g} times as fast as life."
    )
