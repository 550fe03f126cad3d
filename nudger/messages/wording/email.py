"""An email as its parts: plain text first, and a plain HTML page that any reader can take in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from nudger.domain.model import Contact
from nudger.domain.tokens import Action
from nudger.messages.wording.texts import Texts, without_form
from nudger.messages.wording.wording import Wording

# The links that may stand below an email, in their order, and the key of their words.
_CALL = {Action.CONFIRM: "confirm_link"}
_QUIET = {
    Action.LATER: "later_link",
    Action.DONE: "done_link",
    Action.SKIP: "skip_link",
    Action.PAUSE: "pause_link",
    Action.ME: "own_link",
    Action.STOP: "stop_link",
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link and its words."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class EmailParts:
    """What a mail holds."""

    subject: str  # one line
    text: str
    html: str


def compose(
    text: str,
    subject: str,
    voice: str,
    wording: Wording,
    *,
    links: Mapping[Action, str] | None = None,
    stop_address: str = "",
    contact: Contact | None = None,
) -> EmailParts:
    """Composes `text` with a footer: that it is automated, and in one quiet line what a person can do about
    it.

    `links` are the addresses of those that lead somewhere. CONFIRM is what the text asks for: it
    stands by itself, right below. Where no link stops the emails, a mail to `stop_address` does; where nobody
    reads one either, the footer names the last way there is.
    A `contact` whom the text names is a tap away.
    """
    says, links = wording.texts_of(voice), links or {}
    calls, quiet = _anchors(says, links, _CALL), _anchors(says, links, _QUIET)
    ways = list(ways_to(contact, says)) if contact is not None else []
    automated = says.say("email", "automated", {})
    stop = "" if Action.STOP in links else _without_a_link(says, stop_address)
    line = " ".join(subject.split())
    html = wording.email.render(
        language=without_form(voice),
        subject=line,
        paragraphs=[paragraph.splitlines() for paragraph in text.split("\n\n")],
        ways=ways,
        calls=calls,
        links=quiet,
        automated=automated,
        stop=stop,
    )
    body = "\n\n".join([text, *map(_written, ways), *map(_written, calls)])
    footer = "\n".join(part for part in (*map(_written, quiet), automated, stop) if part)
    return EmailParts(line, f"{body}\n\n-- \n{footer}\n", html)


def links_below(wording: Wording, voice: str, links: Mapping[Action, str]) -> list[Anchor]:
    """Puts these links into the words and the order in which an email has them."""
    return _anchors(wording.texts_of(voice), links, {**_CALL, **_QUIET})


def ways_to(contact: Contact, texts: Texts) -> Iterator[Anchor]:
    """Returns a text and a call to their number, a mail to their address: each begun with a hello to
    change."""
    values = {"contact": contact.name}
    hello = _escaped(texts.say("email", "hello", values))
    if contact.phone is not None:
        # RFC 5724, 2.2 and RFC 3966, 3: a global number, here without visual separators.
        yield Anchor(texts.say("email", "text_contact", values), f"sms:{contact.phone}?body={hello}")
        yield Anchor(texts.say("email", "call_contact", values), f"tel:{contact.phone}")
    if contact.email is not None:
        # RFC 6068, 2: whatever is no unreserved character is escaped, but for the @ between its parts.
        local, _, domain = contact.email.rpartition("@")
        address = f"{_escaped(local)}@{domain}"
        yield Anchor(texts.say("email", "mail_contact", values), f"mailto:{address}?body={hello}")


def _anchors(says: Texts, links: Mapping[Action, str], keys: Mapping[Action, str]) -> list[Anchor]:
    return [Anchor(says.say("email", key, {}), links[one]) for one, key in keys.items() if one in links]


def _without_a_link(says: Texts, stop_address: str) -> str:
    if stop_address:
        return says.say("email", "stop_by_mail", {"address": stop_address})
    return says.say("email", "stop_by_hand", {})


def _written(anchor: Anchor) -> str:
    return f"{anchor.words}: {anchor.address}"


def _escaped(text: str) -> str:
    return quote(text, safe="")
