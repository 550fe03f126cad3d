"""A person's own page, over a real store: what it says, what each button does, and what it never does."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from nudger.agenda.entries import Planned
from nudger.domain.effects import Hold, OptOut, Pause, Response
from nudger.domain.model import ChannelName, Standing
from nudger.domain.tokens import Action
from nudger.inbound.email_links import OWN_PAGE_LASTS, Card, own_page, token
from nudger.inbound.self_service.page import Mine, OwnPage
from nudger.inbound.self_service.steps import Press
from tests.support.worlds.delivery import World

KEY = bytes(range(32))
MAYA = """
name = "Maya"
timezone = "Europe/London"
language = "{language}"
email = "maya@example.org"
consent = "2026-11-20, in person"
country = "GB"
quiet = "20:30-09:00"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = "16:00"
days = ["mon", "wed"]
"""
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
EMAIL = ChannelName.EMAIL
LANGUAGES = ("en", "es", "fr")


@pytest.fixture(params=["en"])
async def nudged(world: World, request: pytest.FixtureRequest) -> World:
    """Maya has had her email of one o'clock on a Monday, and it is five past."""
    await world.start(maya=MAYA.format(language=request.param))
    await world.until(ONE)
    world.clock.at = ONE + timedelta(minutes=5)
    return world


in_each_language = pytest.mark.parametrize("nudged", LANGUAGES, indirect=True)


def mine(world: World) -> Mine:
    return Mine(world.store.inbound, world.store.people, world.core.responder, world.core.decider, KEY)


def link(person: str = "maya", key: bytes = KEY) -> str:
    return own_page("", person, EMAIL, key, ONE).removeprefix("/me/")


def look(world: World, notice: str = "") -> OwnPage:
    page = mine(world).look(link(), (), world.clock.now(), notice)
    assert isinstance(page, OwnPage)
    return page


def press(world: World, step: str) -> str:
    said = mine(world).press(link(), step, (), world.clock.now())
    assert isinstance(said, str)
    return said


def act(world: World, *effects: object) -> None:
    world.store.inbound.act("maya", world.clock.now(), lambda _: Response("x", None, effects), "x")  # type: ignore[arg-type]


def standing(world: World) -> Standing:
    one = world.store.people.person("maya")
    assert one is not None
    return one.standing


def agenda(world: World) -> Sequence[Planned]:
    return world.store.people.agenda("maya", ONE.date())


def offered(page: OwnPage) -> Sequence[str]:
    return [button.step for offer in page.offers for button in offer.buttons]


async def test_the_page_shows_today_and_the_next_days_as_the_forecast_has_them(nudged: World) -> None:
    page = look(nudged)

    days = [(day.name, [(row.at, row.what) for row in day.rows]) for day in page.days]
    assert days == [
        ("Today", [("4 pm", "Movement")]),
        ("Tomorrow", [("1 pm", "Rest")]),
        ("Wednesday", [("1 pm", "Rest"), ("4 pm", "Movement")]),
        ("Thursday", [("1 pm", "Rest")]),
    ]
    assert page.title == "Hello Maya, this page is yours"
    assert page.states == ["Your nudges come as planned."]
    assert page.rules == [
        "Quiet hours from 8:30 pm to 9 am: nothing comes then.",
        "At most 3 a day.",
    ]


async def test_looking_changes_nothing(nudged: World) -> None:
    before = nudged.store.people.export("maya")

    look(nudged)
    mine(nudged).ask_erase(link(), (), nudged.clock.now())
    mine(nudged).export(link(), (), nudged.clock.now())

    assert nudged.store.people.export("maya") == before


@in_each_language
async def test_the_waiting_nudge_is_put_off_until_the_time_on_the_button(nudged: World) -> None:
    zone = nudged.core.zone("Europe/London")
    (later,) = [offer for offer in look(nudged).offers if offer.about == "later"]
    words = {button.step: button.words for button in later.buttons}

    assert set(words) == {Press.LATER, Press.LATER_HOURS, Press.LATER_TOMORROW}
    for step, at in (
        (Press.LATER, datetime(2026, 11, 23, 14, 5, tzinfo=zone)),
        (Press.LATER_HOURS, datetime(2026, 11, 23, 16, 5, tzinfo=zone)),
        (Press.LATER_TOMORROW, datetime(2026, 11, 24, 9, 30, tzinfo=zone)),
    ):
        assert press(nudged, step) == "said"
        waiting = [one for one in agenda(nudged) if one.round == 1]
        assert [one.due_at for one in waiting] == [at]


async def test_a_nudge_that_was_put_off_is_among_what_comes(nudged: World) -> None:
    press(nudged, Press.LATER)

    today = look(nudged, "said").days[0]

    assert [(row.at, row.note) for row in today.rows] == [("2:05 pm", "put off"), ("4 pm", "")]
    assert len(nudged.email.sent) == 1  # and no mail about it


@pytest.mark.parametrize(
    ("step", "state", "until"),
    [
        (Press.PAUSE_DAY, "All is quiet until tomorrow at 1:05 pm.", timedelta(days=1)),
        (Press.PAUSE_WEEK, "All is quiet until Monday 30 November at 1:05 pm.", timedelta(days=7)),
        (Press.PAUSE, "All is quiet for now.", None),
    ],
)
async def test_a_pause_lasts_as_long_as_its_button_says_and_ends_by_another(
    nudged: World, step: Press, state: str, until: timedelta | None
) -> None:
    press(nudged, step)

    assert standing(nudged).paused_until == (until and nudged.clock.now() + until)
    page = look(nudged, "said")
    assert page.states == [state]
    assert Press.PAUSE not in offered(page)
    assert press(nudged, Press.RESUME) == "said"
    assert look(nudged).states == ["Your nudges come as planned."]


async def test_for_today_is_quiet_until_the_morning(nudged: World) -> None:
    press(nudged, Press.TODAY)

    assert look(nudged).states == ["All is quiet until tomorrow at 9 am."]


async def test_days_away_are_shown_before_they_begin_and_can_be_forgotten(nudged: World) -> None:
    said = press(nudged, f"{Press.AWAY} 2026-11-25 2026-11-26")
    page = look(nudged)

    assert said == "said"
    assert page.states == [
        "From Wednesday at midnight until Friday at midnight all is quiet.",
        "Your nudges come as planned.",
    ]
    assert [day.name for day in page.days] == ["Today", "Tomorrow"]
    assert press(nudged, Press.AWAY_OFF) == "said"
    assert len(look(nudged).days) == 4


@pytest.mark.parametrize(
    "dates",
    ["", "2026-11-25", "2026-11-26 2026-11-25", "2026-11-01 2026-11-02", "x y", "2026-11-25 9999-12-31"],
)
async def test_dates_that_are_none_to_come_do_nothing(nudged: World, dates: str) -> None:
    assert press(nudged, f"{Press.AWAY} {dates}") == "nothing"
    assert standing(nudged).wishes.away == ()


async def test_hours_are_set_and_ended_by_buttons_and_the_rules_say_so(nudged: World) -> None:
    press(nudged, Press.HOURS_LATE)
    press(nudged, Press.HOURS_EARLY)
    page = look(nudged)
    press(nudged, Press.HOURS_USUAL)

    assert page.rules[0] == "Quiet hours from 6 pm to 10 am: nothing comes then."
    assert not {Press.HOURS_LATE, Press.HOURS_EARLY} & set(offered(page))
    assert look(nudged).rules[0] == "Quiet hours from 8:30 pm to 9 am: nothing comes then."


@pytest.mark.parametrize("step", [Press.LESS, Press.PAUSE, Press.TODAY, Press.HOURS_LATE, Press.LATER])
async def test_the_last_step_is_taken_back_once(nudged: World, step: Press) -> None:
    before = look(nudged)
    press(nudged, step)
    shown = look(nudged)

    assert press(nudged, Press.UNDO) == "said"
    assert Press.UNDO in offered(shown)
    assert look(nudged) == before
    assert press(nudged, Press.UNDO) == "nothing"


async def test_fewer_and_more_go_a_step_at_a_time_and_only_as_far_as_there_is(nudged: World) -> None:
    assert Press.MORE not in offered(look(nudged))

    states = []
    for _ in range(2):
        press(nudged, Press.LESS)
        states += look(nudged).states
    lowest = press(nudged, Press.LESS)
    press(nudged, Press.MORE)

    assert states == ["About half of your nudges come.", "About a quarter of your nudges come."]
    assert lowest == "nothing"
    assert standing(nudged).fewer == 1


async def test_stop_stops_every_channel_and_begin_undoes_it(nudged: World) -> None:
    press(nudged, Press.STOP)
    stopped = look(nudged)
    await nudged.until(ONE + timedelta(hours=4))

    assert standing(nudged).opted_out == frozenset(ChannelName)
    assert stopped.states == ["nudger sends you no emails."]
    assert (offered(stopped), stopped.coming) == ([Press.BEGIN], "")
    assert len(nudged.email.sent) == 1
    press(nudged, Press.BEGIN)
    assert standing(nudged).opted_out == frozenset({ChannelName.SMS})
    assert look(nudged).states == ["Your nudges come as planned."]


@in_each_language
async def test_on_hold_the_page_is_kind_names_helplines_and_offers_no_plans(nudged: World) -> None:
    act(nudged, Hold())

    page = look(nudged)

    assert "116 123" in page.helplines
    assert (page.coming, list(page.days)) == ("", [])
    assert offered(page) == [Press.RESUME, Press.STOP]
    press(nudged, Press.RESUME)
    assert standing(nudged).held_at is None


async def test_what_the_page_does_not_offer_does_nothing(nudged: World) -> None:
    act(nudged, Pause(None))
    before = nudged.store.people.export("maya")

    notices = [press(nudged, step) for step in (Press.LATER, Press.BEGIN, Press.PAUSE, "nonsense", "")]

    assert notices == ["nothing"] * 5
    assert nudged.store.people.export("maya") == before


async def test_who_never_agreed_can_agree_here(world: World) -> None:
    await world.start(maya=MAYA.format(language="en").replace('consent = "2026-11-20, in person"\n', ""))
    page = look(world)
    press(world, Press.BEGIN)

    assert page.states == ["Nothing is sent yet: nudger waits for your yes."]
    assert standing(world).consented == frozenset({EMAIL})


async def test_the_log_says_that_it_was_done_on_their_page(nudged: World) -> None:
    press(nudged, Press.PAUSE)

    assert [entry.what for entry in nudged.store.people.log("maya", 2)] == ["paused", "their page: pause"]


async def test_the_export_is_all_that_is_held_as_json(nudged: World) -> None:
    held = mine(nudged).export(link(), (), nudged.clock.now())

    assert isinstance(held, str)
    assert json.loads(held) == nudged.store.people.export("maya")


@in_each_language
async def test_erasing_says_first_what_stays_then_erases_and_the_file_makes_nobody_of_them(
    nudged: World,
) -> None:
    asked = mine(nudged).ask_erase(link(), (), nudged.clock.now())
    done = mine(nudged).erase(link(), (), nudged.clock.now())
    await nudged.start(maya=MAYA.format(language="en"))
    await nudged.until(ONE + timedelta(days=2))

    assert len(asked.text.splitlines()) == 2  # what goes, and what stays
    assert (done.status, done.button) == (200, "")
    assert nudged.store.people.person("maya") is None
    assert len(nudged.email.sent) == 1
    (problem,) = nudged.store.overview.status(nudged.clock.now()).problems
    assert problem.file.endswith("maya.toml")
    assert (problem.message, problem.hint) == (
        "this person's data was erased",
        "remove their plan: while it is there nothing is sent to them, whatever it says; one that comes"
        " later is a new person's",
    )
    assert mine(nudged).look(link(), ("en",), nudged.clock.now()).status == 410  # type: ignore[union-attr]


async def test_once_the_file_of_an_erased_person_is_gone_a_new_one_is_somebodys(nudged: World) -> None:
    mine(nudged).erase(link(), (), nudged.clock.now())
    nudged.load(jonas=MAYA.format(language="en").replace("maya@", "jonas@"))
    nudged.load(maya=MAYA.format(language="en"))

    assert nudged.store.people.person("maya") is not None


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("nonsense", 404),
        (link(key=bytes(32)), 404),
        (token(Action.STOP, "maya", EMAIL, 1, KEY, ONE), 404),
        (link("nobody"), 410),
    ],
)
async def test_a_token_that_is_not_right_opens_nothing(nudged: World, given: str, status: int) -> None:
    now, page = nudged.clock.now(), mine(nudged)

    cards = [page.look(given, ("fr",), now), page.press(given, Press.STOP, ("fr",), now)]
    cards += [page.export(given, ("fr",), now), page.ask_erase(given, ("fr",), now)]
    page.erase(given, ("fr",), now)

    assert {card.status for card in cards if isinstance(card, Card)} == {status}
    assert {card.language for card in cards if isinstance(card, Card)} == {"fr"}
    assert len(cards) == 4
    assert not standing(nudged).opted_out


async def test_erasing_once_more_says_that_it_is_done(nudged: World) -> None:
    cards = [mine(nudged).erase(link(), ("en",), nudged.clock.now()) for _ in range(2)]

    assert [(card.status, card.title) for card in cards] == [(200, "It is erased")] * 2


async def test_a_link_ends_after_two_weeks_and_says_how_to_get_another(nudged: World) -> None:
    card = mine(nudged).look(link(), (), ONE + OWN_PAGE_LASTS)

    assert isinstance(card, Card)
    assert (card.status, card.language) == (410, "en")
    assert "reply LINK" in card.text


async def test_an_opt_out_of_one_channel_is_said_and_the_other_goes_on(world: World) -> None:
    plan = MAYA.format(language="en").replace("country", 'phone = "+447700900123"\ncountry')
    await world.start(maya=plan)
    act(world, OptOut(frozenset({ChannelName.SMS}), "x"))

    page = look(world)

    assert page.states == ["nudger sends you no texts.", "Your nudges come as planned."]
    assert Press.STOP in offered(page)


@in_each_language
async def test_it_says_that_less_comes_for_the_quiet_and_more_brings_all_of_them_back(nudged: World) -> None:
    language = nudged.store.people.person("maya").plan.language  # type: ignore[union-attr]
    nudged.load(maya=f'back_off = "gentle"\n{MAYA.format(language=language)}')
    await nudged.until(ONE + timedelta(days=20))
    own, words = mine(nudged), nudged.core.wording.page
    now = nudged.clock.now()
    mailed = own_page("", "maya", EMAIL, KEY, now).removeprefix("/me/")
    before = own.look(mailed, (), now, "")

    own.press(mailed, Press.MORE, (), now)

    after = own.look(mailed, (), now, "")
    assert isinstance(before, OwnPage)
    assert isinstance(after, OwnPage)
    assert words(language, "me", "eased") in before.states
    assert words(language, "me", "as_planned") in after.states
    assert standing(nudged).silent_since == now
