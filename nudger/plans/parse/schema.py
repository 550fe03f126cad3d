"""The JSON Schema of a plan file, from the parser's tables of keys: what an editor can complete and mark."""

from collections.abc import Mapping

from nudger.plans.parse.keys import CONTACT, NUDGE, PLAN, WHEN, Form, Key

DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that TOML language servers read


def schema() -> dict[str, object]:
    """Makes the JSON Schema of a plan file: what an editor can complete and mark. `nudger check` sees more:
    what keys mean together."""
    return {
        "$schema": DRAFT,
        "title": "A nudger plan",
        "description": "A person's plan, or a shared one. Check it with: nudger check",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **_properties(PLAN),
            "nudge": _tables("One recurring intention.", _nudge_object()),
            "contact": _tables("Someone of the person's support network.", _object(CONTACT, "name")),
        },
    }


def _nudge_object() -> dict[str, object]:
    """Exactly one of at, between, cron; and the keys that do not go together."""
    return {
        **_object(NUDGE, "kind"),
        "oneOf": [{"required": [key]} for key in WHEN],
        "dependencies": {
            "times": ["between"],
            "every": {"not": {"anyOf": [{"required": ["days"]}, {"required": ["cron"]}]}},
            "message": {"not": {"required": ["template"]}},
            "keep": {"not": {"required": ["between"]}},
            "answer_within": ["ask"],
            "thanks": ["ask"],
        },
    }


def _tables(doc: str, table: Mapping[str, object]) -> dict[str, object]:
    return {"type": "array", "description": doc, "items": table}


def _object(keys: Mapping[str, Key], *required: str) -> dict[str, object]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": _properties(keys),
    }


def _properties(keys: Mapping[str, Key]) -> dict[str, object]:
    return {name: {"description": _doc(key), **_schema(key.form)} for name, key in keys.items()}


def _doc(key: Key) -> str:
    return key.doc if key.default is None else f"{key.doc} Default: {key.default}."


def _schema(form: Form) -> Mapping[str, object]:
    if not form.many:
        return form.schema
    several = {"type": "array", "items": form.schema, "minItems": 1, "uniqueItems": True}
    alone = [{"enum": list(form.alone)}] if form.alone else []
    return {"anyOf": [*alone, form.schema, several]}
