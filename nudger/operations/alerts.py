"""The operator is told: what stands, and that it has passed, together and not too often."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from nudger.domain.errors import ChannelError, StoreAway
from nudger.operations.overview import Alarm, TextInNeed
from nudger.operations.port import AlarmStore, NeedStore

AGAIN = timedelta(hours=6)  # a fault that comes and goes is told once in so long
REMIND = timedelta(days=1)  # one that stands is brought to mind
APART = timedelta(minutes=5)  # between two messages: what comes meanwhile comes together
MOST = 20  # lines of one message
FAR_OFF = timedelta(minutes=2)  # this machine's clock from another's
# What keeps nudges from going out; anything else waits for the operator's morning.
URGENT = frozenset({"sms", "email", "queue", "disk", "clock", "tzdata", "restored", "person"})

log = structlog.get_logger("nudger.alerts")


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to the operator. People appear by id; no number, no words of theirs, no secret."""

    title: str
    text: str
    urgent: bool
    keys: tuple[str, ...]


class Teller(Protocol):
    """One way to the operator."""

    async def tell(self, alert: Alert) -> None:
        """Hands it over. Raises ChannelError, without the address."""


class Pinged(Protocol):
    """A watchman elsewhere, who calls the operator when nothing is heard any more."""

    async def ping(self, fault: str) -> datetime | None:
        """Says that all is well, or `fault`. Returns the watchman's time. Raises ChannelError."""


@dataclass(slots=True)
class Telling:
    """The duty that tells the operator of alarms, once in a fleet."""

    store: AlarmStore
    needs: NeedStore
    tellers: Sequence[Teller]
    host: str
    _told_at: datetime | None = None

    async def run_once(self, now: datetime) -> int:
        """Claims what is news and tells it in one message; gives it back where nobody takes it. Of who needs
        a person it tells at once, and apart."""
        texts = await asyncio.to_thread(self.needs.claim_needs, now)
        if texts and not await self._tell(of_needs(texts, self.host)):
            await asyncio.to_thread(self.needs.give_back_needs, texts)
        if self._told_at is not None and timedelta(0) <= now - self._told_at < APART:
            return 0
        news = await asyncio.to_thread(self.store.claim_alerts, now, AGAIN, REMIND)
        if not news:
            return 0
        self._told_at = now
        if not await self._tell(compose(news, self.host)):
            await asyncio.to_thread(self.store.give_back_alerts, news)
        return 0

    async def _tell(self, alert: Alert) -> bool:
        return any(await asyncio.gather(*(_told(teller, alert) for teller in self.tellers)))


@dataclass(slots=True)
class TellingOfOutage:
    """The duty that tells the operator that the database is away, which no alarm in it can say; and that it
    is back. Every daemon of a fleet tells of its own."""

    outage: Callable[[], str | None]  # what the operator has to know; None: nothing
    tellers: Sequence[Teller]
    host: str
    _told: str | None = None
    _told_at: datetime | None = None

    async def run_once(self, now: datetime) -> int:
        """Tells once of what stands, and each day again."""
        words = self.outage()
        if words is not None and not self._is_old(words, now):
            if await self._tell(Alert(f"nudger on {self.host}: database", words, True, ("database",))):
                self._told, self._told_at = words, now
        elif words is None and self._told is not None:
            text = f"Passed at {now:%Y-%m-%d %H:%M} UTC: {self._told}"
            if await self._tell(
                Alert(f"nudger on {self.host}: database, passed", text, False, ("database",))
            ):
                self._told = None
        return 0

    def _is_old(self, words: str, now: datetime) -> bool:
        return words == self._told and self._told_at is not None and now - self._told_at < REMIND

    async def _tell(self, alert: Alert) -> bool:
        return any(await asyncio.gather(*(_told(teller, alert) for teller in self.tellers)))


@dataclass(slots=True)
class Pinging:
    """The duty that tells a watchman elsewhere each minute that nudger works, or what keeps it from it."""

    store: AlarmStore
    watchman: Pinged
    host: str

    async def run_once(self, now: datetime) -> int:
        """Pings; compares the clocks, as the answer names the time."""
        try:
            theirs = await self.watchman.ping("\n".join(await asyncio.to_thread(self._faults)))
        except ChannelError as fault:
            log.warning("ping_failed", fault=fault.message)
            return 0
        if theirs is not None:
            await asyncio.to_thread(self._compare, theirs, now)
        return 0

    def _faults(self) -> list[str]:
        try:
            stands = self.store.alarms()
        except StoreAway as fault:
            return [fault.message]
        return [one.words for one in stands if one.cleared_at is None and is_urgent(one)]

    def _compare(self, theirs: datetime, now: datetime) -> None:
        off = now - theirs
        if abs(off) < FAR_OFF:
            self.store.clear_alarm(f"clock {self.host}", now)
            return
        which = "ahead of" if off > timedelta(0) else "behind"
        words = (
            f"the clock of {self.host} is {abs(off).total_seconds():.0f} s {which} the clock of PING_URL: "
        )
        self.store.raise_alarm(f"clock {self.host}", words + "nudges go out by it. Look: timedatectl", now)


async def _told(teller: Teller, alert: Alert) -> bool:
    try:
        await teller.tell(alert)
    except ChannelError as fault:
        log.error("alert_not_told", fault=fault.message, keys=alert.keys)
        return False
    return True


def compose(news: Sequence[Alarm], host: str) -> Alert:
    """Composes one message of all that is news: what stands first."""
    stands = [one for one in news if one.cleared_at is None]
    lines = [_line(one) for one in news[:MOST]]
    if len(news) > MOST:
        lines.append(f"and {len(news) - MOST} more: nudger status")
    what = news[0].key if len(news) == 1 else f"{len(news)} alarms"
    title = f"nudger on {host}: {what}{'' if stands else ', passed'}"
    return Alert(title, "\n\n".join(lines), any(map(is_urgent, stands)), tuple(one.key for one in news))


def of_needs(texts: Sequence[TextInNeed], host: str) -> Alert:
    """One message of who needs a person: by id and time alone, for it goes through the hands of others."""
    lines = [f"{text.person} wrote at {text.at:%Y-%m-%d %H:%M} UTC." for text in texts[:MOST]]
    if len(texts) > MOST:
        lines.append(f"And {len(texts) - MOST} more.")
    people = sorted({text.person for text in texts})
    who = f"{people[0]} needs" if len(people) == 1 else f"{len(people)} people need"
    lines.append("Why, and what to do: nudger status, or the board")
    keys = tuple(f"need {person}" for person in people)
    return Alert(f"nudger on {host}: {who} a person", "\n".join(lines), True, keys)


def is_urgent(alarm: Alarm) -> bool:
    return alarm.key.split()[0] in URGENT


def _line(alarm: Alarm) -> str:
    if alarm.cleared_at is not None:
        return f"Passed at {alarm.cleared_at:%Y-%m-%d %H:%M} UTC: {alarm.words}"
    return f"Since {alarm.since:%Y-%m-%d %H:%M} UTC: {alarm.words}"
