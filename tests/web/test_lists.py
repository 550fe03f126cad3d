"""Lists of people with what they got, and every list as CSV that a spreadsheet runs nothing of."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from nudger.agenda.entries import Failure, SendFailure
from nudger.web.board import spreadsheets
from nudger.web.board.spreadsheets import FORMULA, safe, written
from tests.support.worlds.desk import BEN, MAYA, Desk, desk


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        await one.behind.start(maya=f'group = "north"\n{MAYA}', ben=BEN)
        yield one


@pytest.fixture
async def board(here: Desk) -> Starlette:
    app = here.app()
    await here.signed_in(app)
    return app


async def rows(here: Desk, board: Starlette, path: str) -> list[dict[str, str]]:
    answer = await here.get(board, path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.body)))


async def test_people_are_listed_with_group_last_sign_and_what_will_not_go_out(
    here: Desk, board: Starlette
) -> None:
    await here.behind.text("done")

    answer = await here.get(board, "/board/people?group=north&channel=sms&kind=rest")
    everyone = await here.get(board, "/board/people")

    assert "1 found" in answer.body
    assert "Mon 23 Nov 09:00" in answer.body  # her sign, by her clock
    assert "2 found" in everyone.body
    assert "Mon 23 Nov 09:30, will not go out" in everyone.body  # Ben has not agreed


async def test_who_cannot_be_reached_is_not_as_planned_and_is_tried_again_by_a_button(
    here: Desk, board: Starlette
) -> None:
    behind = here.behind
    behind.sms.answer = lambda _: SendFailure(Failure.RECIPIENT, "no such number")
    await behind.until(datetime(2026, 11, 25, 18, tzinfo=UTC))
    await here.signed_in(board)  # a session lasts half a day
    found = await here.get(board, "/board/people?apart=unreachable")
    page = await here.get(board, "/board/people/maya")
    front = await here.get(board, "/board")

    tried = await here.post(board, "/board/people/maya/resume")

    assert "1 found" in found.body
    assert "unreachable by sms: too much in a row did not arrive" in page.body
    assert "Nudges come as planned" not in page.body
    assert "Try again" in page.body
    assert "maya gets nothing by sms any more" in front.body
    assert tried.status == 303
    assert "Try again" not in (await here.get(board, "/board/people/maya")).body


@pytest.mark.parametrize("query", ["apart=x", "lately=x", "channel=fax", "kind=x"])
async def test_a_filter_that_there_is_not_is_refused(here: Desk, board: Starlette, query: str) -> None:
    answers = [await here.get(board, f"/board/people{form}?{query}") for form in ("", ".csv")]

    assert [one.status for one in answers] == [400, 400]


async def test_every_list_is_written_whole_as_csv(
    here: Desk, board: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS", 1)  # a look each
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    await here.behind.text("done")
    await here.behind.text("=1+1")

    people = await rows(here, board, "/board/people.csv")
    replies = await rows(here, board, "/board/replies.csv")
    agenda = await rows(here, board, "/board/agenda.csv?show=sent")
    words = await rows(here, here.app(show_conversations=True), "/board/replies.csv")

    assert [(one["id"], one["group"], one["standing"]) for one in people] == [
        ("ben", "", "no consent on record for email"),
        ("maya", "north", "as planned"),
    ]
    assert [one["person"] for one in replies] == ["maya", "maya"]
    assert "words" not in replies[0]
    assert {one["state"] for one in agenda} == {"sent"}
    assert words[0]["words"] == "'=1+1"


@pytest.mark.parametrize("path", ["people", "replies", "agenda"])
async def test_a_stranger_gets_no_list(here: Desk, board: Starlette, path: str) -> None:
    here.cookie = ""

    assert (await here.get(board, f"/board/{path}.csv")).headers["location"] == "/board/login"


@given(st.text())
def test_no_cell_begins_a_formula_and_none_is_lost(text: str) -> None:
    (row,) = csv.reader(io.StringIO(written([[text, 1]]), newline=""))

    assert not row[0].startswith(FORMULA)
    assert row[0].removeprefix("'" if safe(text).startswith("'") and not text.startswith("'") else "") == (
        text.replace("\0", "")
    )
