"""A year of a hundred people: what preview foretold is what the daemon sent."""

from datetime import datetime, timedelta
from random import Random

from nudger.delivery.agenda import Sending
from nudger.delivery.forecast import forecast
from nudger.delivery.sends import Receipt
from tests.delivery.world import ScriptedChannel, World

PEOPLE = 100
DAYS = 366
ZONES = ["Europe/London", "Australia/Lord_Howe", "America/Santiago"]
FIXED = ["10:00", "12:00", "15:00", "18:00"]
KINDS = ["rest", "movement", "reflection", "support", "mindfulness"]


def plan(number: int, random: Random) -> str:
    """Fixed times stand on a grid that people share, so that a year passes in a minute or two."""
    lines = [
        f'name = "P{number}"',
        f'timezone = "{random.choice(ZONES)}"',
        f'phone = "+447700900{number:03}"',
        'consent = "2026-11-20, on paper"',
        f'gap = "{random.choice(["1h", "2h"])}"',
        f"daily_limit = {random.choice([3, 4])}",
    ]
    for kind in random.sample(KINDS, 2):
        days = random.choice(['"daily"', '"weekdays"', '["mon", "wed", "sat"]'])
        lines += ["[[nudge]]", f'kind = "{kind}"', f'at = "{random.choice(FIXED)}"', f"days = {days}"]
    if number % 20 == 0:
        lines += ["[[nudge]]", 'kind = "creative"', 'between = "09:30-19:30"']
    return "\n".join([*lines, "[[contact]]", 'name = "Sam"', "[[contact]]", 'name = "Ines"'])


async def test_a_year_of_preview_is_what_the_daemon_sends(world: World) -> None:
    sent: list[tuple[str, datetime, str]] = []

    class Noting(ScriptedChannel):
        async def send(self, sending: Sending) -> Receipt:
            sent.append((sending.person, world.clock.now(), sending.text))
            return Receipt(sending.message)

    world.sms = Noting()
    world.dispatcher = world.new_dispatcher()
    random = Random(2026)
    await world.start(**{f"p{number}": plan(number, random) for number in range(PEOPLE)})
    start, people = world.clock.now(), list(world.store.people())
    foreseen = [row for one in people for row in forecast(one, (), start, DAYS, world.core.decider)]
    ends_at = start + timedelta(days=DAYS - 2)  # all zones have their last date behind them

    await world.until(ends_at)

    told = [
        (row.person, row.due_at, row.text)
        for row in foreseen
        if row.status == "send" and row.due_at is not None and row.due_at <= ends_at
    ]
    assert len(told) > PEOPLE * 300
    assert sorted(sent) == sorted(told)
