"""People as an operator looks for them: by group, channel, kind, and by what they lately got and gave."""

import pytest

from nudger.agenda.entries import Report, Stage
from nudger.domain.effects import Hold
from nudger.domain.model import Kind
from nudger.operations.overview import Apart, Lately, PeoplePage, PeopleWanted
from nudger.store.operations import finding
from tests.support.worlds.store import DAY, EMAIL, HOUR, NOON, REST, SMS, STRETCH, World, plan, slot


def looked_for(world: World, after: str = "", limit: int = 50, **wanted: object) -> PeoplePage:
    return world.store.overview.find_people(PeopleWanted(**wanted), world.now, after, limit)  # type: ignore[arg-type]


def ids(world: World, **wanted: object) -> list[str]:
    page = looked_for(world, **wanted)
    assert (page.number, page.counted_all, page.on) == (len(page.people), True, None)
    return [one.person.id for one in page.people]


@pytest.fixture
def clinic(world: World) -> World:
    """Ann and Bo are of one group, Cy of another, Dot of none."""
    world.load(
        plan("maya", group="north", nudges=(REST,)),
        plan("bo", group="north", nudges=(STRETCH,)),
        plan("cy", group="south"),
        plan("dot"),
    )
    return world


def test_people_are_found_by_group_channel_and_kind_and_by_all_of_it(clinic: World) -> None:
    assert ids(clinic, group="north") == ["bo", "maya"]
    assert ids(clinic, channel=SMS) == ["maya"]
    assert ids(clinic, channel=EMAIL) == ["bo", "cy", "dot", "maya"]
    assert ids(clinic, kind=Kind.MOVEMENT) == ["bo", "cy", "dot"]
    assert ids(clinic, kind=Kind.REST, group="north", channel=SMS) == ["maya"]
    assert ids(clinic, kind=Kind.CARE) == []
    assert ids(clinic, search="cy", group="north") == []


def test_groups_are_listed_by_name_and_follow_the_plans(clinic: World) -> None:
    assert clinic.store.overview.groups() == ["north", "south"]

    clinic.load(plan("maya", group="west"), plan("bo"), plan("cy"), plan("dot"))

    assert clinic.store.overview.groups() == ["west"]


def test_who_got_nothing_for_7_days_is_found(clinic: World) -> None:
    clinic.lay_out("maya", slot(NOON))
    clinic.lay_out("bo", slot(NOON))
    for sending in clinic.deliver():
        clinic.store.sending.report(
            sending.message, Report(f"SM-{sending.message}", Stage.DELIVERED), clinic.now
        )
    assert ids(clinic, lately=Lately.NOTHING) == ["cy", "dot"]

    clinic.now = NOON + 7 * DAY

    assert ids(clinic, lately=Lately.NOTHING) == ["bo", "cy", "dot", "maya"]


def test_who_gave_no_sign_for_14_days_is_found(clinic: World) -> None:
    clinic.now = NOON + 5 * DAY
    clinic.text()  # Maya
    clinic.now = NOON + 14 * DAY
    assert ids(clinic, lately=Lately.SILENT) == ["bo", "cy", "dot"]

    clinic.now = NOON + 19 * DAY

    assert ids(clinic, lately=Lately.SILENT) == ["bo", "cy", "dot", "maya"]


def test_whose_plan_is_gone_is_neither_silent_nor_without_nudges(clinic: World) -> None:
    clinic.now = NOON + 30 * DAY
    clinic.load(plan("maya"), plan("bo"), plan("cy"))

    assert ids(clinic, lately=Lately.SILENT) == ["bo", "cy", "maya"]
    assert ids(clinic, lately=Lately.NOTHING) == ["bo", "cy", "maya"]


def test_a_list_has_the_last_nudge_that_arrived_the_last_sign_and_the_next(clinic: World) -> None:
    clinic.lay_out("maya", slot(NOON), slot(NOON + 3 * HOUR, 2))
    (sending,) = clinic.deliver()
    clinic.store.sending.report(sending.message, Report(f"SM-{sending.message}", Stage.DELIVERED), clinic.now)
    clinic.now = NOON + HOUR
    clinic.text()

    (maya,) = looked_for(clinic, search="maya").people
    (dot,) = looked_for(clinic, search="dot").people

    assert (maya.arrived_at, maya.signed_at, maya.next_at) == (NOON, NOON + HOUR, NOON + 3 * HOUR)
    assert (dot.arrived_at, dot.signed_at, dot.next_at) == (None, None, None)


def test_a_standing_and_what_was_lately_fit_together(clinic: World) -> None:
    clinic.act(Hold(), person="bo")
    clinic.now = NOON + 30 * DAY

    assert ids(clinic, apart=Apart.HELD, lately=Lately.SILENT) == ["bo"]


def test_a_page_says_how_many_there_are_in_all_and_after_whom_to_look_on(clinic: World) -> None:
    first = looked_for(clinic, limit=3)
    second = looked_for(clinic, after=first.on or "", limit=3)

    assert [one.person.id for page in (first, second) for one in page.people] == ["bo", "cy", "dot", "maya"]
    assert (first.number, first.on, second.on) == (4, "dot", None)


def test_a_look_into_rows_reads_only_so_many_and_goes_on(
    clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LOOKED", 2)

    first = looked_for(clinic, channel=SMS)
    second = looked_for(clinic, after=first.on or "", channel=SMS)

    assert ([one.person.id for one in first.people], first.on, first.counted_all) == ([], "cy", False)
    assert [one.person.id for one in second.people] == ["maya"]
