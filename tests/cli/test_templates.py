"""`NUDGER_TEMPLATES_DIR`: messages of one's own, beside those that nudger brings or in their place."""

from pathlib import Path

import pytest

from tests.support.commands import Typed

OWN = '[[message]]\nkey = "kettle"\neffort = "tiny"\ntext = "{{ name }}, is the kettle on?"\n'
PLAN = """name = "Maya"
timezone = "UTC"
phone = "+447700900123"
consent = "2026-11-20, on paper"
[[nudge]]
kind = "rest"
at = "13:00"
template = "kettle"
"""


@pytest.fixture
def templates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folder / "own"
    (made / "en").mkdir(parents=True)
    (folder / "plans").mkdir()
    (folder / "plans" / "maya.toml").write_text(PLAN)
    monkeypatch.setenv("NUDGER_TEMPLATES_DIR", "own")
    return made


def test_a_message_of_ones_own_can_be_named_in_a_plan_without_copying_the_bank(
    templates: Path, nudger: Typed
) -> None:
    (templates / "en" / "rest.toml").write_text("extends = true\n" + OWN)

    assert nudger("check") == (0, "1 plan, no problems.\n")
    assert nudger("lint") == (0, "No findings: every message keeps the rules.\n")


def test_a_file_without_extends_is_all_there_is(templates: Path, nudger: Typed) -> None:
    (templates / "en" / "rest.toml").write_text(OWN)

    code, said = nudger("lint")

    assert code == 3
    assert "en/rest: enough: has 1 messages for everyone" in said


def test_a_file_with_a_mark_at_its_beginning_is_read(templates: Path, nudger: Typed) -> None:
    (templates / "en" / "rest.toml").write_bytes(b"\xef\xbb\xbfextends = true\n" + OWN.encode())

    assert nudger("check")[0] == 0


def test_a_file_that_is_no_text_is_named(templates: Path, nudger: Typed) -> None:
    (templates / "en" / "rest.toml").write_bytes(OWN.encode("utf-16"))

    code, said = nudger("check")

    assert code == 3
    assert "NUDGER_TEMPLATES_DIR: expected UTF-8 text in own/en/rest.toml" in said.replace(
        str(templates.parent) + "/", ""
    )


def test_pictures_and_notes_beside_the_templates_do_no_harm(templates: Path, nudger: Typed) -> None:
    (templates / "en" / "rest.toml").write_text("extends = true\n" + OWN)
    (templates / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")

    assert nudger("check")[0] == 0
