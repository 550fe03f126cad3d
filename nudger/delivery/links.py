"""The links of emails, followed: looked at, nothing happens; pressed, it is done, and the page says so.

Mail scanners and previews open every link that they see (RFC 8058, 1): opening one changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from nudger.delivery.follow import LASTS, Card, Followed, closed
from nudger.delivery.ports import Store
from nudger.delivery.respond import Responder
from nudger.messages import Wording
from nudger.tokens import Expired, Forged, read

ENGLISH = "en"
GONE, NOT_FOUND, TOO_MANY = 410, 404, 429  # RFC 9110

log = structlog.get_logger("nudger.links")


@dataclass(frozen=True, slots=True)
class Links:
    """From a token to a page with one button, and from the button to what it does.

    `languages` are those the browser asks for, best first: for tokens that name nobody.
    """

    store: Store
    responder: Responder
    key: bytes

    def look(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """The page. Changes nothing."""
        found = self._found(token, languages, now)
        return found if isinstance(found, Card) else found.before()

    def press(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Does what the link says, once; pressed again, it says that it is done."""
        found = self._found(token, languages, now)
        if isinstance(found, Card):
            return found
        response = self.store.take_link(
            found.link, found.says("button"), now, lambda writer: replace(found, writer=writer).response()
        )
        if response is None or not response.effects:
            return self.look(token, languages, now)  # used, or gone, meanwhile
        log.info("link", intent=response.intent, channel=str(found.link.channel))
        return found.after(self.key)

    def busy(self, languages: Sequence[str]) -> Card:
        """For an address that asks too often."""
        return self._closed("busy", self._language(languages), TOO_MANY)

    def _found(self, token: str, languages: Sequence[str], now: datetime) -> Card | Followed:
        try:
            link = read(token, self.key, now)
        except Forged:
            return self._closed("forged", self._language(languages), NOT_FOUND)
        except Expired as ended:
            known = self.store.person(ended.link.person)
            return self._closed("over", known.plan.voice if known else self._language(languages), GONE)
        writer = self.store.linked(link) if link.action in LASTS else None
        if writer is None:
            return self._closed("over", self._language(languages), GONE)
        followed = Followed(link, writer, now, self.responder)
        return self._closed("over", followed.plan.voice, GONE) if followed.is_over() else followed

    def _closed(self, section: str, voice: str, status: int) -> Card:
        return closed(self.responder.wording, section, voice, status)

    def _language(self, wanted: Sequence[str]) -> str:
        return language_of(self.responder.wording, wanted)


def language_of(wording: Wording, wanted: Sequence[str]) -> str:
    """The first of the languages wanted that there are words in; else English."""
    ours = wording.languages
    return next((one for one in wanted if one in ours), ENGLISH if ENGLISH in ours else min(ours))
