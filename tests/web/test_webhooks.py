"""Twilio's webhooks: nothing happens unsigned, and nothing that is signed is lost."""

from xml.etree import ElementTree

import pytest
from multidict import MultiDict
from starlette.applications import Starlette
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from nudger.domain.model import ChannelName
from nudger.inbound.port import Handled, Inbound
from nudger.web.security.requests import LARGEST
from nudger.web.webhooks.twilio import WARN_EVERY
from tests.support.asking import FORM, Body, ask, ask_signed
from tests.support.doubles.twilio_double import inbound_form
from tests.support.worlds.web import MAYA, NOW, PUBLIC_URL, TOKEN, World

SID, OTHER_SID = "SM" + "1a" * 16, "SM" + "2b" * 16
MESSAGE = "0192f3a4b5c6" + "7d" * 10  # an id of ours
STATUS = f"/twilio/status/{MESSAGE}"
LATER = (
    ("MessageSid", SID),
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
    assert world.replies == [Inbound(SID, ChannelName.SMS, MAYA.phone or "", "LATER please & thanks", NOW)]


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


async def test_refused_webhooks_are_logged_once_in_ten_minutes_counted_and_without_what_they_held(
    world: World, twilio_app: Starlette
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            await ask(twilio_app, "POST", "/twilio/inbound", {"x-twilio-signature": "x"}, LATER)

        world.at += WARN_EVERY
        await ask(twilio_app, "POST", "/twilio/inbound", {"x-twilio-signature": "x"}, LATER)

    assert [(entry["event"], entry["count"]) for entry in logs] == [
        ("webhook_refused", 1),
        ("webhook_refused", 3),
    ]
    assert "NUDGER_PUBLIC_URL" in logs[0]["reason"]
    assert "7700" not in str(logs)
    assert "LATER" not in str(logs)


async def test_a_replay_is_passed_on_because_the_store_knows_the_ids(
    world: World, twilio_app: Starlette
) -> None:
    first = await ask_signed(twilio_app, "/twilio/inbound", LATER)
    again = await ask_signed(twilio_app, "/twilio/inbound", LATER)

    assert (first.status, again.status) == (200, 200)
    assert [inbound.provider_id for inbound in world.replies] == [SID, SID]


@pytest.mark.parametrize(
    ("field", "blank"),
    [("MessageSid", True), ("MessageSid", False), ("From", True), ("From", False), ("Body", False)],
)
async def test_a_signed_text_without_its_id_or_sender_is_refused(
    world: World, twilio_app: Starlette, field: str, blank: bool
) -> None:
    form = [pair for pair in LATER if pair[0] != field] + ([(field, "")] if blank else [])

    answer = await ask_signed(twilio_app, "/twilio/inbound", form)

    assert (answer.status, answer.body) == (400, f"The field {field} is missing.\n")
    assert world.replies == []


@pytest.mark.parametrize(
    "form",
    [
        (*LATER, ("Body", "STOP")),
        (*LATER, ("MessageSid", OTHER_SID)),
        (*LATER, ("To", "+447700900999")),
    ],
)
async def test_a_signed_form_that_names_a_field_twice_is_refused(
    world: World, twilio_app: Starlette, form: tuple[tuple[str, str], ...]
) -> None:
    # Twilio's signature covers a name once for each value, sorted: a value that is there twice counts once.
    validator = RequestValidator(TOKEN)
    signature = validator.compute_signature(PUBLIC_URL + "/twilio/inbound", MultiDict(form))

    answer = await ask(twilio_app, "POST", "/twilio/inbound", {"x-twilio-signature": signature}, form)

    assert (answer.status, answer.body) == (400, "A field is there twice.\n")
    assert world.replies == []


TWILIOS = tuple(inbound_form(SID, MAYA.phone or "", "PAUSE Don't stop").items())
# Fields of it, and what they are cut into; Twilio signs both alike.
CUT_ANEW: dict[str, tuple[set[str], list[tuple[str, str]]]] = {
    "the id swallows the next field": ({"MessageSid", "NumMedia"}, [("MessageSid", SID + "NumMedia0")]),
    "the id is swallowed": ({"FromZip", "MessageSid"}, [("FromZip", "MessageSid" + SID)]),
    "the sender swallows the next field": (
        {"From", "FromCountry"},
        [("From", f"{MAYA.phone}FromCountryGB")],
    ),
    "the words swallow the sender": ({"Body", "From"}, [("Body", f"PAUSE Don't stopFrom{MAYA.phone}")]),
    "the words lose their end": ({"Body"}, [("Body", "PAUSE "), ("Don", "'t stop")]),
    "the words lose their end to a name": ({"Body"}, [("Body", "PAUSE "), ("Don't stop", "")]),
    "the words are swallowed": ({"ApiVersion", "Body"}, [("ApiVersion", "2010-04-01BodyPAUSE Don't stop")]),
    "the words are a name": ({"Body"}, [("BodyPAUSE Don't stop", "")]),
}


@pytest.mark.parametrize(("gone", "anew"), CUT_ANEW.values(), ids=CUT_ANEW)
async def test_a_signed_form_that_is_cut_anew_changes_nothing(
    world: World, twilio_app: Starlette, gone: set[str], anew: list[tuple[str, str]]
) -> None:
    form = [*(pair for pair in TWILIOS if pair[0] not in gone), *anew]

    answer = await ask_signed(twilio_app, "/twilio/inbound", form, TWILIOS)

    assert (answer.status, world.replies) == (400, [])


async def test_the_form_that_was_cut_is_taken_as_it_was(world: World, twilio_app: Starlette) -> None:
    answer = await ask_signed(twilio_app, "/twilio/inbound", TWILIOS)

    assert (answer.status, [one.text for one in world.replies]) == (200, ["PAUSE Don't stop"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MessageSid", "SM1"),
        ("MessageSid", SID.upper()),
        ("MessageSid", SID + "\n"),
        ("From", "447700900123"),
        ("From", "Bank"),
        ("From", "+44 7700 900123"),
        ("From", "+" + "1" * 16),
        ("OptOutType", "stop"),
    ],
)
async def test_an_id_or_an_address_that_is_not_of_its_form_is_refused(
    world: World, twilio_app: Starlette, field: str, value: str
) -> None:
    form = [*(pair for pair in LATER if pair[0] != field), (field, value)]

    answer = await ask_signed(twilio_app, "/twilio/inbound", form)

    assert (answer.status, answer.body) == (400, f"The field {field} is not of its form.\n")
    assert world.replies == []


@pytest.mark.parametrize("kind", Handled)
async def test_what_twilio_took_a_text_for_comes_with_it(
    world: World, twilio_app: Starlette, kind: Handled
) -> None:
    await ask_signed(twilio_app, "/twilio/inbound", (*LATER, ("OptOutType", kind.value)))

    assert [inbound.handled for inbound in world.replies] == [kind]


async def test_a_picture_without_words_is_an_empty_text(world: World, twilio_app: Starlette) -> None:
    form = [(name, "" if name == "Body" else value) for name, value in LATER]

    await ask_signed(twilio_app, "/twilio/inbound", form)

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
    form = (("MessageSid", OTHER_SID), ("MessageStatus", "undelivered"), ("ErrorCode", "30003"))

    answer = await ask_signed(twilio_app, STATUS, form)

    assert (answer.status, answer.body) == (204, "")
    assert world.statuses == [(MESSAGE, OTHER_SID, "undelivered", "30003")]


async def test_a_blank_error_code_is_none(world: World, twilio_app: Starlette) -> None:
    form = (("MessageSid", OTHER_SID), ("MessageStatus", "delivered"), ("ErrorCode", ""))

    await ask_signed(twilio_app, STATUS, form)

    assert world.statuses == [(MESSAGE, OTHER_SID, "delivered", None)]


async def test_a_status_signed_for_another_message_changes_nothing(
    world: World, twilio_app: Starlette
) -> None:
    form = (("MessageStatus", "delivered"),)
    other = await ask_signed(twilio_app, STATUS, form, (*form, ("ErrorCode", "")))

    assert (other.status, world.statuses) == (403, [])


@pytest.mark.parametrize("field", [("MessageSid", OTHER_SID), ("MessageStatus", "sent")])
async def test_a_signed_status_without_a_status_or_an_id_is_refused(
    world: World, twilio_app: Starlette, field: tuple[str, str]
) -> None:
    answer = await ask_signed(twilio_app, STATUS, (field,))

    assert (answer.status, world.statuses) == (400, [])


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("/twilio/status/m-1", (("MessageSid", OTHER_SID), ("MessageStatus", "sent"))),
        (STATUS + "AccountSid", (("MessageSid", OTHER_SID), ("MessageStatus", "sent"))),
        (STATUS, (("MessageSid", OTHER_SID + "MessageStatus"), ("MessageStatus", "sent"))),
        (STATUS, (("MessageSid", OTHER_SID), ("MessageStatus", "sent!"))),
        (STATUS, (("MessageSid", OTHER_SID), ("MessageStatus", "failed"), ("ErrorCode", "x"))),
    ],
)
async def test_a_signed_status_that_is_not_of_its_form_is_refused(
    world: World, twilio_app: Starlette, target: str, form: tuple[tuple[str, str], ...]
) -> None:
    answer = await ask_signed(twilio_app, target, form)

    assert (answer.status, world.statuses) == (400, [])


@pytest.mark.parametrize("target", ["/twilio/inbound", STATUS])
async def test_without_twilio_its_addresses_are_not_there(phone_app: Starlette, target: str) -> None:
    answer = await ask_signed(phone_app, target, LATER)

    assert answer.status == 404
