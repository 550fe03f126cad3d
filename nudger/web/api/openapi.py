"""What the API can do, one table, from which its routes are made; and its OpenAPI 3.1 description, made from
the same table, so that neither can differ from the other."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from nudger import __version__
from nudger.web.api import shapes
from nudger.web.security.guard import PROBLEM

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask for or do."""

    id: str  # of the handler too
    method: str
    path: str  # below ROOT
    summary: str
    answer: type[BaseModel]
    query: type[BaseModel] = shapes.NoQuery
    body: type[BaseModel] | None = None
    refuses: bool = False  # may answer 409: it cannot be done to this person now

    @property
    def of_person(self) -> bool:
        """Whether it is about one person, whom its path names."""
        return "{person}" in self.path

    def statuses(self) -> list[int]:
        """Lists what it may answer besides 200."""
        statuses = [400, 401, 422, 429]
        statuses += [404] if "{" in self.path else []
        statuses += [408, 413, 415] if self.body else []
        return sorted([*statuses, *([409] if self.refuses else [])])


OPERATIONS = (
    Operation("health", "GET", "/health", "How everything is, in a few figures.", shapes.Health),
    Operation("people", "GET", "/people", "People by id, in pages.", shapes.People, query=shapes.PeopleQuery),
    Operation(
        "agenda", "GET", "/agenda", "Everyone's entries, in pages.", shapes.Agenda, query=shapes.AgendaQuery
    ),
    Operation(
        "replies",
        "GET",
        "/replies",
        "What people wrote, the latest first, in pages; words only where NUDGER_SHOW_CONVERSATIONS is on.",
        shapes.Replies,
        query=shapes.RepliesQuery,
    ),
    Operation(
        "handle_reply",
        "POST",
        "/replies/{reply}/handled",
        "Somebody has seen to a reply; or, by null, nobody has after all.",
        shapes.Reply,
        body=shapes.HandledRequest,
    ),
    Operation("person", "GET", "/people/{person}", "One person.", shapes.PersonWithPlan),
    Operation(
        "person_agenda",
        "GET",
        "/people/{person}/agenda",
        "What one person will get, and what not and why.",
        shapes.PersonAgenda,
        query=shapes.DaysQuery,
        refuses=True,
    ),
    Operation(
        "person_log",
        "GET",
        "/people/{person}/log",
        "What happened to one person's nudges, latest first; no texts.",
        shapes.Log,
        query=shapes.LogQuery,
    ),
    Operation(
        "pause",
        "POST",
        "/people/{person}/pause",
        "No nudges for a while.",
        shapes.PersonSummary,
        body=shapes.PauseRequest,
        refuses=True,
    ),
    Operation(
        "resume",
        "POST",
        "/people/{person}/resume",
        "Ends a pause, not a hold.",
        shapes.PersonSummary,
        refuses=True,
    ),
    Operation(
        "lift_hold",
        "POST",
        "/people/{person}/lift-hold",
        "Ends the hold after a crisis text. Speak with them first.",
        shapes.PersonSummary,
        refuses=True,
    ),
    Operation(
        "send",
        "POST",
        "/people/{person}/send",
        "One nudge now, if the gate lets it out.",
        shapes.PersonSummary,
        body=shapes.SendRequest,
        refuses=True,
    ),
)


REF = "#/components/schemas/{model}"


def description() -> dict[str, Any]:
    """Describes the API, as JSON-able values."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(shapes.ProblemDetails, "serialization")]
    models += [(one.answer, "serialization") for one in OPERATIONS]
    models += [(one.body, "validation") for one in OPERATIONS if one.body]
    names, schemas = models_json_schema(models, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(ROOT + one.path, {})[one.method.lower()] = _operation(one, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nudger",
            "version": __version__,
            "description": "What the operator's board shows and does, for programs. Instants are UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "NUDGER_API_TOKEN"}
            },
            "schemas": schemas["$defs"],
        },
    }


def _operation(one: Operation, names: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": one.id,
        "summary": one.summary,
        "parameters": [*_path(one), *_query(one)],
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": names[one.answer, "serialization"]}},
            }
        },
    }
    for status in one.statuses():
        said["responses"][str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": names[shapes.ProblemDetails, "serialization"]}},
        }
    if one.body:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[one.body, "validation"]}},
        }
    return said


def _path(one: Operation) -> list[dict[str, Any]]:
    schemas: dict[str, dict[str, object]] = {
        "person": {"type": "string", "pattern": shapes.ID},
        "reply": {"type": "integer", "minimum": 1, "maximum": shapes.LARGEST_REPLY},
    }
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in schemas.items()
        if f"{{{name}}}" in one.path
    ]


def _query(one: Operation) -> list[dict[str, Any]]:
    whole = one.query.model_json_schema(ref_template="{model}")
    defined = whole.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": _without_references(schema, defined),
        }
        for name, schema in whole.get("properties", {}).items()
    ]


def _without_references(schema: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema whole in itself; what is not given cannot be null in a query."""
    if "anyOf" in schema:
        (schema,) = (one for one in schema["anyOf"] if one.get("type") != "null")
    if "$ref" in schema:
        return {**defined[schema["$ref"]]}
    return {name: value for name, value in schema.items() if name != "title" and value is not None}
