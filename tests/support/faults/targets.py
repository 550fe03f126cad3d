"""What is fuzzed: each takes any bytes, and raises where a promise is broken. For hypothesis and atheris."""

import asyncio
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from nudger import plans
from nudger.app.zones import Zones
from nudger.domain import tokens
from nudger.messages import Wording
from nudger.plan_sync.files import read_templates, read_words
from nudger.plans import Facts, PlanSource
from nudger.replies import Intent, Words, understand
from tests.support.asking import Body, ask
from tests.support.worlds.web import World

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LONGEST_SNOOZE = timedelta(hours=48)
KEY = bytes(32)
LANGUAGES = ("en", "es", "fr")
# A quiet hour's end may lie after the longest snooze.
NIGHT = timedelta(hours=24)


def webhook(data: bytes) -> None:
    """Unsigned bytes: an address, headers and a body, a line each. Never a fault, never a change."""
    target, name, value, body = [*data.split(b"\n", 3), b"", b"", b""][:4]
    world = World()
    path = "/" + target.decode("latin-1").lstrip("/")
    headers = {"x-twilio-signature": "x", "content-type": "application/x-www-form-urlencoded"}
    headers[name.decode("latin-1")] = value.decode("latin-1")
    app = world.twilio_app()
    for address in (path, "/twilio/inbound", f"/twilio/status{path}"):
        answer = asyncio.run(ask(app, "POST", address, headers, body=Body([body])))
        assert answer.status < 500, (answer.status, address)
    assert (world.replies, world.statuses) == ([], [])


def reply(data: bytes) -> None:
    """Any text, in any language: it means something, and no snooze is long or in the past."""
    text = data[1:].decode("utf-8", "replace")
    language = LANGUAGES[data[0] % len(LANGUAGES)] if data else "en"
    meant = understand(
        text,
        language=language,
        now=NOW,
        zone=ZoneInfo("Europe/London"),
        snooze=timedelta(hours=1),
        quiet=None,
        words=_words(),
    )
    if meant.intent is Intent.SNOOZE:
        assert meant.until is not None
        assert NOW < meant.until <= NOW + LONGEST_SNOOZE + NIGHT, (text, meant.until)
    if text.strip().upper() in ("STOP", "UNSUBSCRIBE", "ARRET"):
        assert meant.intent is Intent.STOP, text


def plan(data: bytes) -> None:
    """Any bytes as a plan: a plan, or problems with their places; what is a plan has a person to reach."""
    reading = plans.read([PlanSource("plans/maya.toml", data)], _facts())
    assert reading.problems or reading.plans
    for problem in reading.problems:
        assert problem.line >= 1, problem
        assert problem.column >= 1, problem
    for one in reading.plans.values():
        assert one.channels, one


def token(data: bytes) -> None:
    """No bytes are a link, except those that were signed."""
    try:
        tokens.read(data.decode("utf-8", "replace"), KEY, NOW)
    except tokens.Forged:
        return
    raise AssertionError("a link that nobody has signed")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "webhook": webhook,
    "reply": reply,
    "plan": plan,
    "token": token,
}


def seeds(name: str) -> Iterator[bytes]:
    """What a fuzzer starts from: what the other tests are written with."""
    if name == "plan":
        for file in (*(ROOT / "plans").rglob("*.toml"), *(ROOT / "tests/plans/broken").glob("*.toml")):
            yield file.read_bytes()
    elif name == "reply":
        for number, language in enumerate(LANGUAGES):
            corpus = tomllib.loads((ROOT / f"tests/replies/corpus/{language}.toml").read_text("utf-8"))
            for case in corpus["case"]:
                yield from (bytes([number]) + text.encode() for text in case["texts"])
    elif name == "token":
        link = tokens.Link(tokens.Action.ME, "maya", next(iter(tokens.ChannelName)), NOW + timedelta(days=1))
        signed = tokens.sign(link, KEY).encode()
        yield from (signed[:-1], signed[:-1] + b"=", b"A" + signed, signed[::-1])
    else:
        sid = b"SM" + b"1a" * 16
        form = b"MessageSid=" + sid + b"&From=%2B447700900123&Body=STOP"
        yield b"twilio/inbound?a=b\nx-forwarded-for\n1.2.3.4\n" + form
        yield b"../static/%2e%2e\ncontent-type\nmultipart/form-data; boundary=x\n--x\r\n\r\nBody\r\n--x--"
        yield b"l/x\ntransfer-encoding\nchunked\n5\r\nBody=\r\n0\r\n\r\n"


@cache
def _words() -> Words:
    return Words.parse(read_words())


@cache
def _facts() -> Facts:
    zones = Zones()
    return Facts(date(2026, 11, 23), zones.zone, zones.names, Wording.parse(read_templates(None)))
