"""What is kept: words for a while, what happened for longer, consents as long as the person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Table, select

from nudger.domain.effects import Answer, OptIn, OptOut, Pause, Resume
from nudger.operations.upkeep import Housekeeping
from nudger.store import Stores
from nudger.store.operations import housekeeping
from nudger.store.operations.housekeeping import ALL_OF_A_PERSON
from nudger.store.schema.tables import event, message, metadata, occurrence, reply
from nudger.store.sql.statements import AnyRow
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, SMS, World, slot

LATER = NOON + 100 * DAY


def rows(store: Stores, table: Table) -> list[AnyRow]:
    with store.transactions.read() as tx:
        return list(tx.connection.execute(select(table).order_by(*table.primary_key.columns)))


def conversation(world: World) -> list[str]:
    return [line.text for line in world.store.people.conversation()]


def a_day(world: World) -> None:
    """A nudge, a reply to it, and the answer to that."""
    world.deliver()
    world.now += MINUTE
    world.text(Answer("Again at one."))
    world.deliver()


def test_words_numbers_and_contacts_are_blanked_and_what_happened_stays(world: World) -> None:
    world.maya(NOON)
    a_day(world)

    while world.store.upkeep.blank(LATER):
        pass

    assert conversation(world) == ["", "", ""]
    for row in rows(world.store, message):
        assert (row.text, row.subject, row.address, row.contact) == ("", "", "", None)  # type: ignore[attr-defined]
        assert row.state == "sent"  # type: ignore[attr-defined]
    assert [row.address for row in rows(world.store, reply)] == [""]  # type: ignore[attr-defined]
    assert {row.text for row in rows(world.store, occurrence)} == {None, ""}  # type: ignore[attr-defined]
    assert world.states() == ["sent"]


def test_only_what_is_old_enough_is_blanked_and_the_rest_in_its_turn(world: World) -> None:
    world.maya(NOON, NOON + 10 * DAY)
    a_day(world)
    world.now = NOON + 10 * DAY
    a_day(world)

    world.store.upkeep.blank(NOON + DAY)
    early = conversation(world)
    world.store.upkeep.blank(NOON + 20 * DAY)

    assert [bool(text) for text in early] == [False, False, False, True, True, True]
    assert conversation(world) == [""] * 6


def test_blanking_goes_on_where_it_ended(world: World) -> None:
    world.maya(*(NOON + number * MINUTE for number in range(30)))
    for number in range(30):
        world.now = NOON + number * MINUTE
        world.deliver()

    with world.store.transactions.write() as tx:  # type: ignore[attr-defined]
        done = [
            sum(housekeeping.tidy(tx, step, LATER, 7) for step in housekeeping.BLANKING) for _ in range(6)
        ]

    assert done == [7, 7, 7, 7, 2, 0]
    assert set(conversation(world)) == {""}


def test_what_is_old_is_deleted_and_what_was_sent_is_still_not_sent_again(world: World) -> None:
    world.maya(NOON, NOON + DAY)
    a_day(world)

    world.store.upkeep.clear_away(NOON + HOUR)

    assert world.states() == ["planned"]
    assert conversation(world) == []
    world.now = NOON + DAY
    world.lay_out("maya", slot(NOON + DAY, 2), afresh=True)
    assert len(world.deliver()) == 1
    world.lay_out("maya", slot(NOON + DAY, 2), afresh=True)
    assert world.deliver() == []


def test_what_is_open_is_never_deleted(world: World) -> None:
    world.maya(NOON, NOON + MINUTE)
    world.claim_one()

    world.store.upkeep.clear_away(LATER)

    assert world.states() == ["sending", "planned"]
    assert len(conversation(world)) == 1


def test_consents_and_their_withdrawal_stay_on_record(world: World) -> None:
    world.maya(NOON)
    world.act(OptOut(frozenset({SMS}), "texted STOP"))
    world.act(OptIn(frozenset({SMS}), "texted START"))

    world.store.upkeep.clear_away(LATER)

    kept = [row.what for row in rows(world.store, event)]  # type: ignore[attr-defined]
    assert sorted(kept) == ["opted in", "opted out"]


def test_what_stays_is_passed_by_and_what_is_young_ends_it(world: World) -> None:
    world.maya(NOON)
    for how in ("texted STOP", "texted START", "texted STOP", "texted START"):
        which = OptOut if how.endswith("STOP") else OptIn
        world.act(which(frozenset({SMS}), how))
    world.act(Pause(None))
    world.now = LATER
    world.act(Resume(lifts=False))

    with world.store.transactions.write() as tx:  # type: ignore[attr-defined]
        while sum(housekeeping.tidy(tx, step, LATER, 2) for step in housekeeping.CLEARING):
            continue

    kept = [row.what for row in rows(world.store, event)]  # type: ignore[attr-defined]
    assert kept == [*["opted out", "opted in"] * 2, "operator: act", "resumed"]


def test_a_conversation_goes_on_above_what_was_deleted(world: World) -> None:
    world.maya(NOON, NOON + DAY)
    a_day(world)
    last = world.store.people.conversation()[-1].cursor
    world.store.upkeep.clear_away(LATER)
    world.now = NOON + DAY

    world.text()

    assert world.store.people.conversation(after=last)[0].cursor > last


def test_passed_alarms_are_deleted_and_those_that_stand_are_not(world: World) -> None:
    world.store.alarms.raise_alarm("sms", "refused", NOON)
    world.store.alarms.raise_alarm("queue", "stuck", NOON)
    world.store.alarms.clear_alarm("sms", NOON)

    world.store.upkeep.clear_away(LATER)

    assert [alarm.key for alarm in world.store.alarms.alarms()] == ["queue"]


@pytest.mark.parametrize(("retention", "left"), [(None, 2), (90, 1), (1000, 2)])
async def test_words_go_after_the_retention_and_rows_after_400_days(
    world: World, retention: int | None, left: int
) -> None:
    world.maya(NOON, NOON + 350 * DAY)
    world.deliver()
    world.now = NOON + 350 * DAY
    world.deliver()
    span = None if retention is None else timedelta(days=retention)

    await Housekeeping(world.store.upkeep, span).run_once(NOON + 401 * DAY)

    assert len(world.store.people.agenda("maya", date.min)) == left
    assert [bool(text) for text in conversation(world)] == {
        None: [True, True],
        90: [True],
        1000: [True, True],
    }[retention]


def test_a_person_who_is_forgotten_is_erased_from_each_table_that_names_people() -> None:
    named = {table.name for table in metadata.sorted_tables if "person" in table.c}

    assert named == {table.name for table in ALL_OF_A_PERSON}
