"""Signed links: what one may do, for whom, and until when, in forty characters or so of an address.

Whoever holds a link may do what it says, and nothing else: the signature covers all of it. There is
nothing to look up, so a link costs no row and works on every host that has the key.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from struct import Struct

from nudger.domain.model import ChannelName

KEY_BYTES = 32  # RFC 2104: at least the length of the hash
LONGEST = 128  # characters; a person's id has 64 at most

_PURPOSE = b"nudger link 1\0"  # the key signs nothing else under these words
_MAC_BYTES = 16  # of 32, RFC 2104, 5: half of a hash is enough, and an address stays short
_HEAD = Struct(">BBI")  # action, channel with the length of the entry's number, expiry


class Action(StrEnum):
    """What a link does."""

    LATER = "later"
    DONE = "done"
    SKIP = "skip"
    PAUSE = "pause"
    STOP = "stop"  # no more on this channel
    CONFIRM = "confirm"  # consent on this channel
    ME = "me"  # the person's own page
    CALENDAR = "calendar"  # their coming nudges, for a calendar to subscribe to


# As they stand in links that are out there: these numbers never change.
_ACTIONS = {
    Action.LATER: 1,
    Action.DONE: 2,
    Action.SKIP: 3,
    Action.PAUSE: 4,
    Action.STOP: 5,
    Action.CONFIRM: 6,
    Action.ME: 7,
    Action.CALENDAR: 8,
}
_CHANNELS = {ChannelName.SMS: 1, ChannelName.EMAIL: 2}
_BY_NUMBER = {number: action for action, number in _ACTIONS.items()}
_BY_CHANNEL = {number: channel for channel, number in _CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says. `occurrence` is the entry of the agenda that it is bound to, 0 for none."""

    action: Action
    person: str
    channel: ChannelName
    expires_at: datetime  # whole seconds
    occurrence: int = 0


class Forged(Exception):
    """This token was not made with this key, or not whole."""


class Expired(Exception):
    """This token was right once."""

    def __init__(self, link: Link) -> None:
        super().__init__("the link has expired")
        self.link = link


def sign(link: Link, key: bytes) -> str:
    """Returns the token of a link: URL-safe as it is."""
    number = link.occurrence.to_bytes((link.occurrence.bit_length() + 7) // 8)
    head = _HEAD.pack(
        _ACTIONS[link.action], _CHANNELS[link.channel] << 4 | len(number), int(link.expires_at.timestamp())
    )
    body = head + number + link.person.encode()
    return urlsafe_b64encode(body + _mac(body, key)).rstrip(b"=").decode()


def read(token: str, key: bytes, now: datetime) -> Link:
    """Returns the link of a token. Raises Forged, or Expired from its expiry on."""
    raw = _decoded(token)
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(body) <= _HEAD.size or not hmac.compare_digest(mac, _mac(body, key)):
        raise Forged
    link = _link(body)
    if now >= link.expires_at:
        raise Expired(link)
    return link


def _link(body: bytes) -> Link:
    """What a signed body says: only we have made it."""
    action, channel, expiry = _HEAD.unpack_from(body)
    person_at = _HEAD.size + (channel & 0x0F)
    return Link(
        _BY_NUMBER[action],
        body[person_at:].decode(),
        _BY_CHANNEL[channel >> 4],
        datetime.fromtimestamp(expiry, UTC),
        int.from_bytes(body[_HEAD.size : person_at]),
    )


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, sha256)[:_MAC_BYTES]


def _decoded(token: str) -> bytes:
    """The bytes, if they are written in the one way in which `sign` writes them."""
    if len(token) > LONGEST or not token.isascii():
        raise Forged
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except NotBase64:
        raise Forged from None
    # base64 passes over what is none of its letters, and over the last bits: one token, one spelling.
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise Forged
    return raw
