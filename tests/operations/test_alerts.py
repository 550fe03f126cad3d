"""The operator hears of a fault once, of several together, and that they have passed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nudger.domain.errors import ChannelError
from nudger.operations.alerts import Alert, Pinging, Telling, compose
from nudger.operations.overview import Alarm
from tests.support.worlds.delivery import MONDAY_NINE, World
from tests.support.worlds.desk import MAYA

NOW, MINUTE, HOUR = MONDAY_NINE, timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Operator:
    """Keeps what they are told, unless they are away."""

    told: list[Alert] = field(default_factory=list)
    away: bool = False

    async def tell(self, alert: Alert) -> None:
        if self.away:
            raise ChannelError("away")
        self.told.append(alert)


@dataclass
class Watchman:
    """Keeps the pings; their clock stands at `at`."""

    at: datetime | None = None
    heard: list[str] = field(default_factory=list)

    async def ping(self, fault: str) -> datetime | None:
        self.heard.append(fault)
        return self.at


async def test_a_fault_and_its_end_are_told_once_each(world: World) -> None:
    operator = Operator()
    telling = Telling(world.store.alarms, world.store.needs, [operator], "server")
    world.store.alarms.raise_alarm("sms", "Twilio refused our credentials", NOW)
    for minute in range(20):
        await telling.run_once(NOW + minute * MINUTE)
    world.store.alarms.clear_alarm("sms", NOW + HOUR)

    await telling.run_once(NOW + HOUR)

    assert [(one.title, one.text, one.urgent) for one in operator.told] == [
        ("nudger on server: sms", "Since 2026-11-23 09:00 UTC: Twilio refused our credentials", True),
        (
            "nudger on server: sms, passed",
            "Passed at 2026-11-23 10:00 UTC: Twilio refused our credentials",
            False,
        ),
    ]


async def test_many_faults_in_a_short_time_are_two_messages(world: World) -> None:
    operator = Operator()
    telling = Telling(world.store.alarms, world.store.needs, [operator], "server")
    for minute in range(5):
        for number in range(10):
            world.store.alarms.raise_alarm(f"address p{minute}-{number} sms", "unreachable", NOW)
        await telling.run_once(NOW + minute * MINUTE)

    await telling.run_once(NOW + 5 * MINUTE)

    assert [one.title for one in operator.told] == [
        "nudger on server: 10 alarms",
        "nudger on server: 40 alarms",
    ]
    assert operator.told[1].text.endswith("and 20 more: nudger status")
    assert not operator.told[1].urgent


async def test_what_nobody_took_is_told_when_somebody_does(world: World) -> None:
    operator = Operator(away=True)
    telling = Telling(world.store.alarms, world.store.needs, [operator], "server")
    world.store.alarms.raise_alarm("sms", "refused", NOW)
    await telling.run_once(NOW)
    operator.away = False

    await telling.run_once(NOW + 5 * MINUTE)

    assert len(operator.told) == 1


async def test_one_address_that_is_away_keeps_nothing_from_the_other(world: World) -> None:
    here, away = Operator(), Operator(away=True)
    world.store.alarms.raise_alarm("sms", "refused", NOW)

    await Telling(world.store.alarms, world.store.needs, [away, here], "server").run_once(NOW)
    await Telling(world.store.alarms, world.store.needs, [away, here], "server").run_once(NOW + HOUR)

    assert len(here.told) == 1


def test_a_fault_that_waits_for_the_morning_is_not_urgent() -> None:
    assert not compose([Alarm("plans", NOW, "cannot be read: maya.toml")], "server").urgent
    assert compose([Alarm("disk server", NOW, "full")], "server").urgent


async def test_a_ping_says_each_minute_that_nudger_works_or_what_keeps_it_from_it(world: World) -> None:
    watchman = Watchman()
    pinging = Pinging(world.store.alarms, watchman, "server")
    world.store.alarms.raise_alarm("plans", "cannot be read: maya.toml", NOW)
    await pinging.run_once(NOW)
    world.store.alarms.raise_alarm("queue", "it is stuck", NOW)
    await pinging.run_once(NOW)
    world.store.alarms.clear_alarm("queue", NOW)

    await pinging.run_once(NOW)

    assert watchman.heard == ["", "it is stuck", ""]


async def test_a_clock_that_is_far_off_the_watchmans_is_an_alarm_until_it_is_right(world: World) -> None:
    watchman = Watchman(at=NOW + HOUR)
    pinging = Pinging(world.store.alarms, watchman, "server")
    await pinging.run_once(NOW)
    stands = world.store.alarms.alarms()
    watchman.at = NOW + MINUTE

    await pinging.run_once(NOW)

    assert stands[0].words.startswith("the clock of server is 3600 s behind")
    assert [one.cleared_at for one in world.store.alarms.alarms()] == [NOW]


async def test_who_needs_a_person_is_told_at_once_by_id_and_time_without_a_word(world: World) -> None:
    operator = Operator()
    telling = Telling(world.store.alarms, world.store.needs, [operator], "server")
    world.load(maya=MAYA)
    world.store.alarms.raise_alarm("sms", "refused", NOW)
    await telling.run_once(NOW)
    world.clock.at = NOW + MINUTE
    await world.text("can someone call me please? the tablets are here")
    for minute in range(1, 5):
        await telling.run_once(NOW + minute * MINUTE)

    (_, alert) = operator.told
    assert (alert.title, alert.urgent) == ("nudger on server: maya needs a person", True)
    assert alert.text == (
        "maya wrote at 2026-11-23 09:01 UTC.\nWhy, and what to do: nudger status, or the board"
    )


async def test_who_needs_a_person_is_told_again_where_nobody_took_it(world: World) -> None:
    operator = Operator(away=True)
    telling = Telling(world.store.alarms, world.store.needs, [operator], "server")
    world.load(maya=MAYA)
    await world.text("I want to die")
    await telling.run_once(NOW)
    operator.away = False

    await telling.run_once(NOW + MINUTE)
    await telling.run_once(NOW + 2 * MINUTE)

    assert [one.keys for one in operator.told] == [("need maya",)]
