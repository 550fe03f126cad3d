"""What holds for every answer: headers, plain refusals, and faults that show nothing."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from nudger.web.security.guard import SAY_EVERY, Faults, Guard, Refusals
from tests.support.asking import ask, ask_signed
from tests.support.worlds.web import MAYA, World

PHONE_ADDRESSES = [
    ("GET", "/phone"),
    ("HEAD", "/phone"),
    ("GET", "/phone?person=nobody"),
    ("POST", "/phone"),
    ("POST", "/phone/reply"),
    ("POST", "/phone/clock"),
    ("GET", "/phone/events?after=x"),
    ("GET", "/static/nudger.css"),
    ("GET", "/static/phone.js"),
    ("GET", "/static/nothing.js"),
    ("GET", "/static/../app.py"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/"),
    ("GET", "/twilio/inbound"),
    ("GET", "/phone/"),
    ("DELETE", "/healthz"),
]
TWILIO_ADDRESSES = [
    ("POST", "/twilio/inbound"),
    ("GET", "/twilio/inbound"),
    ("POST", "/twilio/status/1"),
    ("GET", "/phone"),
]


def _is_guarded(headers: dict[str, str]) -> bool:
    policy = headers["content-security-policy"]
    return (
        "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "unsafe" not in policy
        and headers["x-content-type-options"] == "nosniff"
        and headers["referrer-policy"] in ("no-referrer", "strict-origin")
        and headers["cache-control"] == "no-store"
        and "server" not in headers
    )


@pytest.mark.parametrize(("method", "target"), PHONE_ADDRESSES)
async def test_every_answer_of_the_phone_is_guarded(phone_app: Starlette, method: str, target: str) -> None:
    answer = await ask(phone_app, method, target)

    assert _is_guarded(dict(answer.headers))


@pytest.mark.parametrize(("method", "target"), TWILIO_ADDRESSES)
async def test_every_answer_to_twilio_is_guarded(twilio_app: Starlette, method: str, target: str) -> None:
    answer = await ask(twilio_app, method, target)

    assert _is_guarded(dict(answer.headers))


@pytest.mark.parametrize(
    "target",
    ["/", "/phone/", "/phone/x", "/admin", "/static", "/static/", "/static/x", "/static/%2e%2e/app.py"],
)
async def test_elsewhere_is_nothing_and_a_sentence_says_so(phone_app: Starlette, target: str) -> None:
    answer = await ask(phone_app, "GET", target)

    assert (answer.status, answer.body) == (404, "There is nothing at this address.\n")


async def test_another_method_is_refused_with_those_that_are_taken(twilio_app: Starlette) -> None:
    answer = await ask(twilio_app, "GET", "/twilio/inbound")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.body == "This address does not take that kind of request.\n"


async def test_a_fault_gives_a_reference_and_keeps_what_it_was_about_to_itself(
    world: World, twilio_app: Starlette
) -> None:
    world.fault = RuntimeError(f"INSERT failed: {MAYA.phone}, 'a private text'")
    form = (("MessageSid", "SM" + "1a" * 16), ("From", MAYA.phone or ""), ("Body", "a private text"))

    with capture_logs() as logs:
        answer = await ask_signed(twilio_app, "/twilio/inbound", form)

    (entry,) = logs
    assert answer.status == 500
    assert answer.body == f"Something went wrong here. Reference: {entry['reference']}\n"
    assert (entry["fault"], entry["page"]) == ("RuntimeError", "/twilio")
    assert "twilio.py" in entry["where"]
    assert "private" not in str(logs) + answer.body
    assert "7700" not in str(logs) + answer.body


async def test_the_process_answers(phone_app: Starlette) -> None:
    answer = await ask(phone_app, "GET", "/healthz")

    assert (answer.status, answer.body) == (200, "ok\n")


async def test_readiness_tells_counts(phone_app: Starlette) -> None:
    answer = await ask(phone_app, "GET", "/readyz")

    assert (answer.status, json.loads(answer.body)) == (
        200,
        {"ready": True, "people": 2, "planned": 0, "unknown": 0},
    )


async def test_without_a_store_nudger_is_alive_and_not_ready(world: World, phone_app: Starlette) -> None:
    world.fault = RuntimeError("locked")

    with capture_logs() as logs:
        alive = await ask(phone_app, "GET", "/healthz")
        ready = await ask(phone_app, "GET", "/readyz")

    assert (alive.status, ready.status) == (200, 503)
    assert json.loads(ready.body) == {"ready": False, "reference": logs[0]["reference"]}


async def test_where_twilio_posts_there_is_no_phone_to_look_at(twilio_app: Starlette) -> None:
    answers = [await ask(twilio_app, "GET", target) for target in ("/phone", "/phone/events", "/phone/reply")]

    assert [answer.status for answer in answers] == [404, 404, 404]


async def test_a_page_that_never_answers_is_given_up() -> None:
    async def never(_: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    app = Starlette(routes=[Route("/readyz", never)])
    app.state.faults = Faults()
    app.add_middleware(Guard, refusals=Refusals(), longest=0.05)

    with capture_logs() as logs:
        answer = await ask(app, "GET", "/readyz")

    assert answer.status == 503
    assert [entry["fault"] for entry in logs] == ["TimeoutError"]


async def test_the_same_fault_again_and_again_is_logged_once_under_one_reference(
    world: World, phone_app: Starlette
) -> None:
    world.fault = RuntimeError("locked")

    with capture_logs() as logs:
        answers = [await ask(phone_app, "GET", "/readyz") for _ in range(20)]
        other = await ask(phone_app, "GET", "/phone")

    assert {json.loads(answer.body)["reference"] for answer in answers} == {logs[0]["reference"]}
    assert [entry["page"] for entry in logs] == ["/readyz", "/phone"]
    assert logs[1]["reference"] in other.body


async def test_what_is_refused_is_counted_by_status_and_by_pages_of_ours_alone(world: World) -> None:
    refusals = Refusals()
    app = world.twilio_app(refusals=refusals)
    for method, target in (
        ("GET", "/healthz"),
        ("GET", "/twilio/inbound"),
        ("POST", "/twilio/status/1"),
        ("GET", "/+447700900123"),
        ("GET", "/wp-login.php"),
    ):
        await ask(app, method, target)

    with capture_logs() as logs:
        refusals.say(0.0)
        refusals.count("404")
        refusals.say(SAY_EVERY - 1)
        refusals.say(SAY_EVERY)

    sums = [(entry["event"], entry["count"], entry["by"]) for entry in logs]
    assert sums == [
        ("requests_refused", 4, {"404": 2, "405 /twilio": 1, "403 /twilio": 1}),
        ("requests_refused", 1, {"404": 1}),
    ]
