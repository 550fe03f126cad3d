"""A run on a phone of one's own: the kills of `chaos`, and a phone that is off, slow, and forgets to tell.

What counts as gone is what left the phone, not what it took: so a text that waits there when its person says
STOP has to be taken back, by whichever life of the daemon is there in time.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from nudger.domain.model import ChannelName
from tests.support.doubles.smsgate_double import Behaviour, Refuse, SmsGateDouble, post
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.doubles.twilio_double import Drop, Hang, TwilioDouble
from tests.support.faults import people, weather
from tests.support.faults.chaos import (
    ANSWER,
    FRESH,
    MINUTE,
    START,
    Outcome,
    Run,
    Setup,
    _accepted,
)
from tests.support.faults.nursery import nursery
from tests.support.faults.people import Part, Someone
from tests.support.faults.tally import Accepted, Due, Silence

HOLDS_S = 12.0  # of the machine's time, that a text lies on the phone
KNOWN_S = 10.0  # after a STOP is on record nothing leaves the phone: a daemon that was killed is back by then
LOST, DOUBLED = 0.05, 0.2  # of all webhooks
BAD: tuple[Behaviour, ...] = (
    Refuse(500, "unforeseen"),
    Refuse(500, "unforeseen", taken=True),
    Refuse(502),
    Refuse(503, taken=True),
    Refuse(429, headers={"Retry-After": "3"}),
    Drop(taken=True),
    Drop(taken=False),
    Hang(taken=True),
    Hang(taken=False),
)


async def run(setup: Setup) -> Outcome:
    """Runs it to its end. The folder is empty, or not there."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    random = Random(setup.seed)
    async with nursery(START, setup.speed) as born:
        gathered = people.gather(setup.people, START + MINUTE, setup.span, random)
        known = [_with_a_phone(one) for one in gathered]
        people.write(known, setup.folder / "plans")
        now = born.clock.now
        async with SmsGateDouble(now) as phone, TwilioDouble(now) as unused, SmtpDouble(now=now) as smtp:
            phone.weather = lambda: random.choice(BAD) if random.random() < weather.BAD else None
            phone.holds = timedelta(seconds=HOLDS_S * setup.speed)
            smtp.weather = weather.of_smtp(random)
            made = PhoneRun(setup, random, born, unused, smtp, known, START, None, phone=phone)
            phone.here = made.here
            return await made.to_the_end()


def _with_a_phone(one: Someone) -> Someone:
    """No carrier keeps a list, a number that is none fails without a word, and a mail server cannot be asked
    about what is of unknown end."""
    if one.part not in (*people.NUMBERS, Part.MAIL):
        return one
    return replace(one, part=Part.PLAIN, channels=("sms",), email=None)


@dataclass
class PhoneRun(Run):
    """A run, while it is on."""

    phone: SmsGateDouble = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settings |= self.phone.settings | {"SMS_PER_HOUR": "0"}
        for daemon in self.daemons:
            daemon.settings = self.settings

    def here(self, url: str) -> str:
        return self._here(url)

    async def _outages(self) -> None:
        """Now and then the phone is off, for up to some simulated minutes."""
        while True:
            await asyncio.sleep(self.random.uniform(4, 12))
            await self.phone.refuse_connections()
            await asyncio.sleep(self.random.uniform(0.2, 5))
            await self.phone.listen()

    async def _statuses(self) -> None:
        """The phone works, and tells of it: late, lost and doubled."""
        while True:
            await asyncio.sleep(0.1)
            await self.phone.work()
            for text, _ in self.phone.went_out[-3:]:
                if text.state == "Sent" and self.random.random() < 0.3:
                    self.phone.deliver(text, self.random.choice([1, 1, 2]))
            for event in [*self.phone.events]:
                if self.random.random() < DOUBLED:
                    await post(self.here(event.url), event.body, self.born.clock.now())
            await self.phone.post_all(lost=lambda: self.random.random() < LOST)

    async def _texts(self, one: Someone) -> None:
        """Waits until a nudge of theirs lies on the phone, then texts what they have to say: a STOP has to
        take it back. What is to be put off has left the phone."""
        await self.phone.wait_for(lambda: self._has_nudge(one))
        tried_at = self.born.clock.now()
        self.phone.arrive(one.phone, one.says or "")
        await self._on_record(one)
        if one.part is not Part.SNOOZES:
            known = self.born.clock.now() + timedelta(seconds=KNOWN_S * self.setup.speed)
            self.silences.append(Silence(one.id, "stop", tried_at, known))
        self.answers.append(Due(one.id, ANSWER, tried_at, tried_at + FRESH, answer=True))

    def _has_nudge(self, one: Someone) -> bool:
        texts = (text for text in self.phone.texts.values() if text.text.startswith(f"{one.id} n"))
        wanted = ("Sent", "Delivered") if one.part is Part.SNOOZES else ("Pending",)
        return any(text.state in wanted for text in texts)

    async def _on_record(self, one: Someone) -> None:
        while not await asyncio.to_thread(self._is_on_record, one):  # noqa: ASYNC110  (it is in a file)
            await asyncio.sleep(0.3)

    def _is_on_record(self, one: Someone) -> bool:
        store = self._store()
        try:
            return any(line.inbound for line in store.people.conversation(person=one.id))
        finally:
            store.close()

    def _calm(self) -> bool:
        """The phone's queue is empty, too."""
        waits = any(text.state == "Pending" for text in [*self.phone.texts.values()])
        return not waits and super()._calm()

    def _outcome(self, due: list[Due], codes: list[int]) -> Outcome:
        outcome = super()._outcome(due, codes)
        store = self._store()
        try:
            open_ = [one for one in store.overview.unknown(1000) if one.channel is ChannelName.SMS]
        finally:
            store.close()
        outcome.tally.details += [f"unknown: a text to {one.person}" for one in open_]
        return outcome

    def _accepted(self) -> Iterator[Accepted]:
        by_phone = {one.phone: one.id for one in self.known}
        for text, at in self.phone.went_out:
            yield _accepted(by_phone[text.number], text.text, at)
        yield from super()._accepted()  # emails: nothing goes by Twilio here
