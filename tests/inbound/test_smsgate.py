"""What comes in by a phone of one's own: by its webhooks and by its inbox, each text once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from starlette.applications import Starlette

from nudger.app.smsgate import ILL, LookingAfter, PhoneAlarms, SmsGateSide
from nudger.channels.smsgate.incoming import WEBHOOKS, address_of, read_event, read_row, signed
from nudger.domain.model import State
from nudger.inbound.poller import Poller
from nudger.inbound.port import Inbound
from nudger.sending.receipts import Reports
from nudger.web.app import build_app
from nudger.web.webhooks.smsgate import SmsGateWebhooks
from tests.support.asking import Answer, Body, ask
from tests.support.doubles.smsgate_double import SIGNING_KEY, SmsGateDouble, gson, signature
from tests.support.maya import TEN, states
from tests.support.rigs import TEXT, smsgate_channel
from tests.support.worlds.delivery import MONDAY_NINE, World

PHONE = "+447700900123"
PATH, URL = "/smsgate/inbound", "https://nudger.example.org/smsgate/inbound"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Here:
    """nudger with a phone of one's own before it."""

    world: World
    double: SmsGateDouble
    taken: list[Inbound] = field(default_factory=list)

    def __post_init__(self) -> None:
        reports = self.reports = Reports(self.world.store.sending, self.world.clock, lambda: None)
        self.phone = PhoneAlarms(self.world.store.alarms)
        side = SmsGateSide(SIGNING_KEY, "GB", self.world.clock, self, reports, self.phone)
        self.app: Starlette = build_app([SmsGateWebhooks(side, self.world.clock)])
        self.channel = smsgate_channel(self.double, clock=self.world.clock, country="GB")
        facts: Any = self.world.store
        self.poller = Poller(
            self.channel, self.take, facts.inbound, facts.facts, facts.restore, MONDAY_NINE, MINUTE
        )
        self.back: list[datetime] = []
        self.duty = LookingAfter(self.channel.gateway, self.phone, reports, URL, self.back.append)

    async def take(self, inbound: Inbound) -> None:
        self.taken.append(inbound)
        await self.world.inbox.take(inbound)

    def wake(self) -> None:
        """The world is ticked by hand."""

    async def register(self) -> None:
        await self.duty.run_once(self.world.clock.now())

    async def post_all(self) -> list[int]:
        """Everything that the phone has to tell, in its order."""
        events, self.double.events = self.double.events, []
        return [(await self.post(event.body)).status for event in events]

    async def post(self, body: bytes, at: datetime | None = None, **headers: str) -> Answer:
        stamp = str(int((at or self.world.clock.now()).timestamp()))
        proof = {"x-timestamp": stamp, "x-signature": signature(body, stamp)}
        return await ask(self.app, "POST", PATH, {**proof, **headers}, body=Body([body]))

    def replies(self) -> list[str]:
        return [one.text for one in self.world.store.people.conversation(person="maya") if one.inbound]


@pytest.fixture
async def here(world: World) -> AsyncIterator[Here]:
    async with SmsGateDouble(world.clock.now) as double:
        made = Here(world, double)
        await made.register()
        yield made
        await made.channel.close()


MAYA = """
timezone = "Europe/London"
phone = "+447700900123"
quiet = "none"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "10:00"
message = "A rest?"
"""


async def nudged_here(here: Here) -> None:
    await here.world.start(maya=MAYA)
    await here.world.until(TEN)


async def test_a_text_that_is_posted_is_taken_and_answered_and_its_words_are_whole(here: Here) -> None:
    await nudged_here(here)
    here.double.arrive(PHONE, "LATER & thanks <3 = 'it'")

    assert await here.post_all() == [204]
    await here.world.tick()

    assert here.replies() == ["LATER & thanks <3 = 'it'"]  # the app writes these as \u00xx, and signs that
    assert len(here.world.texts) == 2


@pytest.mark.parametrize("first", ["webhook", "inbox"])
async def test_a_text_is_taken_once_whichever_way_it_comes_first(here: Here, first: str) -> None:
    await nudged_here(here)
    here.world.clock.at += MINUTE
    here.double.arrive(PHONE, "LATER")
    both = [here.post_all, partial(here.poller.run_once, here.world.clock.now())]

    for way in both if first == "webhook" else reversed(both):
        await way()  # type: ignore[operator]

    assert here.replies() == ["LATER"]


async def test_a_text_that_is_posted_twice_under_two_event_ids_is_one(here: Here) -> None:
    await nudged_here(here)
    here.double.arrive(PHONE, "LATER")
    here.double.events *= 2
    here.double.events[1].body = here.double.events[0].body.replace(b'"id": "', b'"id": "0')

    assert await here.post_all() == [204, 204]
    assert here.replies() == ["LATER"]


async def test_two_equal_texts_minutes_apart_are_two(here: Here) -> None:
    await nudged_here(here)
    for _ in range(2):
        here.world.clock.at += 2 * MINUTE
        here.double.arrive(PHONE, "LATER")
        await here.post_all()
    await here.poller.run_once(here.world.clock.now())

    assert here.replies() == ["LATER", "LATER"]


async def test_a_text_that_was_posted_to_nobody_is_found_in_the_inbox(here: Here) -> None:
    await nudged_here(here)
    here.world.clock.at += MINUTE
    here.double.arrive(PHONE, "STOP", webhook=False)

    await here.poller.run_once(here.world.clock.now())

    assert here.replies() == ["STOP"]


async def test_a_text_that_reached_the_phone_hours_after_it_was_sent_is_found(here: Here) -> None:
    await nudged_here(here)
    here.world.clock.at += 5 * HOUR
    await here.poller.run_once(here.world.clock.now())
    sent_at = here.world.clock.at - 4 * HOUR
    here.world.clock.at += MINUTE
    here.double.arrive(PHONE, "STOP", sent_at, webhook=False)

    here.poller.missed(here.world.clock.now())
    await here.poller.run_once(here.world.clock.now())

    assert here.replies() == ["STOP"]
    maya = here.world.store.people.person("maya")
    assert maya is not None
    assert maya.standing.opted_out


async def test_an_inbox_of_many_pages_is_read_whole(here: Here) -> None:
    for second in range(1, 1202):
        here.double.arrive("+447700900777", f"{second}", MONDAY_NINE + timedelta(seconds=second))
    here.world.clock.at += HOUR

    assert len(await here.channel.list_inbound(MONDAY_NINE)) == 1201


async def test_a_stop_that_is_posted_twelve_hours_late_holds_and_an_old_later_puts_nothing_off(
    here: Here,
) -> None:
    await nudged_here(here)
    here.double.arrive(PHONE, "LATER")
    here.world.clock.at += 12 * HOUR
    await here.post_all()
    late = here.world.store.people.agenda("maya", MONDAY_NINE.date())
    here.double.arrive(PHONE, "STOP", here.world.clock.at - 11 * HOUR)
    await here.post_all()

    assert [one for one in late if one.round] == []
    maya = here.world.store.people.person("maya")
    assert maya is not None
    assert maya.standing.opted_out


@pytest.mark.parametrize("minutes", [-5.1, 5.1])
async def test_a_signature_that_is_old_or_of_the_future_is_refused(here: Here, minutes: float) -> None:
    here.double.arrive(PHONE, "STOP")

    answer = await here.post(here.double.events[0].body, here.world.clock.now() + minutes * MINUTE)

    assert (answer.status, here.taken) == (403, [])


async def test_a_forged_text_changes_nothing(here: Here) -> None:
    here.double.arrive(PHONE, "STOP")
    body = here.double.events[0].body

    assert (await here.post(body, **{"x-signature": "0" * 64})).status == 403
    assert (await here.post(body, **{"x-signature": ""})).status == 401
    assert (await here.post(body, **{"x-timestamp": "1e9"})).status == 403
    stamp = str(int(here.world.clock.now().timestamp()))
    other = signature(body, stamp)
    changed = body.replace(b"STOP", b"STAR")
    assert (await here.post(changed, **{"x-signature": other})).status == 403
    assert here.taken == []


async def test_without_a_signature_nothing_is_read(here: Here) -> None:
    body = Body([b"{}"])

    answer = await ask(here.app, "POST", PATH, {}, body=body)

    assert (answer.status, body.read) == (401, 0)


def test_an_empty_key_signs_nothing() -> None:
    assert not signed("", b"{}", "1", signature(b"{}", "1", ""), datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": "sms:received", "payload": {}}', b"\xff", b'{"payload": 1}']
)
async def test_what_is_signed_and_cannot_be_read_is_answered_well(here: Here, body: bytes) -> None:
    assert (await here.post(body)).status == 204  # posted again for two days, it would hold up all others
    assert here.taken == []


@pytest.mark.parametrize(
    ("event", "state"),
    [("sms:sent", State.SENT), ("sms:delivered", State.DELIVERED), ("sms:cancelled", State.CANCELLED)],
)
async def test_what_became_of_a_text_is_taken_from_its_event(here: Here, event: str, state: State) -> None:
    await nudged_here(here)

    here.double.tell(event, {"messageId": here.world.sms.sent[0].message})
    await here.post_all()

    assert states(here.world) == {state: 1}


async def test_only_a_text_that_expired_on_the_phone_goes_out_again(here: Here) -> None:
    await nudged_here(here)

    for reason in ("TTL expired", "Send result: RESULT_ERROR_NO_SERVICE"):
        here.double.tell("sms:failed", {"messageId": here.world.sms.sent[-1].message, "reason": reason})
        await here.post_all()
        await here.world.until(here.world.clock.at + 5 * MINUTE)

    assert here.world.texts == ["A rest?", "A rest?"]
    assert states(here.world) == {State.FAILED: 1}


async def test_an_event_of_somebody_elses_text_changes_nothing(here: Here) -> None:
    here.double.tell("sms:sent", {"messageId": "theirs"})

    assert await here.post_all() == [204]


async def test_a_text_that_came_as_a_picture_message_is_read_by_its_words(here: Here) -> None:
    await nudged_here(here)
    picture = {"messageId": "7", "sender": PHONE, "body": "STOP", "receivedAt": "2026-11-23T10:00:00Z"}
    here.double.tell("mms:downloaded", picture)

    await here.post_all()

    assert here.replies() == ["STOP"]


async def test_webhooks_are_registered_under_the_same_ids_at_each_start(here: Here) -> None:
    before = dict(here.double.webhooks)
    again = LookingAfter(here.channel.gateway, here.phone, here.reports, URL, here.back.append)

    await again.run_once(here.world.clock.now())

    assert here.double.webhooks == before
    assert {one["event"]: name for name, one in before.items()} == WEBHOOKS
    assert {one["url"] for one in before.values()} == {URL}


async def test_a_low_battery_and_a_lost_network_are_alarms_as_long_as_they_last(here: Here) -> None:
    here.double.checks["battery:level"] = {"status": "warn", "observedValue": 14}
    here.double.checks["connection:status"] = {"status": "fail", "observedValue": 0}
    here.double.ping()
    await here.post_all()
    standing = [one for one in here.world.store.alarms.alarms() if one.cleared_at is None]

    here.double.checks["battery:level"]["status"] = here.double.checks["connection:status"]["status"] = "pass"
    here.double.ping()
    await here.post_all()

    assert [(one.key, one.words) for one in standing] == [
        (ILL, "the phone that sends texts: its battery is low (14 %); it has no network")
    ]
    assert [one for one in here.world.store.alarms.alarms() if one.cleared_at is None] == []


async def test_a_phone_that_is_away_for_ten_minutes_is_an_alarm_and_its_return_has_the_inbox_read(
    here: Here,
) -> None:
    await here.double.refuse_connections()
    for _ in range(12):
        here.world.clock.at += MINUTE
        await here.duty.run_once(here.world.clock.now())
    away = [one.key for one in here.world.store.alarms.alarms() if one.cleared_at is None]
    await here.double.listen()
    await here.duty.run_once(here.world.clock.now())

    assert away == ["smsgate away"]
    assert here.back == [here.world.clock.now()]
    assert [one for one in here.world.store.alarms.alarms() if one.cleared_at is None] == []


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("+447700900123", "+447700900123"),
        ("07700 900123", "+447700900123"),
        ("60777", "60777"),
        ("BANK", "BANK"),
        ("+44 7700-900123", "+447700900123"),
    ],
)
def test_a_sender_is_known_by_the_number_that_plans_have(sender: str, address: str) -> None:
    assert address_of(sender, "GB") == address


def test_the_inbox_and_a_webhook_name_the_same_text_alike() -> None:
    row = {"id": "text:-1", "type": "SMS", "sender": PHONE, "createdAt": "2026-11-23T11:00:00+01:00"}
    posted = {"messageId": "ffffffff", "sender": PHONE, "receivedAt": "2026-11-23T10:00:00.000Z"}
    body = gson({"event": "sms:received", "payload": posted})
    from_inbox = read_row(row, TEN, None)

    from_webhook = read_event(body, TEN, None)

    assert isinstance(from_inbox, Inbound)
    assert isinstance(from_webhook, Inbound)
    assert from_inbox.provider_id == from_webhook.provider_id
    assert PHONE not in from_inbox.provider_id


async def test_what_became_of_a_text_is_asked_for_where_no_event_tells(here: Here) -> None:
    await nudged_here(here)
    message = here.world.sms.sent[0].message
    await here.channel.send(replace(TEXT, message=message))
    await here.double.work()
    here.double.deliver(here.double.texts[message])
    here.double.events.clear()  # all lost

    await here.duty.run_once(here.world.clock.now())

    assert states(here.world) == {State.DELIVERED: 1}
