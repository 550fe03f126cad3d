"""A state in which much has happened to two people, with a row in every table; and all that nudger ever does
with it, once."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from nudger.agenda.entries import Failure, Report, Stage
from nudger.agenda.laying_out import TryingAgain
from nudger.app.core import Core
from nudger.app.running import build_daemon
from nudger.app.settings import load
from nudger.app.web import build_desk, calendar_pages, link_key
from nudger.domain.effects import Answer, Hold, OptOut, Pause, Snooze
from nudger.domain.errors import Problem, UsageError
from nudger.domain.model import ChannelName, Contact, Kind, State
from nudger.domain.tokens import Action, Link, sign
from nudger.inbound.email_links import Links
from nudger.inbound.poller import Poller
from nudger.inbound.port import Inbound
from nudger.inbound.self_service.page import Mine
from nudger.operations.metrics import Metrics, Reading
from nudger.operations.overview import Apart, PeopleWanted
from nudger.sending.port import Listed
from nudger.sending.receipts import Reconciling
from nudger.store import Stores
from nudger.store.schema.shared import counter, sender
from nudger.store.schema.tables import contact_word, missing_plan, plan_file
from nudger.web.board.desk import calendar_path
from tests.support.worlds.delivery import ScriptedChannel, SteppedClock
from tests.support.worlds.delivery import World as Delivery
from tests.support.worlds.store import DAY, EMAIL, HOUR, MAYA_PHONE, NOON, SMS, World, plan, slot
from tests.support.worlds.web import World as Pages

JO_PHONE = "+447700900124"
SAM = Contact("Sam", "brother", "+447700900999", tell="2026-11-20, on paper", agreed="2026-11-21, by text")
MAYA = plan(contacts=(SAM,), country="GB", daily_limit=8)
JO = plan("jo", phone=JO_PHONE, channels=(SMS, EMAIL), country="GB", daily_limit=8)
INES = plan("ines", consent=None)
ENDED = NOON - HOUR


def lived(store: Stores) -> None:
    """Maya's and Jo's mornings; at noon something is due for both."""
    world = World(store)
    world.now = NOON - 4 * HOUR
    problem = Problem("plans/noor.toml", 3, 1, "at", "expected a time", "", "error")
    world.load(MAYA, JO, INES, plan("gone"), plan("away"), problems=[problem])
    for name in ("maya", "jo"):
        world.lay_out(name, *(slot(NOON - (3 - number) * HOUR, number + 1) for number in range(5)))
    world.now = NOON - 3 * HOUR
    (first,) = (sending for sending in world.deliver() if sending.person == "maya")
    world.text(Snooze(first.occurrence, NOON + 2 * HOUR), Answer("It comes again at 2 pm."))
    world.now = NOON - 2 * HOUR
    for sending in world.claim().sendings:
        if sending.person == "maya" and not sending.text.startswith("It"):
            world.fail(sending, Failure.AMBIGUOUS)
        else:
            world.accept(sending)
    world.now = NOON - HOUR
    world.claim(owner="a daemon that was killed")
    world.text(Answer("Noted."))
    world.act(Pause(NOON + DAY), person="away")
    world.text(OptOut(frozenset({EMAIL}), "texted STOP"), address="jo@example.org")
    world.act(Hold(), person="away")
    world.store.people.forget("gone")
    world.store.agenda.ask_for_consent(world.now, 10, lambda _person, _channel: world.now)
    world.store.alarms.raise_alarm("disk alpha", "full", world.now)
    world.store.alarms.raise_alarm("queue", "stuck", world.now)
    world.store.alarms.clear_alarm("queue", world.now)
    world.store.statistics.tally(NOON.date(), NOON.date())
    world.store.agenda.set_aside({"away": ValueError()}, 1, "judging", world.now)
    world.store.restore.mark(world.now)
    for key in ("link key", "board secret"):
        world.store.upkeep.secret(key)
    world.store.facts.remember("first_start", ENDED.isoformat())
    world.store.facts.take_turn("tally", timedelta(0))
    with (
        store.transactions.database.write() as connection
    ):  # what takes a folder and a provider to come about
        connection.execute(insert(plan_file).values(file="plans/maya.toml", mark="as it was", lends=False))
        connection.execute(insert(contact_word).values(address=SAM.phone, stopped=False, at=ENDED))
        connection.execute(insert(counter).values(name="reconciled_found", value=7))
        connection.execute(insert(missing_plan).values(person="ines", host="here", since=ENDED))
        full = {"bucket": 0.5, "filled_at": ENDED, "day": NOON.date(), "day_segments": 7, "failures": 0}
        connection.execute(update(sender).where(sender.c.channel == "sms").values(**full))


class Provider:
    """Knows of nothing that it was given, and of a text from each."""

    def __init__(self, texts: tuple[Inbound, ...]) -> None:
        self.texts = texts

    async def list_outbound(self, _address: str, _since: datetime) -> list[Listed]:
        return []

    async def list_inbound(self, _since: datetime) -> tuple[Inbound, ...]:
        return self.texts


def core_at(url: str, folder: Path) -> Core:
    environ = {
        "NUDGER_DATABASE_URL": url,
        "NUDGER_STATE_DIR": str(folder),
        "NUDGER_PLANS": "push",
        "NUDGER_SMS": "phone",
        "NUDGER_EMAIL": "phone",
        "NUDGER_PUBLIC_URL": "https://nudger.example.org",
        "HOME": str(folder),
    }
    return Core(load(None, environ, folder))


@dataclass
class Life:
    """One run of everything, on a store that may be spoilt; what failed, by name."""

    core: Core
    store: Stores
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(NOON))
    sms: ScriptedChannel = field(default_factory=ScriptedChannel)
    failed: dict[str, Exception] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def go_through(self) -> None:
        for name, what in (*self.duties(), *self.inbound(), *self.looks(), *self.endings()):
            try:
                done = what()
                if asyncio.iscoroutine(done):
                    await done
            except Exception as fault:
                self.failed[name] = fault

    def duties(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        delivery = Delivery(self.core, self.store, self.clock, self.sms)
        delivery.dispatcher.owner = "test"
        doubts = Reconciling(self.store.sending, {SMS: Provider(())})
        trying = TryingAgain(self.store.agenda, self.core.decider, self.core.zone, "nudger")
        yield "recover", lambda: self.store.sending.recover("test", self.now)
        yield "try all again", lambda: self.store.agenda.try_all_again(self.now)
        yield "lay out", lambda: delivery.laying_out.run_once(self.now)
        yield "ask", lambda: delivery.asking.run_once(self.now)
        yield "dispatch", delivery.tick
        yield "dispatch again", delivery.tick
        yield "reconcile", lambda: doubts.run_once(self.now)
        yield "try again", lambda: trying.run_once(self.now)
        yield "dispatch once more", delivery.tick
        yield "the daemon's", self._daemon
        yield "an edit", self._edit

    async def _daemon(self) -> None:
        daemon = build_daemon(self.core, self.store, self.clock)
        for duty in daemon.duties:
            try:
                await duty.run_once(self.now)
            except Exception as fault:
                self.failed[f"duty {duty.name}"] = fault
        if daemon.close is not None:
            await daemon.close()

    def _edit(self) -> None:
        world = World(self.store)
        world.now = self.now
        world.load(replace(MAYA, name="Maya B."), replace(JO, daily_limit=7), INES, plan("away"))

    def inbound(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        delivery = Delivery(self.core, self.store, self.clock, self.sms)
        texts = tuple(
            Inbound(f"{number}-{words}", SMS, address, words, self.now)
            for number, (address, words) in enumerate(
                (
                    (MAYA_PHONE, "later"),
                    (MAYA_PHONE, "I want to kill myself"),
                    (JO_PHONE, "done"),
                    (MAYA_PHONE, "STOP"),
                )
            )
        )
        poller = Poller(
            Provider(texts),
            delivery.inbox.take,
            self.store.inbound,
            self.store.facts,
            self.store.restore,
            ENDED,
        )
        links = Links(self.store.inbound, self.store.people, self.core.responder, link_key(self.store))
        mine = Mine(
            self.store.inbound,
            self.store.people,
            self.core.responder,
            self.core.decider,
            link_key(self.store),
        )
        yield "poll", lambda: poller.run_once(self.now)
        yield "answers", delivery.tick
        for action in (Action.LATER, Action.PAUSE, Action.STOP):
            token = self._token(action, EMAIL, 2)
            yield f"look at {action}", lambda token=token: links.look(token, ("en",), self.now)
            yield f"press {action}", lambda token=token: links.press(token, ("en",), self.now)
        own = self._token(Action.ME, EMAIL, 0)
        yield "own page", lambda: mine.look(own, ("en",), self.now)
        yield "own step", lambda: mine.press(own, "pause-day", ("en",), self.now)
        yield "own export", lambda: mine.export(own, ("en",), self.now)
        yield "own erasing", lambda: mine.ask_erase(own, ("en",), self.now)
        yield "contact", lambda: self.store.inbound.contact_said(str(SAM.phone), True, self.now)
        for line in self.store.people.conversation(person="jo")[:1]:
            yield (
                "report of nobody",
                lambda line=line: self.store.sending.report(str(line), _report(), self.now),
            )
        for message in self._messages():
            yield (
                f"report {message}",
                lambda message=message: self.store.sending.report(message, _report(), self.now),
            )

    def _token(self, action: Action, channel: ChannelName, entry: int) -> str:
        link = Link(action, "maya", channel, (self.now + DAY).replace(microsecond=0), entry)
        return sign(link, link_key(self.store))

    def _messages(self) -> list[str]:
        with self.store.transactions.database.read() as connection:
            return list(connection.exec_driver_sql("SELECT id FROM message").scalars())

    def looks(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        store, now = self.store, self.now
        desk = build_desk(self.core, store, self.clock, Pages())
        for person in ("maya", "jo"):
            yield f"person {person}", lambda person=person: store.people.person(person)
            yield f"writer {person}", lambda person=person: store.inbound.writer(person, now)
            yield f"log {person}", lambda person=person: store.people.log(person, 100)
            yield f"agenda {person}", lambda person=person: store.people.agenda(person, date.min)
            yield f"export {person}", lambda person=person: store.people.export(person)
            yield f"lines {person}", lambda person=person: store.people.last_lines(person)
            yield f"plan state {person}", lambda person=person: store.overview.plan_state(person)
            yield f"desk {person}", lambda person=person: desk.view(person, 7)
        yield "conversation", store.people.conversation
        yield "status", lambda: store.overview.status(now)
        yield "vitals", lambda: store.overview.vitals(now)
        yield "everyone", lambda: list(store.people.people())
        yield "found", lambda: store.overview.find_people(PeopleWanted(), now)
        for apart in Apart:
            yield (
                f"found {apart}",
                lambda apart=apart: store.overview.find_people(PeopleWanted(apart=apart), now),
            )
        yield "coming", store.overview.coming
        yield "unknown", store.overview.unknown
        for state in State:
            yield f"past {state}", lambda state=state: store.overview.past(frozenset({state}), now)
        yield "problems", store.overview.plan_problems
        yield "faulty", store.overview.faulty_files
        yield "alarms", store.alarms.alarms
        yield "alerts", lambda: store.alarms.give_back_alerts(store.alarms.claim_alerts(now, HOUR, DAY))
        yield "counters", store.statistics.counters
        yield "span", lambda: store.statistics.span(NOON.date() - 7 * DAY, NOON.date())
        yield "tally", lambda: store.statistics.tally(NOON.date() - 7 * DAY, NOON.date())
        yield "places", store.overview.places
        yield "overview", desk.overview
        yield "metrics", self._metrics
        yield "calendar", self._calendar
        yield "who is set aside", store.agenda.those_set_aside
        yield "restored", store.restore.restored
        yield "marked", store.restore.marked
        yield "doubtful", lambda: store.overview.doubtful(NOON - DAY, NOON)

    def _metrics(self) -> None:
        alarms = [one for one in self.store.alarms.alarms() if one.cleared_at is None]
        reading = Reading(
            self.store.overview.vitals(self.now), len(alarms), self.store.statistics.counters(), self.now
        )
        Metrics().page(reading, "text/plain")

    def _calendar(self) -> None:
        key = link_key(self.store)
        pages = calendar_pages(self.core, self.store, self.clock, key, None)  # type: ignore[arg-type]
        known = self.store.people.person("maya")
        if known is not None:
            pages.feed(calendar_path(known, key, self.now).rpartition("/")[2].removesuffix(".ics"))

    def endings(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        store = self.store
        desk = build_desk(self.core, store, self.clock, Pages())
        yield "pause", lambda: self._act(desk.pause, "in 3 days")
        yield "resume", lambda: self._act(desk.lift)
        yield "send", lambda: self._act(desk.send, Kind.REST)
        yield "blank", lambda: store.upkeep.blank(NOON + 500 * DAY)
        yield "clear away", lambda: store.upkeep.clear_away(NOON + 500 * DAY)
        yield "abandon", lambda: store.sending.abandon(NOON + DAY)
        yield "forget", lambda: store.people.forget("maya")

    async def _act(self, act: Callable[..., Any], *what: Any) -> None:

        known = self.store.people.person("maya")
        assert known is not None
        with suppress(UsageError):
            await act(known, *what)


def _report() -> Report:
    return Report("SM1", Stage.DELIVERED)
