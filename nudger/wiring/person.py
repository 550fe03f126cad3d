"""The door to a person's own page, and the address that leads there."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from nudger.core import Core
from nudger.delivery.follow import Card, own_page
from nudger.delivery.mine import Mine
from nudger.delivery.own_page import OwnPage
from nudger.delivery.ports import Clock, Store
from nudger.model import ChannelName
from nudger.settings import Settings
from nudger.web.doors import PersonDoors
from nudger.web.throttle import TokenDoor
from nudger.wiring.links import leads_somewhere, link_key


def own_pages(
    settings: Settings, store: Store, base: Callable[[], str]
) -> Callable[[str, ChannelName, datetime], str] | None:
    """Gives the address of somebody's own page, below `base`, as a message on this channel may hold it."""
    if not leads_somewhere(settings):
        return None
    key = link_key(store)
    return lambda person, channel, now: own_page(base(), person, channel, key, now)


def person_doors(
    core: Core, store: Store, clock: Clock, wake: Callable[[], None], door: TokenDoor
) -> PersonDoors | None:
    """None where no link can lead here."""
    if not leads_somewhere(core.settings):
        return None
    mine = Mine(store, core.responder, core.decider, link_key(store))

    async def look(token: str, languages: Sequence[str], notice: str) -> OwnPage | Card:
        return await asyncio.to_thread(mine.look, token, languages, clock.now(), notice)

    async def press(token: str, step: str, languages: Sequence[str]) -> str | Card:
        notice = await asyncio.to_thread(mine.press, token, step, languages, clock.now())
        wake()
        return notice

    async def export(token: str, languages: Sequence[str]) -> str | Card:
        return await asyncio.to_thread(mine.export, token, languages, clock.now())

    async def ask_erase(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(mine.ask_erase, token, languages, clock.now())

    async def erase(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(mine.erase, token, languages, clock.now())

    origin = core.settings.public_url and "/".join(core.settings.public_url.split("/")[:3])
    return PersonDoors(look, press, export, ask_erase, erase, mine.busy, door, origin)
