"""The JSON Schema, the example plans and the reference say what the parser does."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from nudger import plans
from nudger.domain.model import Kind
from nudger.plans import Facts, ParsedPlans
from nudger.plans.parse import keys

ROOT = Path(__file__).parents[2]
BROKEN = Path(__file__).parent / "broken"
EXAMPLES = [ROOT / "plans" / "maya.toml", ROOT / "plans" / "jonas.toml"]
SHARED = ROOT / "plans" / "shared" / "gentle-week.toml"
REFERENCE = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
Read = Callable[..., ParsedPlans]


def faults(value: Any, schema: Any) -> Iterator[str]:
    """What JSON Schema finds wrong: as much of draft 7 as the schema of a plan uses."""
    used = set(schema) - {"$schema", "title", "description", "examples", "format"}
    for keyword in used:
        yield from getattr(Validator, keyword)(value, schema[keyword], schema)


class Validator:
    """One method a keyword. A keyword that is not here fails the test that meets it."""

    @staticmethod
    def type(value: Any, name: str, _: Any) -> Iterator[str]:
        types: dict[str, Any] = {"string": str, "integer": int, "array": list, "object": dict}
        if not isinstance(value, types[name]) or (name == "integer" and isinstance(value, bool)):
            yield f"{value!r} is no {name}"

    @staticmethod
    def enum(value: Any, members: list[Any], _: Any) -> Iterator[str]:
        if value not in members:
            yield f"{value!r} is none of {members}"

    @staticmethod
    def pattern(value: Any, pattern: str, _: Any) -> Iterator[str]:
        if isinstance(value, str) and not re.search(pattern, value):
            yield f"{value!r} does not match {pattern}"

    @staticmethod
    def minLength(value: Any, least: int, _: Any) -> Iterator[str]:
        if isinstance(value, str) and len(value) < least:
            yield "too short"

    @staticmethod
    def minimum(value: Any, least: int, _: Any) -> Iterator[str]:
        if isinstance(value, int) and value < least:
            yield "too small"

    @staticmethod
    def maximum(value: Any, most: int, _: Any) -> Iterator[str]:
        if isinstance(value, int) and value > most:
            yield "too large"

    @staticmethod
    def minItems(value: Any, least: int, _: Any) -> Iterator[str]:
        if isinstance(value, list) and len(value) < least:
            yield "too few"

    @staticmethod
    def maxItems(value: Any, most: int, _: Any) -> Iterator[str]:
        if isinstance(value, list) and len(value) > most:
            yield "too many"

    @staticmethod
    def uniqueItems(value: Any, unique: bool, _: Any) -> Iterator[str]:
        if unique and isinstance(value, list) and len({json.dumps(one) for one in value}) < len(value):
            yield "twice"

    @staticmethod
    def items(value: Any, schema: Any, _: Any) -> Iterator[str]:
        for one in value if isinstance(value, list) else ():
            yield from faults(one, schema)

    @staticmethod
    def properties(value: Any, properties: Any, _: Any) -> Iterator[str]:
        for name in properties.keys() & value.keys() if isinstance(value, dict) else ():
            yield from faults(value[name], properties[name])

    @staticmethod
    def additionalProperties(value: Any, allowed: bool, schema: Any) -> Iterator[str]:
        if isinstance(value, dict) and not allowed:
            yield from (f"{name} is unknown" for name in value.keys() - schema["properties"].keys())

    @staticmethod
    def required(value: Any, names: list[str], _: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (f"{name} is missing" for name in names if name not in value)

    @staticmethod
    def anyOf(value: Any, schemas: list[Any], _: Any) -> Iterator[str]:
        found = [list(faults(value, schema)) for schema in schemas]
        if all(found):
            yield str(found)

    @staticmethod
    def oneOf(value: Any, schemas: list[Any], _: Any) -> Iterator[str]:
        if sum(not list(faults(value, schema)) for schema in schemas) != 1:
            yield "none or several"

    @staticmethod
    def dependencies(value: Any, needs: dict[str, Any], _: Any) -> Iterator[str]:
        for name, need in needs.items() if isinstance(value, dict) else ():
            if name in value:
                yield from faults(value, {"required": need} if isinstance(need, list) else need)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the schema uses {name}")


def negation(value: Any, schema: Any, _: Any) -> Iterator[str]:
    if not list(faults(value, schema)):
        yield "is what it must not be"


setattr(Validator, "not", staticmethod(negation))


def as_json(value: Any) -> Any:
    """TOML's values as a TOML language server hands them to JSON Schema."""
    match value:
        case dict():
            return {name: as_json(one) for name, one in value.items()}
        case list():
            return [as_json(one) for one in value]
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return value


def schema_faults(text: str) -> list[str]:
    return list(faults(as_json(tomllib.loads(text)), plans.schema()))


def test_the_schema_file_is_current() -> None:
    written = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))

    assert written == plans.schema(), "write it anew: nudger schema > docs/plan.schema.json"


@pytest.mark.parametrize("file", [*EXAMPLES, SHARED], ids=lambda file: file.stem)
def test_the_schema_finds_nothing_wrong_with_the_examples(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert schema_faults(text) == []
    schema = re.match(r"#:schema (\S+)\n", text)
    assert schema is not None
    assert (file.parent / schema[1]).resolve() == ROOT / "docs" / "plan.schema.json"


@pytest.mark.parametrize(
    "case",
    [
        "unknown-key",
        "nudge-unknown-key",
        "contact-unknown-key",
        "nudges-misspelt",
        "single-nudge",
        "kind-misspelt",
        "kind-missing",
        "when-missing",
        "when-twice",
        "when-thrice",
        "at-8h30",
        "at-in-list",
        "at-empty",
        "at-twice",
        "at-24",
        "between-words",
        "times-with-at",
        "times-nine",
        "every-with-cron",
        "every-with-days",
        "every-hours",
        "days-full",
        "days-twice",
        "days-set-in-list",
        "message-and-template",
        "gap-no-unit",
        "gap-order",
        "quiet-off",
        "limit-zero",
        "limit-true",
        "channel-unknown",
        "channels-empty",
        "country-lower",
        "contact-nameless",
        "id-with-spaces",
        "name-not-text",
    ],
)
def test_the_schema_marks_what_can_be_told_from_the_form(case: str) -> None:
    assert schema_faults((BROKEN / f"{case}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", [*keys.PLAN.values(), *keys.NUDGE.values(), *keys.CONTACT.values()])
def test_every_example_of_the_schema_is_read(key: keys.Key, facts: Facts) -> None:
    examples = key.form.schema.get("examples", ())
    assert isinstance(examples, list | tuple)

    for example in examples:
        key.form.read(example, facts)
        assert list(faults(example, key.form.schema)) == []


def test_every_key_has_words_in_the_schema_and_in_the_reference() -> None:
    for table in (keys.PLAN, keys.NUDGE, keys.CONTACT):
        for name, key in table.items():
            assert key.name == name
            assert key.doc.endswith("."), key.doc
            assert f"`{name}`" in REFERENCE, f"docs/plans.md says nothing of {name}"
    assert all(f"`{kind}`" in REFERENCE for kind in Kind)


def test_the_examples_have_no_problems_at_any_time_of_the_year(facts: Facts, read_files: Read) -> None:
    files = {f"plans/{file.name}": file.read_text("utf-8") for file in EXAMPLES}
    files["plans/shared/gentle-week.toml"] = SHARED.read_text("utf-8")

    for month in range(1, 13):
        world = Facts(date(2027, month, 15), facts.zone, facts.zone_names, facts.wording)
        reading = read_files(files, world)

        assert reading.problems == ()
        assert sorted(reading.plans) == ["jonas", "maya"]


def plans_in(text: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", text, re.DOTALL)


def test_every_plan_of_the_reference_is_one(read_files: Read) -> None:
    examples = plans_in(REFERENCE)
    assert len(examples) >= 4
    for text in examples:
        head = "" if "timezone" in text else 'timezone = "UTC"\nphone = "+447700900123"\n'
        reading = read_files({"plans/x.toml": head + text, "plans/shared/gentle-week.toml": "gap = '2h'"})

        assert [str(problem) for problem in reading.problems if problem.severity == "error"] == [], text
