"""The pages, and their ways into the rest of nudger."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice

from nudger.channels.signature import signed
from nudger.channels.twilio_statuses import report_of
from nudger.clock import FastClock
from nudger.core import Core
from nudger.daemon import Daemon
from nudger.delivery.follow import links_of
from nudger.delivery.ports import Clock, Store
from nudger.delivery.reports import Reports
from nudger.delivery.views import Line
from nudger.messages import Anchor, links_below
from nudger.metrics import Metrics
from nudger.model import Plan
from nudger.readiness import Readiness
from nudger.settings import Settings
from nudger.web.app import Doors, build_app
from nudger.web.doors import ClockDoors
from nudger.web.refusals import Refusals
from nudger.web.serve import serve
from nudger.wiring.board import StoreDesk, board_doors
from nudger.wiring.calendar import calendar_doors
from nudger.wiring.channels import secret
from nudger.wiring.links import link_doors, link_key, token_door
from nudger.wiring.person import person_doors
from nudger.wiring.programs import api_doors, bearer, metrics_doors

MOST_PHONES = 50  # that the on-screen phone offers at once


@asynccontextmanager
async def serving(settings: Settings, doors: Doors) -> AsyncIterator[str]:
    app = build_app(doors)
    async with serve(
        app,
        settings.web_host,
        settings.web_port,
        behind_proxy=settings.behind_proxy,
        refusals=doors.refusals,
    ) as address:
        try:
            yield address
        finally:
            app.state.close()  # event streams end by themselves, so that the server need not cut them


def doors(
    core: Core, store: Store, clock: Clock, daemon: Daemon, metrics: Metrics, readiness: Readiness
) -> Doors:
    settings = core.settings
    token, public_url = secret(settings.twilio_auth_token), settings.public_url

    def right(raw_path: bytes, query: bytes, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
        return signed(token or "", public_url or "", raw_path, query, form, signature)

    async def conversation(after: int, person: str | None) -> Sequence[Line]:
        return await asyncio.to_thread(store.conversation, after, person)

    async def people(only: str | None) -> Sequence[Plan]:
        return await asyncio.to_thread(_plans, store, only)

    async def health() -> Mapping[str, object]:
        vitals = await asyncio.to_thread(store.vitals, clock.now())
        return {"people": vitals.people, "planned": vitals.planned, "unknown": vitals.unknown}

    key = link_key(store)
    desk, programs = StoreDesk(core, store, clock, daemon.wake, key), bearer(settings)
    reports = Reports(store, clock, daemon.wake)

    async def status(message: str, sid: str, status: str, code: str | None) -> None:
        await reports.take(message, report_of(sid, status, code))

    door = token_door(key, clock)
    webhook = settings.sms == "twilio" and token and public_url
    return Doors(
        take_reply=daemon.take,
        signed=right if webhook else None,
        status_callback=status,
        now=clock.now,
        conversation=conversation if settings.sms == "phone" else None,
        people=people,
        changed=daemon.dispatcher.wait_for_change,
        health=health,
        faults=readiness.faults,
        zone=core.zone,
        commands=lambda language: core.wording.texts_of(language).sources["commands"],
        calendar=calendar_doors(core, store, clock, key, door),
        metrics=metrics_doors(core, store, clock, metrics, programs),
        api=api_doors(desk, programs),
        board=board_doors(core, desk, store),
        below=_below(core, store, clock),
        clock=_steered(clock, store, daemon) if isinstance(clock, FastClock) else None,
        links=link_doors(core, store, clock, daemon.wake, door),
        person=person_doors(core, store, clock, daemon.wake, door),
        refusals=Refusals(metrics.refused),
    )


def _below(core: Core, store: Store, clock: Clock) -> Callable[[Line, str], Sequence[Anchor]]:
    """The links that an email would have: on the on-screen phone they lead to this very machine."""
    key = link_key(store)

    def below(line: Line, voice: str) -> Sequence[Anchor]:
        return links_below(core.wording, voice, links_of(line, "", key, clock.now()))

    return below


def _steered(clock: FastClock, store: Store, daemon: Daemon) -> ClockDoors:
    """Each step is also a reason for the daemon to look again: it had been told how long to wait."""

    def run(factor: float) -> None:
        clock.run(factor)
        daemon.wake()

    async def jump() -> None:
        next_at = await asyncio.to_thread(store.next_due_at)
        if next_at is not None:
            clock.advance_to(next_at)
            daemon.wake()

    return ClockDoors(lambda: clock.factor, run, jump)


def _plans(store: Store, only: str | None) -> list[Plan]:
    if only is not None:
        found = store.person(only)
        people = [found] if found else []
    else:
        people = list(islice(store.people(), MOST_PHONES))
    return [person.plan for person in people if person.standing.removed_at is None]
