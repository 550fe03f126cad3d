"""Notices to a trusted contact: when one goes out, in which words, and who can end it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.domain.effects import Hold, Tell
from nudger.domain.model import ChannelName, Origin
from nudger.inbound.port import Writer
from nudger.replies import CrisisKind, Intent, Understood
from tests.support.maya import ONE_MORNING as PERSON
from tests.support.maya import SAM, SAM_PHONE, TRUSTED, WANTS_TO_DIE, to_sam
from tests.support.worlds.delivery import MONDAY_NINE, World

MAYA_PHONE = "+447700900123"
NOTICE = (
    "Hello Sam. Maya asked us to tell you: a call from you would be welcome now. This is nudger, an "
    "automated program. No person reads replies. STOP ends these notes."
)


@pytest.fixture
def telling(world: World) -> World:
    """A world whose operator has switched notices on."""
    world.inbox = world.new_inbox(tells_contacts=True)
    return world


async def test_the_contact_gets_one_notice_that_quotes_nothing_and_the_person_is_told(
    telling: World,
) -> None:
    await telling.start(maya=PERSON + TRUSTED)

    await telling.text(WANTS_TO_DIE)
    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE]
    mine = [sending.text for sending in telling.sms.sent if sending.address == MAYA_PHONE]
    assert "Sam is asked to call you." in mine[0]
    assert "116 123" in mine[0]
    assert "Sam is" not in mine[1]


async def test_nobody_is_told_where_somebody_else_does_the_harm(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)

    await telling.text("my husband hit me again and he says he will kill me")

    assert to_sam(telling) == []
    assert "Sam" not in telling.texts[-1]


@pytest.mark.parametrize(
    ("danger", "told"),
    [
        (CrisisKind.SELF, True),
        (CrisisKind.TAKEN, True),
        (CrisisKind.DANGER, False),
        (CrisisKind.OTHER, False),
        (None, True),
    ],
)
async def test_only_who_is_in_danger_by_their_own_hand_has_their_contact_told(
    telling: World, danger: CrisisKind | None, told: bool
) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    person = telling.store.people.person("maya")
    assert person is not None
    responder = replace(telling.core.responder, tells_contacts=True)
    understood = Understood(Intent.CRISIS, crisis=True, danger=danger)

    response = responder.follow(
        Writer(person, None), understood, ChannelName.SMS, telling.clock.now(), said=""
    )

    assert any(isinstance(effect, Tell) for effect in response.effects) == told
    assert any(isinstance(effect, Hold) for effect in response.effects)


async def test_the_notice_is_committed_with_the_hold(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)

    await telling.inbox.take(telling.inbound(WANTS_TO_DIE))

    claim = telling.store.sending.claim_due(
        telling.clock.now(),
        10,
        "test",
        lambda one, dues, ways: telling.core.decider.decide(one, dues, telling.clock.now(), ways),
    )
    assert sorted(str(sending.origin) for sending in claim.sendings) == [Origin.ANSWER, Origin.NOTICE]


async def test_a_second_hold_sends_a_second_notice(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.text(WANTS_TO_DIE)
    await telling.text("RESUME")

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE, NOTICE]


async def test_it_goes_out_at_night_too(telling: World) -> None:
    telling.clock.at = MONDAY_NINE - timedelta(hours=6)
    await telling.start(maya=PERSON + TRUSTED)

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE]


async def test_nothing_is_told_while_the_operators_switch_is_off(world: World) -> None:
    await world.start(maya=PERSON + TRUSTED)

    await world.text(WANTS_TO_DIE)

    assert to_sam(world) == []
    assert "Sam is" not in world.texts[0]


async def test_nothing_is_told_without_the_opt_ins(telling: World) -> None:
    await telling.start(maya=PERSON + SAM)

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == []


@pytest.mark.parametrize("words", ["TELL NOBODY", "tell no one", "please don't tell anyone"])
async def test_the_person_withdraws_it_by_text(telling: World, words: str) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.text(words)

    await telling.text(WANTS_TO_DIE)

    assert telling.texts[0] == "OK, nudger tells nobody about you from now on."
    assert to_sam(telling) == []


async def test_only_new_words_of_record_bring_it_back(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.text("TELL NOBODY")
    telling.load(maya=PERSON.replace("10:00", "11:00") + TRUSTED)
    await telling.text(WANTS_TO_DIE)
    await telling.text("RESUME")
    withdrawn = to_sam(telling)
    telling.load(maya=PERSON + TRUSTED.replace("please ask Sam to call me", "after all, ask Sam to call"))

    await telling.text(WANTS_TO_DIE)

    assert (withdrawn, to_sam(telling)) == ([], [NOTICE])


@pytest.mark.parametrize("words", ["STOP", "stop", "please stop texting me", "ALTO", "ne m'écrivez plus"])
async def test_the_contact_ends_it_with_their_own_stop_which_is_not_answered(
    telling: World, words: str
) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.text(WANTS_TO_DIE)
    sent = len(telling.sms.sent)

    await telling.text(words, address=SAM_PHONE)
    await telling.text("RESUME")
    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE]
    assert len(telling.sms.sent) == sent + 2  # to Maya


async def test_the_contacts_stop_cancels_a_notice_that_waits(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.inbox.take(telling.inbound(WANTS_TO_DIE))

    await telling.text("STOP", address=SAM_PHONE)

    assert to_sam(telling) == []
    log = [(entry.what, entry.state, entry.reason) for entry in telling.store.people.log("maya")]
    assert ("notice to a trusted contact", "cancelled", "the contact said STOP") in log


async def test_the_contacts_start_takes_it_back_and_an_older_stop_changes_nothing(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    stopped_at = telling.clock.now()
    await telling.text("STOP", address=SAM_PHONE)
    telling.clock.at += timedelta(minutes=5)
    await telling.text("START", address=SAM_PHONE)
    telling.store.inbound.contact_said(SAM_PHONE, True, stopped_at)  # the provider lists it once more

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE]


async def test_a_number_that_the_provider_has_as_opted_out_counts_as_a_stop(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    opted_out = SendFailure(Failure.OPTED_OUT, "opted out", "21610")
    telling.sms.answer = lambda sending: opted_out if sending.address == SAM_PHONE else None
    await telling.text(WANTS_TO_DIE)
    telling.sms.answer = lambda _: None
    await telling.text("RESUME")

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == [NOTICE]  # the one that was refused
    person = telling.store.people.person("maya")
    assert person is not None
    assert person.standing.opted_out == frozenset()  # it was not hers


async def test_a_stranger_and_a_contact_who_is_not_trusted_are_not_kept(telling: World) -> None:
    await telling.start(maya=PERSON + SAM)

    assert telling.store.inbound.contact_said(SAM_PHONE, True, telling.clock.now()) is False


async def test_no_notice_goes_out_for_somebody_who_has_opted_out(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.text("STOP")

    await telling.text(WANTS_TO_DIE)

    assert to_sam(telling) == []


async def test_a_contact_who_has_left_the_plan_meanwhile_gets_nothing(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)
    await telling.inbox.take(telling.inbound(WANTS_TO_DIE))
    telling.load(maya=PERSON)

    await telling.tick()

    assert to_sam(telling) == []


async def test_the_conversation_of_the_person_does_not_show_what_the_contact_got(telling: World) -> None:
    await telling.start(maya=PERSON + TRUSTED)

    await telling.text(WANTS_TO_DIE)

    texts = [line.text for line in telling.store.people.conversation(person="maya")]
    assert len(texts) == 2
    assert NOTICE not in texts


async def test_the_contacts_stop_outlives_the_last_person_who_named_them(
    telling: World,
) -> None:
    other = PERSON.replace(MAYA_PHONE, "+447700900124").replace("Maya", "Jo")
    await telling.start(maya=PERSON + TRUSTED, jo=other + TRUSTED)
    await telling.text("STOP", address=SAM_PHONE)

    telling.store.people.forget("maya")
    await telling.text(WANTS_TO_DIE, address="+447700900124")
    kept = to_sam(telling)
    telling.store.people.forget("jo")
    telling.load()
    telling.load(jo=other + TRUSTED)
    await telling.text(WANTS_TO_DIE, address="+447700900124")

    assert (kept, to_sam(telling)) == ([], [])
