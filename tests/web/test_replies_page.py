"""Replies on the board and in the API: what is shown, to whom, and who has seen to it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from nudger.web.api.openapi import ROOT
from tests.support.asking import Answer, Body, ask
from tests.support.worlds.desk import ALLOWED, BEN, MAYA, Desk, api_of, desk

WORDS = "can someone call me please? <b>"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    """Maya has written twice."""
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA, ben=BEN)
        await one.behind.text("done")
        await one.behind.text(WORDS)
        yield one


@pytest.fixture
async def board(here: Desk) -> Starlette:
    app = here.app()
    await here.signed_in(app)
    return app


async def line_of(here: Desk) -> int:
    found = await ask(api_of(here), "GET", f"{ROOT}/replies?needs=person", ALLOWED)
    return int(json.loads(found.body)["replies"][0]["id"])


async def test_replies_are_listed_without_a_word_unless_conversations_show(
    here: Desk, board: Starlette
) -> None:
    shut = await here.get(board, "/board/replies")
    opened = await here.get(here.app(show_conversations=True), "/board/replies")

    assert "2 found" in shut.body
    assert "asks for a person" in shut.body
    assert "call me" not in shut.body
    assert "can someone call me please? &lt;b&gt;" in opened.body


async def test_they_are_looked_for_by_what_they_are_who_wrote_and_when(here: Desk, board: Starlette) -> None:
    numbers = {
        query: (await here.get(board, f"/board/replies?{query}")).body.partition(" found")[0][-1]
        for query in (
            "intent=done",
            "person=ben",
            "show=waiting",
            "show=handled",
            "show=open",
            "since=2026-11-23&until=2026-11-23",
            "since=2026-11-24",
            "until=2026-11-22",
        )
    }

    assert list(numbers.values()) == ["1", "0", "1", "0", "2", "2", "0", "0"]


@pytest.mark.parametrize(
    "query", ["show=x", "since=soon", "until=9999-12-31", "at=x", "at=2026-11-23T10:00:00Z&id=x"]
)
async def test_what_cannot_be_meant_is_refused_with_a_sentence(
    here: Desk, board: Starlette, query: str
) -> None:
    assert (await here.get(board, f"/board/replies?{query}")).status == 400


async def test_one_is_handled_by_whom_and_opened_again(here: Desk, board: Starlette) -> None:
    line = str(await line_of(here))
    handled = await here.post(board, "/board/replies?show=waiting", ("handled", line), ("by", " Ann  Li "))
    after, front = await here.get(board, "/board/replies"), await here.get(board, "/board")
    opened = await here.post(board, "/board/replies", ("reopen", line), ("by", ""))

    assert (handled.status, handled.headers["location"]) == (303, "/board/replies?show=waiting")
    assert "by Ann Li, Mon 23 Nov" in after.body
    assert "All is well" in front.body
    assert opened.status == 303
    assert "One person waits for somebody" in (await here.get(board, "/board")).body


@pytest.mark.parametrize(("line", "status"), [("", 400), ("x", 400), ("9" * 30, 400), ("999999", 404)])
async def test_what_is_no_reply_is_not_handled(here: Desk, board: Starlette, line: str, status: int) -> None:
    assert (await here.post(board, "/board/replies", ("handled", line))).status == status


async def test_a_stranger_and_another_site_handle_nothing(here: Desk, board: Starlette) -> None:
    line = str(await line_of(here))
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    foreign = await here.post(board, "/board/replies", ("handled", line), headers=elsewhere)
    here.cookie = ""
    stranger = await here.post(board, "/board/replies", ("handled", line))

    assert (foreign.status, stranger.headers["location"]) == (403, "/board/login")
    assert await line_of(here) == int(line)
    assert here.behind.store.overview.vitals(here.behind.clock.at).needed != []


async def test_counts_lead_to_what_they_count(here: Desk, board: Starlette) -> None:
    today = here.behind.clock.at.astimezone().date()
    here.behind.store.statistics.tally(today, today)

    front = await here.get(board, "/board")
    listed = await here.get(board, f"/board/replies?since={today}&intent=done")

    assert f"/board/replies?since={today}&amp;intent=done" in front.body.replace("&intent", "&amp;intent")
    assert "1 found" in listed.body


async def test_the_api_pages_through_replies_and_marks_them(here: Desk) -> None:
    api = api_of(here)
    first = json.loads((await ask(api, "GET", f"{ROOT}/replies?limit=1", ALLOWED)).body)
    second = json.loads(
        (await ask(api, "GET", f"{ROOT}/replies?limit=1&after={first['next']}", ALLOWED)).body
    )
    path = f"{ROOT}/replies/{first['replies'][0]['id']}/handled"
    marked = json.loads((await ask_json(api, path, {"by": "Ann"})).body)
    opened = json.loads((await ask_json(api, path, {"by": None})).body)

    assert [one["replies"][0]["intent"] for one in (first, second)] == ["unknown", "done"]
    assert first["number"] == 2
    assert [first["replies"][0][key] for key in ("needs", "text", "handled_by")] == ["person", None, None]
    assert (marked["handled_by"], opened["handled_by"]) == ("Ann", None)
    assert (await ask_json(api, f"{ROOT}/replies/999999/handled", {"by": "Ann"})).status == 404


async def ask_json(api: Starlette, path: str, body: dict[str, object]) -> Answer:
    headers = {**ALLOWED, "content-type": "application/json"}
    return await ask(api, "POST", path, headers, body=Body([json.dumps(body).encode()]))
