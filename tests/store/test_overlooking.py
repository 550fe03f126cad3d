"""Everyone at once, as an operator looks at them."""

from datetime import timedelta

import pytest

from nudger.agenda.entries import Failure
from nudger.domain.effects import Hold, LowDays, OptOut, Pause, Rate
from nudger.domain.errors import Problem
from nudger.domain.model import Kind, State
from nudger.operations.overview import Apart, Cursor, PeopleWanted, PlanState
from nudger.sending.receipts import FAILURES_IN_A_ROW
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, SMS, World, drop, plan, slot

ENDED = frozenset(State) - {State.PLANNED}
GONE = frozenset({State.SENT, State.DELIVERED})


def found(world: World, search: str = "", apart: Apart | None = None, **page: object) -> list[str]:
    wanted = PeopleWanted(search, apart)
    found = world.store.overview.find_people(wanted, world.now, **page)  # type: ignore[arg-type]
    return [one.person.id for one in found.people]


# --- people -------------------------------------------------------------------------------------
@pytest.mark.parametrize("search", ["jose", "JOSÉ", "garc", "garcía jo", "jg-17"])
def test_people_are_found_by_any_part_of_id_and_name_however_it_is_written(world: World, search: str) -> None:
    world.load(plan("jg-17", name="José García"), plan("maya"))

    assert found(world, search) == ["jg-17"]


def test_what_means_anything_to_the_database_is_searched_for_as_it_stands(world: World) -> None:
    world.load(plan("a_b", name="50% off"), plan("axb", name="50 off"))

    assert found(world, "a_b") == ["a_b"]
    assert found(world, "50%") == ["a_b"]
    assert found(world, "'; drop table person; --") == []


def test_a_changed_name_is_found_and_the_old_one_not(world: World) -> None:
    world.load(plan(name="Maya"))
    world.load(plan(name="Zoë"))

    assert found(world, "zoe") == ["maya"]
    assert found(world, "Maya Maya") == ["maya"]  # the id
    world.load(plan("p1", name="Ada"))
    world.load(plan("p1", name="Eve"))
    assert found(world, "ada") == []


def test_the_ids_around_a_name_that_nobody_has_are_told_in_their_order(world: World) -> None:
    world.load(*(plan(one) for one in ("ada", "bo", "cy", "eve", "flo", "gus")))

    assert world.store.people.ids_around("dan", 2) == ["bo", "cy", "eve", "flo"]
    assert world.store.people.ids_around("eve", 1) == ["cy", "eve"]
    assert world.store.people.ids_around("zoe", 2) == ["flo", "gus"]


def test_people_come_in_pages_each_once(world: World) -> None:
    world.load(*(plan(f"p{number}") for number in range(7)))

    first = found(world, limit=4)

    assert first == ["p0", "p1", "p2", "p3"]
    assert found(world, after=first[-1], limit=4) == ["p4", "p5", "p6"]


def test_people_apart_are_counted_and_found_by_the_reason(world: World) -> None:
    world.load(plan("ann"), plan("ben"), plan("cleo", consent=None), plan("dan"), plan("eve"), plan("flo"))
    world.store.agenda.set_aside({"flo": OverflowError()}, 1, "judging", world.now)
    world.act(Pause(None), person="ann")
    world.act(Hold(), person="ben")
    world.act(OptOut(frozenset({SMS}), "texted STOP"), person="dan")
    rest = [plan("gus"), plan("hal"), plan("ida")]
    world.load(plan("ann"), plan("ben"), plan("cleo", consent=None), plan("dan"), plan("flo"), *rest)
    world.act(Rate(1), person="gus")
    world.act(LowDays(NOON + DAY), person="hal")
    for minute in range(FAILURES_IN_A_ROW):
        world.lay_out("ida", slot(NOON + minute * MINUTE, minute + 1))
        world.now = NOON + minute * MINUTE
        world.fail(world.claim_one(), Failure.RECIPIENT)

    vitals = world.store.overview.vitals(world.now)

    assert vitals.people == 8
    assert {apart: found(world, apart=apart) for apart in Apart} == {
        Apart.PAUSED: ["ann"],
        Apart.HELD: ["ben"],
        Apart.OPTED_OUT: ["dan"],
        Apart.UNASKED: ["cleo"],
        Apart.REMOVED: ["eve"],
        Apart.SET_ASIDE: ["flo"],
        Apart.UNREACHABLE: ["ida"],
        Apart.REDUCED: ["gus", "hal"],
    }
    assert vitals.apart == dict.fromkeys(Apart, 1) | {Apart.REDUCED: 2}


def test_a_pause_that_is_over_is_none(world: World) -> None:
    world.load(plan())
    world.act(Pause(NOON + HOUR))
    world.now = NOON + 2 * HOUR

    assert found(world, apart=Apart.PAUSED) == []
    assert world.store.overview.vitals(world.now).apart[Apart.PAUSED] == 0


# --- the agenda ---------------------------------------------------------------------------------
def test_what_comes_is_listed_earliest_first_and_read_on_from_any_place(world: World) -> None:
    world.maya(NOON + DAY, NOON + HOUR, NOON + 2 * HOUR)

    page = world.store.overview.coming(limit=2)
    rest = world.store.overview.coming(page.on, limit=2)

    assert [entry.cursor.at for entry in page.entries] == [NOON + HOUR, NOON + 2 * HOUR]
    assert [entry.cursor.at for entry in rest.entries] == [NOON + DAY]
    assert rest.on is None


def test_what_ended_is_listed_by_its_end_with_the_reason(world: World) -> None:
    world.maya(NOON - 2 * MINUTE, NOON - MINUTE, NOON)
    world.now = NOON - 2 * MINUTE
    world.deliver()
    world.now = NOON - MINUTE
    world.claim(drop(State.SUPPRESSED, "quiet hours 20:00-09:00"))
    world.now = NOON
    world.claim(drop(State.MISSED, "31m late"))

    held = world.store.overview.past(frozenset({State.SUPPRESSED}), world.now)
    everything = world.store.overview.past(ENDED, world.now)

    (entry,) = held.entries
    assert (entry.person, entry.name, entry.kind) == ("maya", "Maya", Kind.REST)
    assert (entry.state, entry.reason) == (State.SUPPRESSED, "quiet hours 20:00-09:00")
    assert [one.state for one in everything.entries] == [State.MISSED, State.SUPPRESSED, State.SENT]


def test_what_ended_is_read_on_page_by_page_each_entry_once(world: World) -> None:
    times = [NOON - number * MINUTE for number in range(5)]
    world.maya(*times)
    world.deliver()

    met, before = [], None
    while True:
        page = world.store.overview.past(GONE, world.now, before, limit=2)
        met += [entry.cursor.at for entry in page.entries]
        before = page.on
        if before is None:
            break

    assert met == times


def test_entries_of_one_instant_are_split_between_pages_without_loss(world: World) -> None:
    world.load(plan("ann"), plan("ben"), plan("cleo"))
    for person in ("ann", "ben", "cleo"):
        world.lay_out(person, slot(NOON))

    first = world.store.overview.coming(limit=2)
    second = world.store.overview.coming(first.on, limit=2)

    assert sorted(one.person for one in [*first.entries, *second.entries]) == ["ann", "ben", "cleo"]


def test_what_is_tried_again_stands_at_its_next_try_and_is_read_once(world: World) -> None:
    world.maya(NOON, NOON + 2 * MINUTE)
    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at=NOON + 5 * MINUTE)

    first = world.store.overview.coming(limit=1)
    second = world.store.overview.coming(first.on, limit=1)

    times = [entry.cursor.at for page in (first, second) for entry in page.entries]
    assert times == [NOON + 2 * MINUTE, NOON + 5 * MINUTE]


def test_a_look_on_from_nowhere_finds_nothing(world: World) -> None:
    world.maya(NOON)

    assert world.store.overview.coming(Cursor(NOON + DAY, 1)).entries == []


def test_what_ended_unknown_is_listed_and_counted(world: World) -> None:
    world.maya(NOON)
    world.fail(world.claim_one(), Failure.AMBIGUOUS)

    (entry,) = world.store.overview.unknown()

    assert (entry.person, entry.reason) == ("maya", "it was ambiguous")
    assert world.store.overview.vitals(world.now).unknown == 1


# --- vitals and plans ---------------------------------------------------------------------------
def test_the_vitals_say_how_late_the_last_ones_were_and_what_waits(world: World) -> None:
    world.maya(NOON - 2 * MINUTE, NOON - MINUTE, NOON + HOUR)
    world.now = NOON - 2 * MINUTE + timedelta(seconds=3)
    world.deliver()
    world.now = NOON

    vitals = world.store.overview.vitals(world.now)

    assert vitals.lateness == [timedelta(seconds=3)]
    assert (vitals.planned, vitals.oldest_due_at, vitals.next_due_at) == (2, NOON - MINUTE, NOON + HOUR)


def test_a_plans_state_is_its_file_and_what_is_wrong_there(world: World) -> None:
    wrong = Problem("plans/maya.toml", 4, 8, "at", "expected a time", "")
    other = Problem("plans/ben.toml", 1, 1, "", "no timezone", "", "warning")
    world.load(plan(), problems=[wrong, other])

    assert world.store.overview.plan_state("maya") == PlanState("plans/maya.toml", [wrong])
    assert world.store.overview.plan_state("nobody") is None
    assert world.store.overview.vitals(world.now).problems == {"error": 1, "warning": 1}
