"""The OpenAPI 3.1 description of the API, made from the table of its operations."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from nudger import __version__
from nudger.web.api.operations import OPERATIONS, ROOT, Operation
from nudger.web.api.shapes import ID, Refusal

REF = "#/components/schemas/{model}"
PROBLEM = "application/problem+json"


def description() -> dict[str, Any]:
    """The whole of it, as JSON-able values."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Refusal, "serialization")]
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
            "content": {PROBLEM: {"schema": names[Refusal, "serialization"]}},
        }
    if one.body:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": names[one.body, "validation"]}},
        }
    return said


def _path(one: Operation) -> list[dict[str, Any]]:
    if not one.of_person:
        return []
    schema = {"type": "string", "pattern": ID}
    return [{"name": "person", "in": "path", "required": True, "schema": schema}]


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
