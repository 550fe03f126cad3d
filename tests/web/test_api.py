"""The operator's API: what it gives and does, and how it refuses."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from nudger.domain.effects import Hold, Response
from nudger.web.api.openapi import OPERATIONS, ROOT, description
from tests.support.asking import Answer, Body, ask
from tests.support.worlds.desk import ALLOWED, BEN, MAYA, TOKEN, Desk, api_of, desk
from tests.support.worlds.web import World

JSON = {**ALLOWED, "content-type": "application/json"}
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA, ben=BEN)
        yield one


@pytest.fixture
def app(here: Desk) -> Starlette:
    return api_of(here)


async def get(app: Starlette, path: str) -> Any:
    answer = await ask(app, "GET", ROOT + path, ALLOWED)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def post(app: Starlette, path: str, body: object = None) -> Answer:
    given = Body([] if body is None else [json.dumps(body).encode()])
    return await ask(app, "POST", ROOT + path, JSON, body=given)


def problem(answer: Answer) -> Mapping[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.body)
    assert told["status"] == answer.status
    return told


async def test_people_come_in_pages(here: Desk, app: Starlette) -> None:
    first = await get(app, "/people?limit=1")
    second = await get(app, f"/people?limit=1&after={first['next']}")

    assert [one["id"] for one in first["people"] + second["people"]] == ["ben", "maya"]
    assert second["next"] is None


async def test_a_person_is_told_with_standing_and_plan_and_without_addresses(
    here: Desk, app: Starlette
) -> None:
    maya = await get(app, "/people/maya")

    assert maya == {
        "id": "maya",
        "name": "Maya Öström",
        "timezone": "Europe/London",
        "language": "en",
        "paused": False,
        "paused_until": None,
        "away": [],
        "held": False,
        "removed": False,
        "set_aside": False,
        "opted_out": [],
        "consented": ["sms"],
        "unreachable": [],
        "group": None,
        "kinds": ["movement", "rest"],
        "plan_file": "maya.toml",
        "plan_problems": [],
    }


async def test_an_agenda_says_what_goes_out_and_what_not_and_why(here: Desk, app: Starlette) -> None:
    maya = await get(app, "/people/maya/agenda?days=1")
    ben = await get(app, "/people/ben/agenda?days=1")

    assert [(one["local_time"], one["status"]) for one in maya["entries"]] == [
        ("10:00", "send"),
        ("13:00", "send"),
        ("16:00", "send"),
    ]
    assert [(one["kind"], one["reason"]) for one in ben["entries"][:2]] == [
        (None, "asks for consent, once; nothing else before YES"),
        ("reflection", "no consent on record for email"),
    ]


async def test_everyones_agenda_is_read_on_by_its_next(here: Desk, app: Starlette) -> None:
    await here.behind.until(datetime(2026, 11, 23, 18, tzinfo=UTC))

    sent = await get(app, "/agenda?show=sent")
    coming = await get(app, "/agenda")

    assert [one["person"] for one in sent["entries"]] == ["maya"] * 3
    assert sent["next"] is None
    assert {one["state"] for one in coming["entries"]} == {"planned"}


async def test_a_log_goes_back_page_by_page(here: Desk, app: Starlette) -> None:
    await here.behind.until(datetime(2026, 11, 23, 18, tzinfo=UTC))

    first = await get(app, "/people/maya/log?limit=2")
    second = await get(app, f"/people/maya/log?limit=2&before={first['next']}")

    assert [one["what"] for one in first["entries"]] == ["movement nudge", "rest nudge"]
    assert [one["what"] for one in second["entries"]] == ["movement nudge", "plan added"]


async def test_health_is_the_figures_of_the_overview(here: Desk, app: Starlette) -> None:
    told = await get(app, "/health")

    assert (told["people"], told["unknown"], told["apart"]["no-consent"]) == (2, 0, 1)


async def test_pause_and_resume_act_and_give_the_new_standing(here: Desk, app: Starlette) -> None:
    paused = await post(app, "/people/maya/pause", {"until": "2026-11-30T09:00:00+01:00"})
    resumed = await post(app, "/people/maya/resume")

    assert json.loads(paused.body)["paused_until"] == "2026-11-30T08:00:00Z"
    assert json.loads(resumed.body)["paused"] is False


async def test_send_makes_one_due_and_wakes_the_daemon(here: Desk, app: Starlette) -> None:
    answer = await post(app, "/people/maya/send", {"kind": "rest"})
    await here.behind.tick()

    assert answer.status == 200
    assert (here.woken, len(here.behind.texts)) == ([True], 1)


async def test_a_hold_is_lifted_by_its_own_operation_alone(here: Desk, app: Starlette) -> None:
    here.behind.store.inbound.act(
        "maya", here.behind.clock.at, lambda _: Response("x", None, (Hold(),)), "test"
    )

    resumed = await post(app, "/people/maya/resume")
    lifted = await post(app, "/people/maya/lift-hold")

    assert resumed.status == 409
    assert json.loads(lifted.body)["held"] is False


async def test_what_cannot_be_done_now_is_a_conflict_with_the_reason(here: Desk, app: Starlette) -> None:
    answer = await post(app, "/people/ben/send", {"kind": "reflection"})

    assert problem(answer)["detail"] == "Ben <b> gets nothing now: quiet hours 20:00-09:00"
    assert answer.status == 409


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer guess"}, {"authorization": f"Basic {TOKEN}"}]
)
@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
async def test_without_the_token_nothing_is_told_or_done(
    here: Desk, app: Starlette, one: Any, headers: dict[str, str]
) -> None:
    path = ROOT + one.path.replace("{person}", "maya")
    answer = await ask(app, one.method, path, headers, body=Body([b'{"kind": "rest"}']))

    assert problem(answer)["status"] == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/people/nobody", ALLOWED, b"", 404),
        ("GET", "/people/NOT-AN-ID%00", ALLOWED, b"", 404),
        ("GET", "/nothing", ALLOWED, b"", 404),
        ("DELETE", "/people/maya", ALLOWED, b"", 405),
        ("GET", "/people?limit=1000", ALLOWED, b"", 422),
        ("GET", "/people?colour=red", ALLOWED, b"", 422),
        ("GET", "/agenda?after=2026-11-23~1", ALLOWED, b"", 422),
        ("GET", "/people/maya/log?before=yesterday", ALLOWED, b"", 422),
        ("POST", "/people/maya/send", JSON, b"{", 400),
        ("POST", "/people/maya/send", JSON, b"\xff", 400),
        ("POST", "/people/maya/send", JSON, b'{"kind": "bribery"}', 422),
        ("POST", "/people/maya/send", ALLOWED, b'{"kind": "rest"}', 415),
        ("POST", "/people/maya/pause", JSON, b'{"until": "2026-11-30T09:00:00"}', 422),
        ("POST", "/people/maya/pause", JSON, b'{"until": "2020-11-30T09:00:00Z"}', 409),
        ("POST", "/people/maya/pause", JSON, b'{"until": "2099-11-30T09:00:00Z"}', 409),
        ("POST", "/people/maya/pause", JSON, b'{"until": "9999-12-31T23:59:59Z"}', 422),
        ("POST", "/people/maya/pause", JSON, b'{"until": "0001-01-01T00:00:00+14:00"}', 422),
        ("GET", "/people/maya/log?before=9999-12-31T23:59:59-12:00", ALLOWED, b"", 422),
        ("POST", "/people/maya/pause", JSON, b" " * 70_000, 413),
    ],
)
async def test_a_refusal_is_a_problem_with_a_sentence(
    here: Desk, app: Starlette, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await ask(app, method, ROOT + path, headers, body=Body([body]))

    told = problem(answer)
    assert answer.status == status
    assert told["detail"]
    assert here.behind.store.people.person("maya").standing.paused_at is None


async def test_the_description_is_served_and_the_one_in_docs_is_the_same(app: Starlette) -> None:
    served = json.loads((await ask(app, "GET", "/api/openapi.json")).body)

    kept = json.loads((DOCS / "openapi.json").read_text("utf-8"))
    assert kept == served == description(), "renew it with: python -m nudger.web.api > docs/openapi.json"


async def test_without_a_token_in_the_settings_there_is_no_api() -> None:
    app = World().app()

    assert (await ask(app, "GET", f"{ROOT}/health")).status == 404
    assert (await ask(app, "GET", "/api/openapi.json")).status == 404
