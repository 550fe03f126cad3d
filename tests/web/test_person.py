"""A person's own page over the wire: what a browser, a stranger's site and a curious proxy get."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from nudger.inbound.email_links import Card
from nudger.inbound.self_service.page import Button, Coming, Day, Offer, OwnPage
from nudger.inbound.self_service.steps import Press
from nudger.web.security.connections import Throttle, TokenDoor
from nudger.web.self_service.pages import PersonPages
from tests.support.asking import ask
from tests.support.worlds.web import World

OWN = {"sec-fetch-site": "same-origin"}
FORGED = Card("en", "Not whole", "Open it once more.", "A program.", status=404)
ERASED = Card("en", "Erased", "Nothing is held.", "A program.")
ASKED = Card("en", "Erase?", "All goes.\nThe file stays.", "A program.", button="Yes", undo="No")
PAGE = OwnPage(
    language="es",
    title="Hola <Maya>",
    notice="",
    states=["Todo sigue."],
    helplines="",
    coming="Lo que viene",
    none_coming="Nada.",
    days=[Day("Hoy", [Coming("16:00", "Descanso", "")])],
    offers=[
        Offer("pause", "Una pausa", "Silencio.", [Button(Press.PAUSE, "Pausa")]),
        Offer("away", "Días fuera", "Silencio.", [Button(Press.AWAY, "Fuera")]),
        Offer("stop", "Parar", "Nada más.", [Button(Press.STOP, "Parar todo")]),
    ],
    away_first="Primer día",
    away_last="Último día",
    rules_title="Cómo está",
    rules=["Tres al día."],
    words_title="Palabras",
    words_text="Lo dicho.",
    words_link="Ver",
    data_title="Datos",
    data_text="Todo.",
    export="Descargar",
    erase="Borrar",
    automated="Un programa.",
)


@dataclass
class Owned:
    """Records what is asked of the page behind the token "right"."""

    pressed: list[str] = field(default_factory=list)
    erased: int = 0
    notices: list[str] = field(default_factory=list)
    fault: Exception | None = None

    def look(self, token: str, languages: Sequence[str], now: datetime, notice: str) -> OwnPage | Card:
        if self.fault is not None:
            raise self.fault
        self.notices.append(notice)
        return replace(PAGE, notice=notice) if token == "right" else FORGED

    def press(self, token: str, step: str, languages: Sequence[str], now: datetime) -> str | Card:
        if token != "right":
            return FORGED
        self.pressed.append(step)
        return "said"

    def export(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        return '{"person": "maya"}' if token == "right" else FORGED

    def ask_erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        return ASKED if token == "right" else FORGED

    def erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        self.erased += token == "right"
        return ERASED if token == "right" else FORGED

    def pages(self, world: World, burst: int = 30) -> PersonPages:
        strangers, holders = (Throttle(lambda: 0.0, burst=burst) for _ in range(2))
        door = TokenDoor(lambda token: token == "right", strangers, holders)
        return PersonPages(self, world, world, door, "https://nudger.example.org/base")  # type: ignore[arg-type]

    def busy(self, languages: Sequence[str]) -> Card:
        return replace(FORGED, title="One moment", status=429)


@pytest.fixture
def owned() -> Owned:
    return Owned()


@pytest.fixture
def app(world: World, owned: Owned) -> Starlette:
    return world.twilio_app(owned.pages(world))


async def test_the_page_is_in_the_persons_language_and_every_button_a_form(app: Starlette) -> None:
    answer = await ask(app, "GET", "/me/right")

    assert answer.status == 200
    assert '<html lang="es">' in answer.body
    assert "Hola &lt;Maya&gt;" in answer.body
    assert answer.body.count('<form method="post" action="/me/right">') == 3
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/me/right"),
        ("GET", "/me/wrong"),
        ("POST", "/me/right"),
        ("GET", "/me/right/data.json"),
        ("GET", "/me/right/erase"),
        ("POST", "/me/right/erase"),
    ],
)
async def test_every_answer_is_private_and_gives_its_address_to_nobody(
    app: Starlette, method: str, target: str
) -> None:
    answer = await ask(app, method, target, OWN, (("step", "pause"),))

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] in ("strict-origin", "no-referrer")  # never a path
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_a_press_is_done_once_and_leads_back_to_the_page(app: Starlette, owned: Owned) -> None:
    answer = await ask(app, "POST", "/me/right", OWN, (("step", "pause"),))
    await ask(app, "GET", answer.headers["location"])

    assert (answer.status, answer.headers["location"]) == (303, "/me/right?notice=said")
    assert (owned.pressed, owned.notices) == (["pause"], ["said"])


async def test_days_away_are_two_dates_of_the_one_form(app: Starlette, owned: Owned) -> None:
    page = await ask(app, "GET", "/me/right")
    await ask(
        app,
        "POST",
        "/me/right",
        OWN,
        (("first", "2026-12-07"), ("last", "2026-12-14"), ("step", "away")),
    )

    assert page.body.count('<input type="date"') == 2
    assert owned.pressed == ["away 2026-12-07 2026-12-14"]


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}]
)
@pytest.mark.parametrize("target", ["/me/right", "/me/right/erase"])
async def test_another_site_can_press_nothing(
    app: Starlette, owned: Owned, headers: dict[str, str], target: str
) -> None:
    answer = await ask(app, "POST", target, headers, (("step", "stop"),))

    assert (answer.status, owned.pressed, owned.erased) == (403, [], 0)
    assert answer.body == "This is done from your own page only.\n"


async def test_behind_a_proxy_the_public_address_is_our_own(app: Starlette, owned: Owned) -> None:
    headers = {"origin": "https://nudger.example.org"}  # a browser that sends no Sec-Fetch-Site

    answer = await ask(app, "POST", "/me/right", headers, (("step", "pause"),))

    assert (answer.status, owned.pressed) == (303, ["pause"])


async def test_the_data_come_as_a_file(app: Starlette) -> None:
    answer = await ask(app, "GET", "/me/right/data.json")

    assert answer.body == '{"person": "maya"}'
    assert answer.headers["content-disposition"] == 'attachment; filename="nudger-my-data.json"'


async def test_erasing_takes_two_steps_and_the_first_changes_nothing(app: Starlette, owned: Owned) -> None:
    asked = await ask(app, "GET", "/me/right/erase")
    before = owned.erased
    done = await ask(app, "POST", "/me/right/erase", OWN)

    assert (before, owned.erased) == (0, 1)
    assert "The file stays." in asked.body
    assert '<a href="/me/right">No</a>' in asked.body
    assert "Nothing is held." in done.body


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/me/wrong"),
        ("POST", "/me/wrong"),
        ("GET", "/me/wrong/data.json"),
        ("GET", "/me/wrong/erase"),
        ("POST", "/me/wrong/erase"),
    ],
)
async def test_a_wrong_token_gets_the_same_page_everywhere(app: Starlette, method: str, target: str) -> None:
    answer = await ask(app, method, target, OWN, (("step", "stop"),))

    assert answer.status == 404
    assert "Open it once more." in answer.body
    assert "wrong" not in answer.body


async def test_who_asks_too_often_waits(world: World, owned: Owned) -> None:
    app = world.twilio_app(owned.pages(world, burst=2))

    answers = [await ask(app, "GET", f"/me/guess-{number}") for number in range(3)]

    assert [answer.status for answer in answers] == [404, 404, 429]
    assert answers[-1].headers["retry-after"] == "60"


async def test_a_page_of_ones_own_opens_whatever_strangers_of_the_same_address_do(
    world: World, owned: Owned
) -> None:
    app = world.twilio_app(owned.pages(world, burst=2))
    for number in range(20):
        await ask(app, "GET", f"/me/guess-{number}")

    answer = await ask(app, "GET", "/me/right")

    assert answer.status == 200


async def test_a_fault_behind_the_page_logs_no_token(app: Starlette, owned: Owned) -> None:
    owned.fault = RuntimeError("locked")

    with capture_logs() as logs:
        answer = await ask(app, "GET", "/me/right")

    assert answer.status == 500
    assert "right" not in str(logs)


async def test_without_links_there_are_no_such_pages(twilio_app: Starlette) -> None:
    answers = [await ask(twilio_app, "GET", f"/me/right{tail}") for tail in ("", "/data.json", "/erase")]

    assert [answer.status for answer in answers] == [404, 404, 404]
