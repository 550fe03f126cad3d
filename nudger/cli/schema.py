"""`nudger schema`: the shape of a plan file, for editors. It is kept as a file, and no parser is loaded."""

from pathlib import Path

import typer

from nudger.cli.show import out

FILE = Path(__file__).with_name("plan.schema.json")  # `make schema` writes it, a test holds it


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema() -> None:
    """The JSON Schema of a plan file, for editors that complete and check as one types."""
    out.file.write(FILE.read_text(encoding="utf-8"))
