"""What a person has said, over the wire: looked at, taken along, erased; and who may not."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from starlette.applications import Starlette

from nudger.inbound.email_links import Card
from nudger.inbound.self_service.journal import Entered, JournalPage, NumberLine, Point
from nudger.web.security.connections import Throttle, TokenDoor
from nudger.web.self_service.pages import JournalPages
from tests.support.asking import ask
from tests.support.worlds.web import World

OWN = {"sec-fetch-site": "same-origin"}
FORGED = Card("en", "Not whole", "Open it once more.", "A program.", status=404)
ASKED = Card("fr", "Effacer ?", "Tout s'en va.", "Un programme.", button="Oui", undo="Non")
LINE = NumberLine("Calma", "0", "10", "1 mayo", "3 mayo", [Point(6, 94), Point(294, 6)], [("1 mayo", "0")])
PAGE = JournalPage(
    language="es",
    title="Tus palabras",
    text="Lo dicho.",
    notice="",
    kept="Se queda.",
    charts=[LINE],
    table="Los números",
    list_title="Todo",
    told=[Entered(7, "Hoy, 10:30", "¿Qué tal?", "<b>gris</b>", "")],
    none="",
    more="",
    erase="Borrar",
    erase_all="Borrarlo todo",
    file="Descargar",
    back="Volver",
    automated="Un programa.",
)


@dataclass
class Kept:
    """Records what is asked of the words behind the token "right"."""

    erased: list[str] = field(default_factory=list)

    def look(self, token: str, languages: Sequence[str], now: datetime, notice: str) -> JournalPage | Card:
        return replace(PAGE, notice=notice) if token == "right" else FORGED

    def erase(self, token: str, entry: str, languages: Sequence[str], now: datetime) -> str | Card:
        return self._erased(token, entry)

    def ask_erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        return ASKED if token == "right" else FORGED

    def erase_all(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        return self._erased(token, "all")

    def file(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        return "at,words\r\n" if token == "right" else FORGED

    def busy(self, languages: Sequence[str]) -> Card:
        return replace(FORGED, title="One moment", status=429)

    def _erased(self, token: str, what: str) -> str | Card:
        if token != "right":
            return FORGED
        self.erased.append(what)
        return "erased"


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def app(world: World, kept: Kept) -> Starlette:
    strangers, holders = (Throttle(lambda: 0.0, burst=30) for _ in range(2))
    door = TokenDoor(lambda token: token == "right", strangers, holders)
    return world.twilio_app(JournalPages(kept, world, door, "https://nudger.example.org/base"))  # type: ignore[arg-type]


async def test_the_page_has_what_was_said_as_text_and_numbers_as_a_line_with_their_table(
    app: Starlette,
) -> None:
    answer = await ask(app, "GET", "/me/right/words")

    assert answer.status == 200
    assert '<html lang="es">' in answer.body
    assert "&lt;b&gt;gris&lt;/b&gt;" in answer.body
    assert '<polyline points="6,94 294,6"/>' in answer.body
    assert '<tr><th scope="row">1 mayo</th><td>0</td></tr>' in answer.body
    assert "<script" not in answer.body


async def test_one_thing_is_erased_by_its_button_and_leads_back(app: Starlette, kept: Kept) -> None:
    answer = await ask(app, "POST", "/me/right/words", OWN, (("entry", "7"),))

    assert (answer.status, answer.headers["location"]) == (303, "/me/right/words?notice=erased")
    assert kept.erased == ["7"]


async def test_all_is_erased_in_two_steps_and_the_first_changes_nothing(app: Starlette, kept: Kept) -> None:
    asked = await ask(app, "GET", "/me/right/words/erase")
    before = list(kept.erased)
    await ask(app, "POST", "/me/right/words/erase", OWN)

    assert 'action="/me/right/words/erase"' in asked.body
    assert '<a href="/me/right/words">Non</a>' in asked.body
    assert (before, kept.erased) == ([], ["all"])


async def test_it_can_be_taken_along_as_a_file(app: Starlette) -> None:
    answer = await ask(app, "GET", "/me/right/words.csv")

    assert answer.body == "at,words\r\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="nudger-my-words.csv"'


@pytest.mark.parametrize("target", ["/me/right/words", "/me/right/words/erase"])
async def test_another_site_can_erase_nothing(app: Starlette, kept: Kept, target: str) -> None:
    answer = await ask(app, "POST", target, {"origin": "https://evil.example"}, (("entry", "7"),))

    assert (answer.status, kept.erased) == (403, [])


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/me/wrong/words"),
        ("POST", "/me/wrong/words"),
        ("GET", "/me/wrong/words.csv"),
        ("GET", "/me/wrong/words/erase"),
        ("POST", "/me/wrong/words/erase"),
    ],
)
async def test_a_wrong_token_learns_nothing(app: Starlette, kept: Kept, method: str, target: str) -> None:
    answer = await ask(app, method, target, OWN, (("entry", "7"),))

    assert (answer.status, kept.erased) == (404, [])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
