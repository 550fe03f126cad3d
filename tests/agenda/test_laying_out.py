"""Days come into the agenda once, at the times of each person's own calendar."""

from datetime import timedelta, timezone

from nudger.agenda.laying_out import BATCH, LayingOut
from nudger.domain.model import State
from tests.support.maya import REST_AND_WALK as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World


def planned(world: World, person: str = "maya") -> list[tuple[str, str]]:
    entries = world.store.people.agenda(person, MONDAY_NINE.date())
    return [(f"{one.due_at:%d %H:%M}", one.nudge) for one in entries if one.state is State.PLANNED]


async def test_today_and_tomorrow_are_laid_out_at_the_start(world: World) -> None:
    await world.start(maya=MAYA)

    assert planned(world) == [
        ("23 09:30", "movement"),
        ("23 13:00", "rest"),
        ("24 09:30", "movement"),
        ("24 13:00", "rest"),
    ]


async def test_what_was_due_before_the_first_start_is_not_made_up(world: World) -> None:
    world.clock.at = MONDAY_NINE + timedelta(hours=2)

    await world.start(maya=MAYA)

    assert planned(world)[0] == ("23 13:00", "rest")


async def test_laying_out_twice_adds_nothing(world: World) -> None:
    await world.start(maya=MAYA)
    before = planned(world)

    await world.start(maya=MAYA)

    assert planned(world) == before


async def test_after_each_batch_it_says_of_how_many_people_the_days_are_laid_out(world: World) -> None:
    people = {f"p{number:03}": MAYA.replace("0123", f"{number:04}") for number in range(BATCH + 1)}
    await world.start(**people)
    world.store.agenda.lay_out_all_again(MONDAY_NINE)
    said: list[int] = []

    await world.laying_out.run_once(MONDAY_NINE, said.append)

    assert said == [BATCH, BATCH + 1]


async def test_the_next_day_comes_in_when_its_turn_comes(world: World) -> None:
    await world.start(maya=MAYA)

    await world.until(MONDAY_NINE + timedelta(hours=15, minutes=1))
    await world.laying_out.run_once(world.clock.now())

    assert ("25 13:00", "rest") in planned(world)


async def test_an_edit_moves_the_future_and_never_sends_again(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(minutes=45))

    await world.start(maya=MAYA.replace("09:30", "10:30").replace("13:00", "14:00"))
    await world.until(MONDAY_NINE + timedelta(hours=8))

    assert world.texts == ["A walk?", "A rest?"]
    assert world.sms.sent[-1].text == "A rest?"


async def test_a_changed_zone_sends_nothing_twice_on_that_date(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(hours=4))

    await world.start(maya=MAYA.replace("Europe/London", "America/New_York"))
    await world.until(MONDAY_NINE + timedelta(hours=14))

    assert world.texts == ["A walk?", "A rest?"]


async def test_a_move_to_the_west_loses_no_day_that_was_laid_out_before_it(world: World) -> None:
    await world.start(maya=MAYA.replace("Europe/London", "Pacific/Kiritimati"))
    await world.until(MONDAY_NINE + timedelta(hours=3))
    await world.laying_out.run_once(world.clock.now())  # there it is Tuesday: Wednesday is laid out

    await world.start(maya=MAYA.replace("Europe/London", "Pacific/Honolulu"))  # where it is Monday

    days = [one.local_date.day for one in world.store.people.agenda("maya", MONDAY_NINE.date())]
    assert days == [23, 23, 24, 24, 25, 25]


async def test_a_removed_file_pauses_and_its_return_restores(world: World) -> None:
    await world.start(maya=MAYA)
    await world.start()
    away = planned(world)

    await world.start(maya=MAYA)

    assert away == []
    assert len(planned(world)) == 4


async def test_an_edit_does_not_cut_short_a_snooze_that_waits(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(minutes=45))
    await world.text("later")

    await world.start(maya=MAYA.replace("13:00", "14:00"))
    await world.until(MONDAY_NINE + timedelta(hours=3))

    assert world.texts.count("A walk?") == 2


async def test_a_day_that_began_while_nudger_was_down_is_laid_out_with_what_it_missed(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + timedelta(days=3, hours=3)  # Thursday noon

    await world.laying_out.run_once(world.clock.now())
    await world.tick()

    entries = world.store.people.agenda("maya", MONDAY_NINE.date() + timedelta(days=3))
    assert [(one.nudge, one.state) for one in entries if one.local_date.day == 26] == [
        ("movement", State.MISSED),
        ("rest", State.PLANNED),
    ]
    assert world.texts == []


async def test_new_rules_of_time_zones_lay_the_future_out_again_and_send_nothing_twice(world: World) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + timedelta(minutes=45))

    world.store.agenda.lay_out_all_again(world.clock.now())
    await world.until(MONDAY_NINE + timedelta(hours=8))

    assert world.texts == ["A walk?", "A rest?"]


async def test_a_zone_whose_rules_change_moves_what_is_still_to_come(world: World) -> None:
    """Tomorrow's 13:00 in London, once London has (in this test) moved an hour to the east."""
    await world.start(maya=MAYA)
    moved = LayingOut(world.store.agenda, lambda _: timezone(timedelta(hours=1)), "nudger")
    await world.until(MONDAY_NINE + timedelta(minutes=45))

    world.store.agenda.lay_out_all_again(world.clock.now())
    await moved.run_once(world.clock.now())

    assert planned(world) == [("23 12:00", "rest"), ("24 08:30", "movement"), ("24 12:00", "rest")]
