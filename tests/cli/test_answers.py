"""`nudger answers`: what the operator sees of what people have said."""

import json
from pathlib import Path

import pytest

from nudger.domain.effects import Keep
from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.worlds.store import NOON, World


@pytest.fixture
def world(folder: Path) -> World:
    """Maya has answered with a number, with a word, and said something of her own."""
    state = folder.parent / "home" / "state" / "nudger"
    state.mkdir(parents=True)
    world = World(open_store(f"sqlite:///{state}/nudger.db"))
    world.maya(NOON)
    (sending,) = world.deliver()
    entry = sending.occurrence
    world.text(Keep(entry, "about a six", 6, "0-10", "How is it?"))
    world.text(Keep(entry, "flat I guess", "flat", "calm|flat", "Which word?"))
    world.text(Keep(entry, "it rained on the way"))
    return world


SECRETS = ("about a six", "flat", "rained")


def test_numbers_alone_are_shown_where_conversations_are_not(world: World, nudger: Typed) -> None:
    code, said = nudger("answers", "maya")

    assert code == 0
    assert "6" in said
    assert not any(secret in said.replace("calm|flat", "") for secret in SECRETS)
    assert "NUDGER_SHOW_CONVERSATIONS=true" in said


def test_words_are_shown_where_conversations_are(
    world: World, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUDGER_SHOW_CONVERSATIONS", "true")

    _, said = nudger("answers", "maya")

    assert all(secret in said for secret in SECRETS)
    assert "[earlier]" in said


@pytest.mark.parametrize("shows", [False, True])
def test_csv_and_json_hold_the_same(
    world: World, nudger: Typed, monkeypatch: pytest.MonkeyPatch, shows: bool
) -> None:
    monkeypatch.setenv("NUDGER_SHOW_CONVERSATIONS", str(shows).lower())

    _, csv = nudger("answers", "maya", "--csv")
    _, as_json = nudger("answers", "maya", "--json")

    assert csv.splitlines()[0] == "at,nudge,kind,form,question,value,words,counts"
    assert csv.splitlines()[1].startswith("2026-11-23T12:00:00+00:00,rest,rest,0-10,How is it?,6,")
    assert [one["value"] for one in json.loads(as_json)] == ([6, "flat", None] if shows else [6, None, None])
    assert ("rained" in csv, "rained" in as_json) == (shows, shows)


def test_who_asks_for_both_at_once_is_told(world: World, nudger: Typed) -> None:
    code, said = nudger("answers", "maya", "--csv", "--json")

    assert code == 2
    assert "one of --csv and --json" in said
