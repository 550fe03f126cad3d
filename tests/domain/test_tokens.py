"""Links: what was signed comes back, and nothing else does."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.model import ChannelName
from nudger.domain.tokens import KEY_BYTES, LONGEST, Action, Expired, Forged, Link, read, sign

KEY = bytes(range(KEY_BYTES))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINK = Link(Action.LATER, "maya", ChannelName.EMAIL, NOW + timedelta(days=7), 4711)


def raw(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))


LINKS = st.builds(
    Link,
    st.sampled_from(Action),
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True),
    st.sampled_from(ChannelName),
    st.integers(1, 10**6).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(0, 2**63 - 1),
)


@given(LINKS)
def test_what_was_signed_comes_back(link: Link) -> None:
    assert read(sign(link, KEY), KEY, NOW) == link


@given(LINKS)
def test_every_token_is_short_and_url_safe(link: Link) -> None:
    token = sign(link, KEY)

    assert len(token) <= LONGEST
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_an_ordinary_token_has_about_forty_characters() -> None:
    assert len(sign(LINK, KEY)) <= 40


@given(LINKS, st.data())
def test_one_changed_character_is_found(link: Link, data: st.DataObject) -> None:
    token = sign(link, KEY)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda one: one != token[at]))

    with pytest.raises(Forged):
        read(token[:at] + other + token[at + 1 :], KEY, NOW)


@pytest.mark.parametrize("left", range(len(sign(LINK, KEY))))
def test_a_token_that_was_cut_is_found(left: int) -> None:
    with pytest.raises(Forged):
        read(sign(LINK, KEY)[:left], KEY, NOW)


@pytest.mark.parametrize("more", ["A", "AA", "=", "==", " ", "\n", "%00", "é", "A" * 10_000])
def test_a_token_that_was_lengthened_is_found(more: str) -> None:
    with pytest.raises(Forged):
        read(sign(LINK, KEY) + more, KEY, NOW)


@given(st.text())
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(Forged):
        read(text, KEY, NOW)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Forged):
        read(sign(LINK, KEY), bytes(KEY_BYTES), NOW)


@pytest.mark.parametrize(
    "other",
    [
        replace(LINK, occurrence=4712),
        replace(LINK, action=Action.STOP),
        replace(LINK, person="jonas"),
        replace(LINK, channel=ChannelName.SMS),
        replace(LINK, expires_at=LINK.expires_at + timedelta(seconds=1)),
    ],
)
def test_the_signature_of_one_link_is_none_for_another(other: Link) -> None:
    body, signature = raw(sign(other, KEY))[:-16], raw(sign(LINK, KEY))[-16:]
    spliced = urlsafe_b64encode(body + signature).rstrip(b"=").decode()

    with pytest.raises(Forged):
        read(spliced, KEY, NOW)


def test_a_link_ends_at_its_expiry_and_says_which_it_was() -> None:
    token = sign(LINK, KEY)
    assert read(token, KEY, LINK.expires_at - timedelta(microseconds=1)) == LINK

    with pytest.raises(Expired) as ended:
        read(token, KEY, LINK.expires_at)

    assert ended.value.link == LINK
