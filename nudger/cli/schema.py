"""`nudger schema`: the shape of a plan file, for editors."""

import typer

from nudger.cli.show import as_json
from nudger.plans.parse.schema import schema as schema_of_plans


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema() -> None:
    """The JSON Schema of a plan file, for editors that complete and check as one types."""
    as_json(schema_of_plans())
