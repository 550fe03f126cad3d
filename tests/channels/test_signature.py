"""Twilio's signature over the address that Twilio was given, and nothing else."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from nudger.channels.twilio.signature import signed
from tests.support.doubles.twilio_double import AUTH_TOKEN, TwilioDouble

TOKEN = "12345"
PUBLIC = "https://mycompany.com"
# The example of Twilio's own documentation and libraries.
PATH, QUERY = b"/myapp.php", b"foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def sign(url: str, form: list[tuple[str, str]], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, MultiDict(form)))


def test_twilios_own_example_is_signed() -> None:
    assert signed(TOKEN, PUBLIC, PATH, QUERY, FORM, SIGNATURE)


def test_blank_and_repeated_values_are_part_of_what_is_signed() -> None:
    form = [("Body", ""), ("ToCity", ""), ("Media", "b"), ("Media", "a"), ("From", "+447700900123")]
    signature = sign("https://nudger.example.org/twilio/inbound", form)

    assert signed(TOKEN, "https://nudger.example.org", b"/twilio/inbound", b"", form, signature)
    assert not signed(TOKEN, "https://nudger.example.org", b"/twilio/inbound", b"", form[2:], signature)


def test_a_form_parsed_with_its_blanks_is_signed() -> None:
    body = "Body=&From=%2B447700900123&Text=a+b%26c"
    form = parse_qsl(body, keep_blank_values=True)
    signature = sign("https://n.example/twilio/inbound", form)

    assert signed(TOKEN, "https://n.example", "/twilio/inbound", "", form, signature)


def test_a_public_address_with_a_base_path_is_put_before_the_path() -> None:
    signature = sign("https://example.org/nudger/twilio/status/a%20b?x=", [])

    assert signed(TOKEN, "https://example.org/nudger/", b"/twilio/status/a%20b", b"x=", [], signature)


@pytest.mark.parametrize("public", ["https://n.example:443", "https://n.example"])
def test_the_schemes_own_port_may_be_named_or_not(public: str) -> None:
    signature = sign("https://n.example/twilio/inbound", [])

    assert signed(TOKEN, public, b"/twilio/inbound", b"", [], signature)


async def test_webhooks_as_they_come_over_the_wire_are_signed() -> None:
    """A text with blank fields and a status, through a proxy that is not where Twilio thinks it is."""
    results: list[bool] = []

    async def receive(request: web.Request) -> web.Response:
        form = parse_qsl((await request.read()).decode(), keep_blank_values=True)
        given = request.headers["X-Twilio-Signature"]
        path, _, query = request.raw_path.partition("?")
        results.append(signed(AUTH_TOKEN, "https://n.example/base", path, query, form, given))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    async with TwilioDouble() as double, TestServer(app) as server:
        text = (
            str(server.make_url("/twilio/inbound?x=&y=1")),
            "https://n.example/base/twilio/inbound?x=&y=1",
        )
        status = (str(server.make_url("/twilio/status/m%201")), "https://n.example/base/twilio/status/m%201")
        sid = double.arrive("+447700900123", "LATER")
        await double.text(text[0], "+447700900123", "Later – please & thanks 🫖", public=text[1])
        await double.report(status[0], sid, "delivered", public=status[1])
        await double.report(status[0], sid, "delivered")

    assert results == [True, True, False]


CHANGES: dict[str, tuple[Any, ...]] = {
    "another token": ("12346", PUBLIC, PATH, QUERY, FORM, SIGNATURE),
    "no token": ("", PUBLIC, PATH, QUERY, FORM, sign(f"{PUBLIC}/myapp.php?foo=1&bar=2", FORM, "")),
    "http": (TOKEN, "http://mycompany.com", PATH, QUERY, FORM, SIGNATURE),
    "another host": (TOKEN, "https://mycompany.org", PATH, QUERY, FORM, SIGNATURE),
    "another port": (TOKEN, "https://mycompany.com:x", PATH, QUERY, FORM, SIGNATURE),
    "another path": (TOKEN, PUBLIC, b"/myapp.php/", QUERY, FORM, SIGNATURE),
    "no query": (TOKEN, PUBLIC, PATH, b"", FORM, SIGNATURE),
    "another order of the query": (TOKEN, PUBLIC, PATH, b"bar=2&foo=1", FORM, SIGNATURE),
    "a path that is not ascii": (TOKEN, PUBLIC, b"/\xff", QUERY, FORM, SIGNATURE),
    "one value more": (TOKEN, PUBLIC, PATH, QUERY, [*FORM, ("Body", "x")], SIGNATURE),
    "one value less": (TOKEN, PUBLIC, PATH, QUERY, FORM[1:], SIGNATURE),
    "a value that is no text": (TOKEN, PUBLIC, PATH, QUERY, [*FORM, ("Body", 1)], SIGNATURE),
    "a lone surrogate": (TOKEN, PUBLIC, PATH, QUERY, [*FORM, ("Body", "\ud800")], SIGNATURE),
    "no signature": (TOKEN, PUBLIC, PATH, QUERY, FORM, None),
    "an empty signature": (TOKEN, PUBLIC, PATH, QUERY, FORM, ""),
    "a cut signature": (TOKEN, PUBLIC, PATH, QUERY, FORM, SIGNATURE[:-1]),
    "another case": (TOKEN, PUBLIC, PATH, QUERY, FORM, SIGNATURE.lower()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_else_is_not_signed(change: str) -> None:
    assert signed(*CHANGES[change]) is False


@given(st.binary(), st.binary(), st.lists(st.tuples(st.text(), st.text())), st.text())
def test_no_request_makes_it_raise(
    path: bytes, query: bytes, form: list[tuple[str, str]], given: str
) -> None:
    assert signed(TOKEN, PUBLIC, path, query, form, given) is False
