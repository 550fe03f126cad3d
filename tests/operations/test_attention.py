"""What needs somebody is said, people first; nothing else is called well beside them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.effects import Need
from nudger.domain.model import State
from nudger.operations.attention import MOST, MatterKind, answer_words, matters, waiting
from nudger.operations.overview import Alarm, Apart, Losses, Needed, Vitals
from tests.support.worlds.delivery import MONDAY_NINE

NOW = MONDAY_NINE


def vitals(
    needed: tuple[Needed, ...] = (),
    losses: Losses | None = None,
    apart: dict[Apart, int] | None = None,
    unknown: int = 0,
    oldest_due_at: datetime | None = None,
    lateness: tuple[timedelta, ...] = (),
    problems: dict[str, int] | None = None,
) -> Vitals:
    return Vitals(
        10, apart or {}, 5, 0, unknown, None, oldest_due_at, lateness, problems or {}, needed, losses
    )


def causes(of: Vitals, *alarms: Alarm) -> list[MatterKind]:
    return [one.cause for one in matters(of, alarms, NOW)]


def test_where_nothing_needs_a_look_there_is_nothing() -> None:
    assert matters(vitals(apart={Apart.PAUSED: 3, Apart.REDUCED: 1}), [], NOW) == []


def test_people_come_before_losses_and_those_before_faults() -> None:
    found = causes(
        vitals(
            (Needed(Need.CRISIS, "maya", NOW, True), Needed(Need.PERSON, "bo", NOW)),
            Losses(4, 10, "quiet"),
            {Apart.UNREACHABLE: 9, Apart.SET_ASIDE: 9},
            unknown=1,
            oldest_due_at=NOW - timedelta(hours=1),
            problems={"error": 1},
        ),
        Alarm("sms", NOW, "Twilio refuses the number."),
    )

    assert found == list(map(MatterKind, (
        *("crisis", "person", "losses", "unreachable", "set-aside", "alarm", "overdue", "unknown", "plans"),
    )))  # fmt: skip


def test_losses_are_said_in_percent_with_their_chief_reason() -> None:
    (one,) = matters(vitals(losses=Losses(1200, 10_000, "the number is gone")), [], NOW)

    assert one.words == (
        "1,200 of 10,000 nudges of the last 24 h were missed or failed (12 %), most of them for: "
        "the number is gone."
    )


@pytest.mark.parametrize("state", [None, *State])
def test_of_a_hold_it_is_said_whether_the_answer_arrived(state: State | None) -> None:
    held = Needed(Need.CRISIS, "maya", NOW, True, state, "30003")
    (one,) = matters(vitals((held,)), [], NOW)

    arrived = {State.DELIVERED: " arrived.", State.SENT: "no receipt", State.UNKNOWN: "not known"}
    soon = {State.PLANNED: "on its way", State.SENDING: "on its way", None: "No answer is on record"}
    assert (arrived | soon).get(state, "did not arrive (30003)") in one.words
    assert answer_words(held) in one.words
    assert (one.person, one.since) == ("maya", NOW)


def test_a_refused_crisis_answer_is_said_once_not_as_an_alarm_beside_it() -> None:
    held = Needed(Need.CRISIS, "maya", NOW, True, State.FAILED)
    alarm = Alarm("crisis answer maya", NOW, "the crisis answer to maya was refused")

    assert causes(vitals((held,)), alarm) == [MatterKind.CRISIS]
    assert causes(vitals(), alarm) == [MatterKind.ALARM]


def test_few_addresses_that_do_not_arrive_are_named_and_many_are_counted() -> None:
    alarms = [Alarm(f"address p{number} sms", NOW, f"p{number} gets nothing") for number in range(5)]

    few = matters(vitals(apart={Apart.UNREACHABLE: 2}), alarms[:2], NOW)
    (many,) = matters(vitals(apart={Apart.UNREACHABLE: 5}), alarms, NOW)

    assert [one.person for one in few] == ["p0", "p1"]
    assert (many.number, many.words.split(":")[0]) == (5, "5 people cannot be reached on a channel")


def test_of_very_many_people_the_rest_is_counted() -> None:
    crowd = tuple(Needed(Need.CONCERN, f"p{number}", NOW) for number in range(MOST + 7))

    found = matters(vitals(crowd), [], NOW)

    assert len(found) == MOST + 1
    assert found[-1].words == "And 7 more people need somebody."
    assert waiting(vitals(crowd)) == {Need.CRISIS: 0, Need.CONCERN: MOST + 7, Need.PERSON: 0}


@given(
    st.lists(st.builds(Needed, st.sampled_from(Need), st.text("ab", min_size=1, max_size=3), st.just(NOW))),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_nothing_is_ever_well_beside_somebody_who_needs_a_person(
    needed: list[Needed], unreachable: int, unknown: int
) -> None:
    found = matters(vitals(tuple(needed), apart={Apart.UNREACHABLE: unreachable}, unknown=unknown), [], NOW)

    assert bool(found) == bool(needed or unreachable or unknown)
    assert [one.of_person for one in found] == sorted((one.of_person for one in found), reverse=True)
