"""The links of emails: their key, where they lead, and the doors behind them."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from nudger.core import Core
from nudger.delivery.agenda import Sending
from nudger.delivery.follow import Card, links_of
from nudger.delivery.links import Links
from nudger.delivery.ports import Clock, Store
from nudger.settings import Settings
from nudger.tokens import Action, Expired, Forged, read
from nudger.web.doors import LinkDoors
from nudger.web.throttle import Throttle, TokenDoor


def link_key(store: Store) -> bytes:
    """The key that signs links: made once, and the same on every host of this database."""
    return store.secret("link key")


def links_below(core: Core, store: Store, clock: Clock) -> Callable[[Sending], Mapping[Action, str]]:
    """The links of each email; none where there is no address that they could lead to."""
    base = core.settings.public_url
    if base is None:
        return lambda _: {}
    key = link_key(store)
    return lambda sending: links_of(sending, base, key, clock.now())


def leads_somewhere(settings: Settings) -> bool:
    """Whether a link can lead here: else none stands in a message."""
    return settings.public_url is not None or settings.sms == "phone"


def token_door(key: bytes, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> TokenDoor:
    """For the pages that are open to all: one for all of them."""

    def ours(token: str) -> bool:
        try:
            read(token, key, clock.now())
        except Expired:
            return True
        except Forged:
            return False
        return True

    return TokenDoor(ours, Throttle(seconds), Throttle(seconds))


def link_doors(
    core: Core, store: Store, clock: Clock, wake: Callable[[], None], door: TokenDoor
) -> LinkDoors | None:
    """None where no link can lead here: then none stands in an email either."""
    if not leads_somewhere(core.settings):
        return None
    links = Links(store, core.responder, link_key(store))

    async def look(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(links.look, token, languages, clock.now())

    async def press(token: str, languages: Sequence[str]) -> Card:
        card = await asyncio.to_thread(links.press, token, languages, clock.now())
        wake()
        return card

    return LinkDoors(look, press, links.busy, door)
