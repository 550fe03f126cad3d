"""Who needs a person, what of a day was lost, and of what the operator is told, each once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from nudger.agenda.entries import Failure, Report, Stage
from nudger.domain.effects import Answer, Effect, Hold, Need, Response, Resume
from nudger.domain.model import State
from nudger.inbound.port import Inbound, Writer
from nudger.operations.overview import Losses, Needed
from tests.support.worlds.store import (
    DAY,
    HOUR,
    MAYA_PHONE,
    MINUTE,
    NOON,
    SMS,
    World,
    drop,
    plan,
    slot,
)

CRISIS: Sequence[Effect] = (Hold(), Answer("Call 999.", "crisis"))
CONCERN: Sequence[Effect] = (Answer("Somebody listens at 116 123.", "concern"),)
BO_PHONE = "+447700900124"


def wrote(world: World, need: Need | None, *effects: Effect, address: str = MAYA_PHONE) -> None:
    world.ids += 1

    def respond(_: Writer) -> Response:
        return Response("tested", None, effects, need)

    inbound = Inbound(f"IN{world.ids}", SMS, address, f"text {world.ids}", world.now)
    world.store.inbound.take_reply(inbound, respond)


def needed(world: World) -> list[Needed]:
    return list(world.store.overview.vitals(world.now).needed)


def test_a_hold_is_first_with_whether_its_answer_arrived(world: World) -> None:
    world.load(plan(), plan("bo", phone=BO_PHONE, channels=(SMS,)))
    wrote(world, Need.PERSON, address=BO_PHONE)
    wrote(world, Need.CRISIS, *CRISIS)
    on_its_way = needed(world)
    sending = world.claim_one()
    world.accept(sending)
    went = needed(world)
    world.store.sending.report(sending.message, Report(f"SM-{sending.message}", Stage.DELIVERED), world.now)

    assert on_its_way == [
        Needed(Need.CRISIS, "maya", NOON, True, State.PLANNED),
        Needed(Need.PERSON, "bo", NOON),
    ]
    assert went[0].answer is State.SENT
    assert needed(world)[0].answer is State.DELIVERED


def test_an_answer_that_did_not_arrive_is_said_with_the_reason(world: World) -> None:
    world.load(plan())
    wrote(world, Need.CRISIS, *CRISIS)
    world.fail(world.claim_one(), Failure.RECIPIENT)

    (one,) = needed(world)

    assert (one.answer, one.why) == (State.FAILED, "it was recipient")


@pytest.mark.parametrize(("need", "effects"), [(Need.CONCERN, CONCERN), (Need.PERSON, ())])
def test_a_text_that_needs_a_person_is_news_for_72_hours(
    world: World, need: Need, effects: Sequence[Effect]
) -> None:
    world.load(plan())
    wrote(world, need, *effects)
    world.now = NOON + 72 * HOUR - MINUTE
    assert [(one.need, one.person, one.since) for one in needed(world)] == [(need, "maya", NOON)]

    world.now = NOON + 72 * HOUR

    assert needed(world) == []


def test_a_hold_is_news_for_72_hours_or_until_it_is_lifted(world: World) -> None:
    world.load(plan(), plan("bo"))
    world.act(*CRISIS, person="bo")
    wrote(world, Need.CRISIS, *CRISIS)
    assert [one.person for one in needed(world)] == ["bo", "maya"]
    world.act(Resume(), person="bo")
    assert [one.person for one in needed(world)] == ["maya"]

    world.now = NOON + 72 * HOUR

    assert needed(world) == []


def test_a_crisis_text_whose_hold_they_have_ended_themselves_still_needs_a_person(world: World) -> None:
    world.load(plan())
    wrote(world, Need.CRISIS, *CRISIS)
    wrote(world, None, Resume())

    (one,) = needed(world)

    assert (one.need, one.held) == (Need.CRISIS, False)


def test_of_one_person_the_gravest_need_counts_and_the_latest_text(world: World) -> None:
    world.load(plan())
    wrote(world, Need.CONCERN, *CONCERN)
    world.now += HOUR
    wrote(world, Need.CONCERN, *CONCERN)
    wrote(world, Need.PERSON)

    (one,) = needed(world)

    assert (one.need, one.since) == (Need.CONCERN, NOON + HOUR)


def test_a_text_that_needs_nobody_is_no_news(world: World) -> None:
    world.load(plan())
    wrote(world, None)

    assert needed(world) == []


# --- what the operator is told ------------------------------------------------------------------
def test_the_operator_is_told_of_each_text_once(world: World) -> None:
    world.load(plan())
    wrote(world, Need.CONCERN, *CONCERN)
    wrote(world, None)

    first, second = (world.store.needs.claim_needs(world.now) for _ in range(2))

    assert [(one.person, one.at) for one in first] == [("maya", NOON)]
    assert second == []


def test_what_could_not_be_told_is_told_later(world: World) -> None:
    world.load(plan())
    wrote(world, Need.PERSON)
    claimed = world.store.needs.claim_needs(world.now)

    world.store.needs.give_back_needs(claimed)

    assert world.store.needs.claim_needs(world.now + MINUTE) == claimed


def test_what_is_old_is_told_no_more(world: World) -> None:
    world.load(plan())
    wrote(world, Need.PERSON)

    assert world.store.needs.claim_needs(NOON + 72 * HOUR) == []


def test_in_a_fleet_each_text_is_told_by_one_host(world: World) -> None:
    world.load(plan())
    for _ in range(5):
        wrote(world, Need.CONCERN)

    with ThreadPoolExecutor(4) as pool:
        claims = [pool.submit(world.store.needs.claim_needs, world.now) for _ in range(4)]

    assert sorted(len(one.result()) for one in claims) == [0, 0, 0, 5]


# --- losses -------------------------------------------------------------------------------------
def test_losses_of_more_than_three_in_a_hundred_are_counted_with_their_chief_reason(world: World) -> None:
    _a_day(world, sent=30, missed=2, failed=1)

    assert world.store.overview.vitals(world.now).losses == Losses(3, 33, "… late")


def test_losses_of_three_in_a_hundred_or_less_are_let_pass(world: World) -> None:
    _a_day(world, sent=97, missed=2, failed=1)

    assert world.store.overview.vitals(world.now).losses is None


def test_what_was_lost_the_day_before_is_no_news(world: World) -> None:
    _a_day(world, sent=1, missed=2)
    world.now += DAY

    assert world.store.overview.vitals(world.now).losses is None


def test_what_was_kept_back_on_purpose_is_no_loss_and_hides_none(world: World) -> None:
    _a_day(world, sent=10, missed=1, suppressed=100)

    found = world.store.overview.vitals(world.now).losses

    assert found is not None
    assert (found.lost, found.of) == (1, 11)


def _a_day(world: World, sent: int = 0, missed: int = 0, failed: int = 0, suppressed: int = 0) -> None:
    """So many nudges of now that end so."""
    ends = {"sent": sent, "missed": missed, "failed": failed, "suppressed": suppressed}
    world.load(*(plan(f"{end}{number}") for end, count in ends.items() for number in range(count)))
    for end, count in ends.items():
        for number in range(count):
            world.lay_out(f"{end}{number}", slot(NOON))
        if end == "sent":
            world.deliver()
        elif end == "failed":
            for sending in world.claim().sendings:
                world.fail(sending, Failure.RECIPIENT)
        else:
            reason = "31m late" if end == "missed" else "quiet hours"
            world.claim(drop(State(end), reason))
