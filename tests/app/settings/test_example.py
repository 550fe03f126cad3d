"""settings.example.env is the manual of the settings: it names each of them, with its true default."""

import re
from pathlib import Path

from nudger.app.settings import Settings, load

EXAMPLE = Path(__file__).parents[3] / "settings.example.env"
LINE = re.compile(r"^#(NUDGER_[A-Z_]+)=(.*)$")


def lines() -> dict[str, str]:
    found = (LINE.match(line) for line in EXAMPLE.read_text().splitlines())
    return {match[1]: match[2] for match in found if match}


def test_it_names_every_setting_and_no_other() -> None:
    assert set(lines()) == {f"NUDGER_{name.upper()}" for name in Settings.model_fields}


def test_what_it_shows_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("")
    nothing = load(file, {"HOME": "/home/maya"}, tmp_path)
    file.write_text("".join(f"{key}={value}\n" for key, value in lines().items()))
    assert load(file, {"HOME": "/home/maya"}, tmp_path) == nothing


def test_only_a_default_that_follows_from_something_else_is_left_empty() -> None:
    fixed = {
        f"NUDGER_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if not field.is_required() and field.default_factory is None and field.default is not None
    }
    assert {key for key, value in lines().items() if value} == fixed | {"NUDGER_PLANS_DIR"}


def test_it_sets_nothing_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text(EXAMPLE.read_text())
    shown = load(file, {"HOME": "/home/maya"}, tmp_path)
    file.write_text("")
    assert shown == load(file, {"HOME": "/home/maya"}, tmp_path)


def test_every_setting_has_a_line_of_its_own_about_it() -> None:
    text = EXAMPLE.read_text()
    paragraphs = [block for block in text.split("\n\n") if LINE.search(block.splitlines()[-1])]
    assert all(block.lstrip().startswith("# ") for block in paragraphs)
    assert sum(len(re.findall(r"^#NUDGER_", block, re.M)) for block in paragraphs) == len(lines())
