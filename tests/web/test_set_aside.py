"""Somebody whom nudger fails over, on the board and in the API."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from nudger.agenda.laying_out import TryingAgain
from nudger.web.api.openapi import ROOT
from tests.support.asking import ask
from tests.support.worlds.desk import ALLOWED, BEN, MAYA, Desk, api_of, desk

FAULT = "the stored history of maya cannot be read (at its start)"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    """Maya's history is spoilt, and a claim of her days has found it so."""
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA, ben=BEN)
        with closing(sqlite3.connect(tmp_path / "nudger.db")) as database, database:
            database.execute("UPDATE person SET history = '{', layout_at = 1 WHERE id = 'maya'")
        one.behind.store.agenda.claim_layout(one.behind.clock.now(), 10)
        yield one


async def test_the_board_says_so_first_and_on_their_page_with_what_to_do(here: Desk) -> None:
    board = here.app()
    await here.signed_in(board)

    first, theirs = await here.get(board, "/board"), await here.get(board, "/board/people/maya")
    people = await here.get(board, "/board/people")

    assert "nudger fails over maya, in laying out their days (" + FAULT in first.body
    assert FAULT in theirs.body
    assert "Try again" in theirs.body
    assert people.body.count("set aside, as nudger fails over them</span>") == 1


async def test_their_page_tries_them_again_and_puts_right_what_could_not_be_read(here: Desk) -> None:
    board, behind = here.app(), here.behind
    await here.signed_in(board)

    answer = await here.post(board, "/board/people/maya/resume")
    now = behind.clock.now()
    await TryingAgain(behind.store.agenda, here.core.decider, here.core.zone, "seed").run_once(now)

    assert answer.status == 303
    assert behind.store.agenda.those_set_aside() == []
    assert {"set aside", "put right", "taken back"} <= {
        entry.what for entry in behind.store.people.log("maya")
    }
    assert "Try again" not in (await here.get(board, "/board/people/maya")).body


async def test_the_api_tells_it_and_serves_all_others(here: Desk) -> None:
    api = api_of(here)

    maya, ben = [await ask(api, "GET", f"{ROOT}/people/{one}", ALLOWED) for one in ("maya", "ben")]
    agenda = await ask(api, "GET", f"{ROOT}/people/maya/agenda", ALLOWED)

    assert [json.loads(one.body)["set_aside"] for one in (maya, ben)] == [True, False]
    assert agenda.status == 409
    assert FAULT in json.loads(agenda.body)["detail"]
