"""The on-screen phone: readable and usable without a script, live with one, closed to strangers."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from nudger.domain.model import ChannelName, Plan, State
from nudger.inbound.port import Inbound
from nudger.web.app import build_app
from nudger.web.health import HealthPages
from nudger.web.phone.conversation import SHOWN
from tests.support.asking import FORM, Body, ask, watching
from tests.support.worlds.web import JOSE, MAYA, NOW, Dial, World

OWN_PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html,application/xhtml+xml"}
OWN_SCRIPT = {"sec-fetch-site": "same-origin", "accept": "*/*"}


class Page(HTMLParser):
    """The words of a page, each element's attributes, and each element's words by its class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words = " ".join(f"{self.words} {data}".split())

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


async def _page(app: Starlette, target: str = "/phone") -> Page:
    answer = await ask(app, "GET", target)
    assert answer.status == 200
    return Page(answer.body)


async def test_the_page_shows_each_phone_with_its_conversation_in_local_times(
    world: World, phone_app: Starlette
) -> None:
    world.say("Time for a small rest.")
    world.say("later", inbound=True, after=timedelta(minutes=1))
    world.say("Un soplo de aire.", JOSE, channel=ChannelName.EMAIL, subject="Una pausa")

    page = await _page(phone_app)

    assert "Time for a small rest. 2:30 pm Maya: later 2:31 pm" in page.words
    assert (
        "Email Una pausa Un soplo de aire. Tu página No recibir estos correos 09:30" in page.words
    )  # New York, and Spanish tells 24 hours
    assert "Monday 23 November" in page.words
    assert "Europe/London" not in page.words


async def test_a_reply_is_marked_as_received_and_a_text_as_delivered_where_that_is_known(
    world: World, phone_app: Starlette
) -> None:
    world.say("Sent.")
    world.say("Here.", state=State.DELIVERED)
    world.say("thanks", inbound=True)

    page = await _page(phone_app, "/phone?person=maya")

    assert "Sent. 2:30 pm nudger: Here. 2:30 pm delivered Maya: thanks 2:30 pm received" in page.words


async def test_an_email_has_its_links_and_an_address_in_a_text_can_be_followed(
    world: World, phone_app: Starlette
) -> None:
    world.say("Your own page: https://nudger.example.org/me/tok-1 It opens for two weeks.")
    world.say("see https://evil.example", inbound=True)
    world.say("Un soplo de aire.", JOSE, channel=ChannelName.EMAIL, subject="Una pausa")

    page = await _page(phone_app)

    links = [attributes for tag, attributes in page.elements if tag == "a" and "target" in attributes]
    assert links[0]["href"] == "https://nudger.example.org/me/tok-1"
    assert [str(link["href"])[:4] for link in links[1:]] == ["/me/", "/l/B"]  # signed, and on this machine
    assert {link["rel"] for link in links} == {"noopener"}


async def test_each_day_is_named_once(world: World, phone_app: Starlette) -> None:
    for days in (0, 0, 1):
        world.say("A note.", after=timedelta(days=days))

    page = await _page(phone_app, "/phone?person=maya")

    assert len(re.findall("Monday 23 November", page.words)) == 1
    assert len(re.findall("Tuesday 24 November", page.words)) == 1


async def test_a_long_conversation_shows_its_end(world: World, phone_app: Starlette) -> None:
    for number in range(SHOWN + 7):
        world.say(f"Note {number}.")

    page = await _page(phone_app)

    lines = [name for name in page.ids() if name.startswith("line-")]
    assert (len(lines), lines[-1]) == (SHOWN, f"line-{SHOWN + 7}")


@pytest.mark.parametrize("state", [state for state in State if state not in (State.SENT, State.DELIVERED)])
async def test_what_never_arrived_is_not_on_the_phone(
    world: World, phone_app: Starlette, state: State
) -> None:
    world.say("Not for this phone.", state=state)

    page = await _page(phone_app)

    assert "Not for this phone." not in page.words
    assert "Nothing yet." in page.words


async def test_words_are_words_and_never_markup(world: World, phone_app: Starlette) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;"
    world.plans = (replace(MAYA, name=attack),)
    world.say(attack, world.plans[0], channel=ChannelName.EMAIL, subject=attack)

    page = await _page(phone_app)

    assert page.words.count(attack) >= 4
    assert [tag for tag, _ in page.elements].count("script") == 1  # our own
    assert not [tag for tag, attributes in page.elements if "onerror" in attributes]


async def test_nothing_on_the_page_is_inline_or_from_elsewhere(world: World, phone_app: Starlette) -> None:
    world.say("A note.", channel=ChannelName.EMAIL, subject="A subject")

    page = await _page(phone_app)

    links = [attributes.get(key) for _, attributes in page.elements for key in ("src", "href", "action")]
    assert all(link.startswith(("/static/", "/phone", "/l/", "/me/")) for link in links if link)
    assert not [tag for tag, attributes in page.elements if tag == "style" or "style" in attributes]
    assert all(attributes.get("src") for tag, attributes in page.elements if tag == "script")


async def test_every_field_and_button_works_by_form_and_has_a_name(phone_app: Starlette) -> None:
    page = await _page(phone_app)

    forms = [attributes for tag, attributes in page.elements if tag == "form"]
    words = [attributes.get("value") for tag, attributes in page.elements if tag == "button"]
    fields = {attributes["id"] for tag, attributes in page.elements if attributes.get("type") == "text"}
    labels = {attributes["for"] for tag, attributes in page.elements if tag == "label"}
    assert {(form["method"], form["action"]) for form in forms} == {("post", "/phone/reply")}
    assert words == ["LATER", "DONE", "SKIP", "HELP", None, "LUEGO", "HECHO", "SALTAR", "AYUDA", None]
    assert fields == labels == {"text-maya", "text-jose"}


async def test_one_person_can_be_seen_alone(world: World, phone_app: Starlette) -> None:
    world.say("For Maya.")
    world.say("Para José.", JOSE)

    page = await _page(phone_app, "/phone?person=jose")

    assert "Para José." in page.words
    assert "Maya" not in page.words


async def test_a_stranger_has_no_phone_here(phone_app: Starlette) -> None:
    answer = await ask(phone_app, "GET", "/phone?person=nobody")

    assert (answer.status, answer.body) == (404, "There is no phone of that name here.\n")


async def test_many_people_are_a_list_to_choose_from(world: World, phone_app: Starlette) -> None:
    world.plans = [Plan(f"p{number}", f"Person {number}", "UTC", phone="+1") for number in range(30)]

    page = await _page(phone_app)

    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links == [f"/phone?person=p{number}" for number in range(30)]


async def test_without_people_the_page_says_what_to_do(world: World, phone_app: Starlette) -> None:
    world.plans = ()

    page = await _page(phone_app)

    assert "Add a plan to your plans folder" in page.words


async def test_only_a_fast_clock_is_spoken_of(world: World) -> None:
    usual = await _page(world.app())
    fast = await _page(world.app(clock=Dial(720.0)))

    assert "The clock" not in usual.words
    assert "The clock runs 720 times as fast as life." in fast.words


async def test_without_a_phone_its_addresses_are_not_there(world: World) -> None:
    app = build_app([HealthPages(world, world, world)])  # type: ignore[arg-type]

    answers = [await ask(app, "GET", target) for target in ("/phone", "/phone/events")]
    reply = await ask(app, "POST", "/phone/reply", OWN_PAGE, (("person", "maya"), ("text", "x")))

    assert [answer.status for answer in (*answers, reply)] == [404, 404, 404]


# --- replies ------------------------------------------------------------------------------------
async def test_a_reply_is_the_persons_own_text(world: World, phone_app: Starlette) -> None:
    form = (("person", "maya"), ("text", "  snooze 2h "))

    answer = await ask(phone_app, "POST", "/phone/reply", OWN_SCRIPT, form)

    (reply,) = world.replies
    assert (answer.status, answer.body) == (204, "")
    assert reply.provider_id.startswith("phone-")
    assert reply == Inbound(reply.provider_id, ChannelName.SMS, MAYA.phone or "", "snooze 2h", NOW)


async def test_two_equal_replies_are_two_texts(world: World, phone_app: Starlette) -> None:
    for _ in range(2):
        await ask(phone_app, "POST", "/phone/reply", OWN_SCRIPT, (("person", "maya"), ("text", "DONE")))

    assert len({reply.provider_id for reply in world.replies}) == 2


async def test_a_person_without_a_number_answers_by_email(world: World, phone_app: Starlette) -> None:
    await ask(phone_app, "POST", "/phone/reply", OWN_SCRIPT, (("person", "jose"), ("text", "luego")))

    assert [(reply.channel, reply.address) for reply in world.replies] == [(ChannelName.EMAIL, JOSE.email)]


@pytest.mark.parametrize(
    ("more", "back"), [((), "/phone#phone-maya"), ((("alone", "1"),), "/phone?person=maya")]
)
async def test_without_a_script_a_reply_leads_back_to_the_page(
    phone_app: Starlette, more: tuple[tuple[str, str], ...], back: str
) -> None:
    form = (("person", "maya"), ("text", "LATER"), *more)

    answer = await ask(phone_app, "POST", "/phone/reply", OWN_PAGE, form)

    assert (answer.status, answer.headers["location"]) == (303, back)


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 1601])
async def test_a_reply_has_some_words_and_not_too_many(world: World, phone_app: Starlette, text: str) -> None:
    answer = await ask(phone_app, "POST", "/phone/reply", OWN_PAGE, (("person", "maya"), ("text", text)))

    assert (answer.status, answer.body) == (400, "A reply has 1 to 1,600 characters.\n")
    assert world.replies == []


@pytest.mark.parametrize("form", [(("text", "DONE"),), (("person", "nobody"), ("text", "DONE"))])
async def test_a_reply_of_nobody_is_refused(
    world: World, phone_app: Starlette, form: tuple[tuple[str, str], ...]
) -> None:
    answer = await ask(phone_app, "POST", "/phone/reply", OWN_PAGE, form)

    assert (answer.status, world.replies) == (404, [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost:8080"},
        {"origin": "null"},
        {"origin": "https://localhost:8080"},
        {"origin": "http://localhost:8081"},
        {"origin": "http://evil.example"},
    ],
)
async def test_another_site_cannot_reply(world: World, phone_app: Starlette, headers: dict[str, str]) -> None:
    form = (("person", "maya"), ("text", "STOP"))

    answer = await ask(phone_app, "POST", "/phone/reply", headers, form)

    assert (answer.status, world.replies) == (403, [])


async def test_a_browser_that_sends_only_its_origin_can_reply(world: World, phone_app: Starlette) -> None:
    headers = {"host": "192.168.1.7:8080", "origin": "http://192.168.1.7:8080"}

    answer = await ask(phone_app, "POST", "/phone/reply", headers, (("person", "maya"), ("text", "DONE")))

    assert (answer.status, len(world.replies)) == (204, 1)


async def test_a_reply_that_never_ends_is_not_waited_for(world: World, phone_app: Starlette) -> None:
    body = Body([b"person=maya&text=x"], ends=False)

    answer = await ask(phone_app, "POST", "/phone/reply", {**OWN_PAGE, "content-type": FORM}, body=body)

    assert (answer.status, world.replies) == (408, [])


# --- the demo's clock ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("steps", "speed"),
    [
        (("hold",), 0),
        (("hold", "go"), 300),
        (("hold", "hold", "go"), 300),
        (("faster",), 600),
        (("slower",), 120),
        (("faster",) * 9, 3600),
        (("slower",) * 9, 1),
        (("hold", "faster"), 600),
    ],
)
async def test_the_clock_is_held_made_faster_and_slower(
    world: World, steps: tuple[str, ...], speed: float
) -> None:
    dial = Dial(300.0)
    app = world.app(clock=dial)

    answers = [await ask(app, "POST", "/phone/clock", OWN_SCRIPT, (("step", step),)) for step in steps]

    assert {answer.status for answer in answers} == {204}
    assert dial.factor == speed


async def test_the_clock_jumps_to_the_next_nudge_and_a_plain_form_leads_back(world: World) -> None:
    dial, world.next_at = Dial(300.0), NOW + timedelta(hours=3)
    app = world.app(clock=dial)
    form = (("person", "maya"), ("step", "next"))

    answer = await ask(app, "POST", "/phone/clock", OWN_PAGE, form)

    assert (answer.status, answer.headers["location"]) == (303, "/phone?person=maya")
    assert (dial.moved_to, dial.factor, world.woken) == ([NOW + timedelta(hours=3)], 300.0, 1)


async def test_who_watches_hears_of_a_step_at_once(world: World) -> None:
    app = world.app(clock=Dial(300.0))
    async with watching(app, "/phone/events") as (events, _):
        await events.next("clock")
        await ask(app, "POST", "/phone/clock", OWN_SCRIPT, (("step", "hold"),))
        _, clock = await events.next("clock")

    assert (clock["speed"], clock["pace"]) == (0, "The clock stands still.")


@pytest.mark.parametrize("step", ["", "back", "HOLD"])
async def test_the_clock_takes_no_other_step(world: World, step: str) -> None:
    dial = Dial(300.0)
    app = world.app(clock=dial)

    answer = await ask(app, "POST", "/phone/clock", OWN_SCRIPT, (("step", step),))

    assert (answer.status, dial.factor, dial.moved_to) == (400, 300.0, [])


async def test_another_site_cannot_steer_the_clock(world: World) -> None:
    dial = Dial(300.0)
    app = world.app(clock=dial)

    answer = await ask(app, "POST", "/phone/clock", {"sec-fetch-site": "cross-site"}, (("step", "hold"),))

    assert (answer.status, dial.factor) == (403, 300.0)


async def test_the_machines_own_clock_is_nobodys_to_steer(phone_app: Starlette) -> None:
    answer = await ask(phone_app, "POST", "/phone/clock", OWN_SCRIPT, (("step", "hold"),))

    assert answer.status == 404


# --- where it answers ---------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "pi.lan:80"])
async def test_the_phone_answers_at_its_own_addresses(world: World, host: str) -> None:
    app = world.app(hosts=frozenset({"pi.lan"}))

    answer = await ask(app, "GET", "/phone", {"host": host})

    assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1", "a:b:c", "evil:99999"],
)
@pytest.mark.parametrize(
    ("method", "target"), [("GET", "/phone"), ("GET", "/phone/events"), ("POST", "/phone/reply")]
)
async def test_a_name_that_a_stranger_points_here_shows_nothing(
    world: World, phone_app: Starlette, host: str, method: str, target: str
) -> None:
    world.say("Private.")
    form = (("person", "maya"), ("text", "STOP"))

    answer = await ask(phone_app, method, target, {**OWN_PAGE, "host": host}, form)

    assert (answer.status, world.replies) == (403, [])
    assert answer.body == "This page answers only at the address that nudger printed.\n"


# --- live ---------------------------------------------------------------------------------------
async def test_a_message_arrives_by_itself(world: World, phone_app: Starlette) -> None:
    world.say("Old.")
    async with watching(phone_app, "/phone/events?after=1") as (events, _):
        start = await events.start
        await events.next("clock")  # all that was there has been told
        world.say("New <b>.", after=timedelta(minutes=5))
        world.change()
        cursor, line = await events.next("line")

    assert dict(start["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert (cursor, line["person"]) == ("2", "maya")
    assert 'id="line-2"' in line["html"]
    assert "New &lt;b&gt;." in line["html"]
    assert "2:35 pm" in line["html"]


async def test_a_stream_tells_all_that_came_after_its_cursor_once_and_in_order(
    world: World, phone_app: Starlette
) -> None:
    for number in range(1, 9):
        world.say(f"Note {number}.")

    async with watching(phone_app, "/phone/events?after=2") as (events, _):
        cursors = [(await events.next("line"))[0] for _ in range(6)]
        world.say("Note 9.")
        world.change()
        cursors.append((await events.next("line"))[0])

    assert cursors == ["3", "4", "5", "6", "7", "8", "9"]


async def test_a_browser_that_comes_back_is_told_what_it_missed(world: World, phone_app: Starlette) -> None:
    for number in range(1, 4):
        world.say(f"Note {number}.")

    async with watching(phone_app, "/phone/events?after=0", {"Last-Event-ID": "2"}) as (events, _):
        cursor, _line = await events.next("line")

    assert cursor == "3"


async def test_a_message_that_is_still_on_its_way_appears_when_it_has_arrived(
    world: World, phone_app: Starlette
) -> None:
    sending = world.say("Slow.", state=State.SENDING)
    world.say("Quick.")
    page = await _page(phone_app)
    events_at = next(
        str(attributes["data-events"]) for _, attributes in page.elements if "data-events" in attributes
    )

    async with watching(phone_app, events_at) as (events, _):
        await events.next("clock")
        world.settle(sending, State.SENT)
        world.change()
        lines = [(await events.next("line"))[1]["html"]]
        if "Slow." not in lines[0]:
            lines.append((await events.next("line"))[1]["html"])

    assert "Quick." in page.words
    assert "Slow." not in page.words
    assert "Slow." in lines[-1]


async def test_a_reply_shows_at_once_though_nothing_was_sent(world: World, phone_app: Starlette) -> None:
    async with watching(phone_app, "/phone/events") as (events, _):
        await events.next("clock")
        await ask(phone_app, "POST", "/phone/reply", OWN_SCRIPT, (("person", "maya"), ("text", "DONE")))
        _, line = await events.next("line")

    assert "mine" in line["html"]


async def test_one_persons_stream_tells_nothing_of_another(world: World, phone_app: Starlette) -> None:
    world.say("For Maya.")
    world.say("Para José.", JOSE)

    async with watching(phone_app, "/phone/events?person=jose") as (events, _):
        _, line = await events.next("line")
        _, clock = await events.next("clock")

    assert line["person"] == "jose"
    assert clock["offsets"] == {"jose": -300}


async def test_the_clock_is_the_daemons_and_each_persons_own(world: World) -> None:
    app = world.app(clock=Dial(60.0))

    async with watching(app, "/phone/events") as (events, _):
        _, clock = await events.next("clock")

    assert clock == {
        "now": 1795444200000,
        "speed": 60.0,
        "pace": "The clock runs 60 times as fast as life.",
        "offsets": {"maya": 0, "jose": -300},
    }


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "", "9" * 30, "²", "1e3"])
async def test_a_cursor_is_a_number(phone_app: Starlette, cursor: str) -> None:
    answer = await ask(phone_app, "GET", "/phone/events", {"Last-Event-ID": cursor or "nothing"})

    assert answer.status == 400


async def test_when_the_browser_leaves_nothing_keeps_waiting(world: World, phone_app: Starlette) -> None:
    async with watching(phone_app, "/phone/events") as (events, task):
        await events.next("clock")

    await asyncio.sleep(0)
    assert (task.done(), world.waiting) == (True, 0)


async def test_closing_the_app_ends_its_streams(phone_app: Starlette) -> None:
    async with watching(phone_app, "/phone/events") as (events, task):
        await events.next("clock")
        phone_app.state.close()
        await task

    assert task.done()


async def test_a_stream_whose_store_fails_ends_and_says_nothing(world: World, phone_app: Starlette) -> None:
    with capture_logs() as logs:
        async with watching(phone_app, "/phone/events") as (events, task):
            await events.next("clock")
            world.fault = RuntimeError("locked: 'a private text'")
            world.change()
            await task

    assert [entry["event"] for entry in logs] == ["page_failed"]
    assert "private" not in str(logs)
