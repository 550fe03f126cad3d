"""Twilio's webhooks: nothing happens unsigned, and nothing that is signed is lost."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from nudger.delivery.inbound import Inbound
from nudger.model import ChannelName
from nudger.web.app import build_app
from nudger.web.forms import LARGEST
from tests.web.asking import FORM, Body, ask, ask_signed
from tests.web.world import MAYA, NOW, World

LATER = (
    ("MessageSid", "SM1"),
    ("From", MAYA.phone or ""),
    ("To", "+447700900999"),
    ("Body", "LATER please & thanks"),
    ("FromCity", ""),
    ("SomethingNew", "2027"),
)


async def test_a_signed_text_is_taken_and_answered_with_empty_twiml(
    world: World, twilio_app: Starlette
) -> None:
    answer = await ask_signed(twilio_app, "/twilio/inbound", LATER)

    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert ElementTree.fromstring(answer.body).tag == "Response"
    assert list(ElementTree.fromstring(answer.body)) == []
    assert world.replies == [Inbound("SM1", ChannelName.SMS, MAYA.phone or "", "LATER please & thanks", NOW)]


async def test_the_answer_comes_after_the_commit(world: World, twilio_app: Starlette) -> None:
    world.fault = RuntimeError("the disk is full")

    answer = await ask_signed(twilio_app, "/twilio/inbound", LATER)

    assert answer.status == 500


@pytest.mark.parametrize(
    "target",
    [
        "/twilio/inbound",
        "/twilio/inbound?x=1&y=",
        "/twilio/inbound?bodySHA=%20a+b",
        "/twilio/%69nbound",
    ],
)
async def test_a_signature_covers_path_and_query_as_they_came(
    world: World, twilio_app: Starlette, target: str
) -> None:
    answer = await ask_signed(twilio_app, target, LATER)

    assert (answer.status, len(world.replies)) == (200, 1)


@pytest.mark.parametrize(
    "signed_form",
    [
        LATER[1:],
        (*LATER, ("Extra", "")),
        [(name, value) for name, value in LATER if value],
        [(name, value + " ") for name, value in LATER],
    ],
    ids=["field added", "field taken away", "blank not signed", "values changed"],
)
async def test_a_form_that_is_not_the_signed_one_changes_nothing(
    world: World, twilio_app: Starlette, signed_form: tuple[tuple[str, str], ...]
) -> None:
    answer = await ask_signed(twilio_app, "/twilio/inbound", LATER, signed_form)

    assert (answer.status, answer.body) == (403, "This request does not carry Twilio's signature.\n")
    assert world.replies == []


@pytest.mark.parametrize("signature", ["", "nonsense", "ü", "0" * 28, "a" * 4000])
async def test_a_wrong_signature_changes_nothing(world: World, twilio_app: Starlette, signature: str) -> None:
    answer = await ask(twilio_app, "POST", "/twilio/inbound", {"x-twilio-signature": signature}, LATER)

    assert (answer.status, world.replies) == (403, [])


async def test_without_a_signature_the_form_is_not_even_read(twilio_app: Starlette) -> None:
    body = Body([b"From=x"])

    answer = await ask(twilio_app, "POST", "/twilio/inbound", {"content-type": FORM}, body=body)

    assert (answer.status, body.read) == (403, 0)


async def test_refused_webhooks_are_logged_once_a_minute_and_without_what_they_held(
    twilio_app: Starlette,
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            await ask(twilio_app, "POST", "/twilio/inbound", {"x-twilio-signature": "x"}, LATER)

    assert [entry["event"] for entry in logs] == ["webhook_refused"]
    assert "NUDGER_PUBLIC_URL" in logs[0]["reason"]
    assert "7700" not in str(logs)
    assert "LATER" not in str(logs)


async def test_a_replay_is_passed_on_because_the_store_knows_the_ids(
    world: World, twilio_app: Starlette
) -> None:
    first = await ask_signed(twilio_app, "/twilio/inbound", LATER)
    again = await ask_signed(twilio_app, "/twilio/inbound", LATER)

    assert (first.status, again.status) == (200, 200)
    assert [inbound.provider_id for inbound in world.replies] == ["SM1", "SM1"]


@pytest.mark.parametrize("field", ["MessageSid", "From"])
@pytest.mark.parametrize("blank", [True, False])
async def test_a_signed_text_without_its_id_or_sender_is_refused(
    world: World, twilio_app: Starlette, field: str, blank: bool
) -> None:
    form = [pair for pair in LATER if pair[0] != field] + ([(field, "")] if blank else [])

    answer = await ask_signed(twilio_app, "/twilio/inbound", form)

    assert (answer.status, answer.body) == (400, f"The field {field} is missing.\n")
    assert world.replies == []


async def test_a_picture_without_words_is_an_empty_text(world: World, twilio_app: Starlette) -> None:
    await ask_signed(twilio_app, "/twilio/inbound", [pair for pair in LATER if pair[0] != "Body"])

    assert [inbound.text for inbound in world.replies] == [""]


async def test_a_text_in_any_script_comes_through_and_nul_does_not(
    world: World, twilio_app: Starlette
) -> None:
    form = [*LATER[:3], ("Body", "mañana 🌙\nпотом\0!")]

    await ask_signed(twilio_app, "/twilio/inbound", form)

    assert [inbound.text for inbound in world.replies] == ["mañana 🌙\nпотом!"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"MessageSid"),
        (FORM, b"a=1&&b=2"),
        (FORM, b"Body=%ff%fe"),
        (FORM, b"Body=\xff"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(300))),
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b"a=1"),
    ],
)
async def test_what_is_no_form_is_refused(
    world: World, twilio_app: Starlette, kind: str, body: bytes
) -> None:
    headers = {"x-twilio-signature": "x", "content-type": kind}

    answer = await ask(twilio_app, "POST", "/twilio/inbound", headers, body=Body([body]))

    assert (answer.status, world.replies) == (400, [])


async def test_of_a_huge_body_no_more_than_the_limit_is_read(world: World, twilio_app: Starlette) -> None:
    body = Body(b"x" * 4096 for _ in range(1000))

    answer = await ask(
        twilio_app,
        "POST",
        "/twilio/inbound",
        {"x-twilio-signature": "x", "content-type": FORM},
        body=body,
    )

    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert body.read <= LARGEST + 4096


async def test_a_body_that_says_it_is_huge_is_not_read(twilio_app: Starlette) -> None:
    body = Body([b"x"])
    headers = {"x-twilio-signature": "x", "content-type": FORM, "content-length": str(LARGEST + 1)}

    answer = await ask(twilio_app, "POST", "/twilio/inbound", headers, body=body)

    assert (answer.status, body.read) == (413, 0)


async def test_a_body_that_never_ends_is_not_waited_for(world: World, twilio_app: Starlette) -> None:
    body = Body([b"MessageSid=SM1&"], ends=False)
    headers = {"x-twilio-signature": "x", "content-type": FORM}

    answer = await ask(twilio_app, "POST", "/twilio/inbound", headers, body=body)

    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert answer.body == "The form took too long to arrive.\n"


async def test_who_hangs_up_midway_is_no_fault_of_ours(world: World, twilio_app: Starlette) -> None:
    body = Body([b"MessageSid=SM1&"], hangs_up=True)
    headers = {"x-twilio-signature": "x", "content-type": FORM}

    with capture_logs() as logs:
        answer = await ask(twilio_app, "POST", "/twilio/inbound", headers, body=body)

    assert (answer.status, world.replies, logs) == (400, [], [])


async def test_a_signed_status_is_passed_on(world: World, twilio_app: Starlette) -> None:
    form = (("MessageSid", "SM2"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003"))

    answer = await ask_signed(twilio_app, "/twilio/status/m-1", form)

    assert (answer.status, answer.body) == (204, "")
    assert world.statuses == [("m-1", "SM2", "undelivered", "30003")]


async def test_a_blank_error_code_is_none(world: World, twilio_app: Starlette) -> None:
    form = (("MessageSid", "SM2"), ("MessageStatus", "delivered"), ("ErrorCode", ""))

    await ask_signed(twilio_app, "/twilio/status/m-1", form)

    assert world.statuses == [("m-1", "SM2", "delivered", None)]


async def test_a_status_signed_for_another_message_changes_nothing(
    world: World, twilio_app: Starlette
) -> None:
    form = (("MessageStatus", "delivered"),)
    other = await ask_signed(twilio_app, "/twilio/status/m-1", form, (*form, ("ErrorCode", "")))

    assert (other.status, world.statuses) == (403, [])


@pytest.mark.parametrize("field", [("MessageSid", "SM2"), ("MessageStatus", "sent")])
async def test_a_signed_status_without_a_status_or_an_id_is_refused(
    world: World, twilio_app: Starlette, field: tuple[str, str]
) -> None:
    answer = await ask_signed(twilio_app, "/twilio/status/m-1", (field,))

    assert (answer.status, world.statuses) == (400, [])


async def test_where_nothing_comes_of_statuses_they_are_still_checked_and_acknowledged(
    world: World,
) -> None:
    app = build_app(replace(world.twilio_doors(), status_callback=None))
    form = (("MessageStatus", "sent"),)

    right = await ask_signed(app, "/twilio/status/m-1", form)
    wrong = await ask(app, "POST", "/twilio/status/m-1", {"x-twilio-signature": "x"}, form)

    assert (right.status, wrong.status) == (204, 403)


@pytest.mark.parametrize("target", ["/twilio/inbound", "/twilio/status/m-1"])
async def test_without_twilio_its_addresses_are_not_there(phone_app: Starlette, target: str) -> None:
    answer = await ask_signed(phone_app, target, LATER)

    assert answer.status == 404
