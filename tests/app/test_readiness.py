"""Whether nudger can do its work: looked at, said once, and told to the operator where it does not pass."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from nudger.app.readiness import PASSES, SETTLES, STALE, Readiness
from nudger.domain.errors import ChannelError, StoreAway, StoreBusy, StoreError, StoreReplaced
from nudger.operations.alerts import Alert, TellingOfOutage

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GONE = StoreAway("the database x.db has gone", "Put it back.", "its file has gone")
LOCKED = StoreBusy("the database x.db cannot be used: locked", "A backup?", "another process keeps it locked")
REPLACED = StoreReplaced("another file is in the place of x.db", "Look.", "another file is in its place")


@dataclass
class Machine:
    """A database that is as it is told, and a clock that is stepped."""

    fault: Exception | None = None
    at: float = 1000.0
    silent: dict[str, float] = field(default_factory=dict)

    def prove(self) -> None:
        if self.fault is not None:
            raise self.fault

    def readiness(self) -> Readiness:
        return Readiness(self.prove, lambda: self.silent, lambda: self.at)


async def test_what_was_never_looked_at_is_not_ready() -> None:
    assert Machine().readiness().faults() == ["the database has not been looked at for a while"]


async def test_a_database_that_is_right_and_takes_writes_is_ready() -> None:
    readiness = Machine().readiness()

    came_back = await readiness.run_once(NOW)

    assert (came_back, readiness.faults(), readiness.news()) == (0, [], None)


async def test_what_is_away_is_said_once_and_to_strangers_without_a_path_until_it_is_back() -> None:
    machine = Machine(GONE)
    readiness = machine.readiness()
    with capture_logs() as logs:
        for _ in range(3):
            await readiness.run_once(NOW)
        faults = readiness.faults()
        machine.fault = None
        machine.at += 7
        came_back = await readiness.run_once(NOW)

    assert faults == ["the database: its file has gone"]
    assert (came_back, readiness.faults(), readiness.news()) == (1, [], None)
    assert [entry["event"] for entry in logs] == ["database_away", "database_back"]
    assert logs[1]["after"] == 7


async def test_what_a_duty_comes_upon_counts_before_the_next_look() -> None:
    readiness = Machine().readiness()
    await readiness.run_once(NOW)

    readiness.note(LOCKED)

    assert readiness.faults() == ["the database: another process keeps it locked"]


async def test_a_look_that_hangs_makes_it_not_ready() -> None:
    machine = Machine()
    readiness = machine.readiness()
    await readiness.run_once(NOW)

    machine.at += STALE + 1

    assert readiness.faults() == ["the database has not been looked at for a while"]


async def test_a_duty_that_shows_no_sign_of_life_makes_it_not_ready() -> None:
    machine = Machine(silent={"dispatch": 75.0})
    readiness = machine.readiness()
    await readiness.run_once(NOW)

    assert readiness.faults() == ["dispatch: no sign of life for 75 s"]


async def test_the_operator_hears_at_once_of_what_has_gone_and_of_a_lock_when_it_does_not_pass() -> None:
    machine = Machine(GONE)
    gone, locked = machine.readiness(), machine.readiness()
    await gone.run_once(NOW)
    machine.fault = LOCKED
    await locked.run_once(NOW)
    at_once = locked.news()

    machine.at += PASSES

    assert gone.news() is not None
    assert at_once is None
    assert locked.news() is not None


async def test_one_that_was_replaced_is_given_time_and_then_ends_the_process() -> None:
    machine = Machine(REPLACED)
    readiness = machine.readiness()
    await readiness.run_once(NOW)
    machine.at += SETTLES - 1
    await readiness.run_once(NOW)

    machine.at += 1
    with pytest.raises(StoreError) as caught:
        await readiness.run_once(NOW)

    assert not isinstance(caught.value, StoreAway)  # which no duty dies of
    assert caught.value.message == REPLACED.message


@dataclass
class Operator:
    told: list[Alert] = field(default_factory=list)
    away: bool = False

    async def tell(self, alert: Alert) -> None:
        if self.away:
            raise ChannelError("no answer")
        self.told.append(alert)


def telling(operator: Operator, words: Callable[[], str | None]) -> TellingOfOutage:
    return TellingOfOutage(words, (operator,), "host")


async def test_an_outage_is_told_once_and_that_it_has_passed() -> None:
    operator, words = Operator(), ["gone", "gone", None, None]
    duty = telling(operator, lambda: words[0])
    for _ in range(4):
        await duty.run_once(NOW)
        words.pop(0) if len(words) > 1 else None

    assert [(alert.title, alert.urgent) for alert in operator.told] == [
        ("nudger on host: database", True),
        ("nudger on host: database, passed", False),
    ]
    assert operator.told[1].text.endswith("gone")


async def test_an_outage_that_stands_is_told_each_day_again() -> None:
    operator = Operator()
    duty = telling(operator, lambda: "gone")

    for hours in (0, 1, 23, 24, 25):
        await duty.run_once(NOW + timedelta(hours=hours))

    assert len(operator.told) == 2


async def test_an_outage_that_nobody_took_is_told_again() -> None:
    operator = Operator(away=True)
    duty = telling(operator, lambda: "gone")
    await duty.run_once(NOW)
    operator.away = False

    await duty.run_once(NOW)

    assert len(operator.told) == 1
