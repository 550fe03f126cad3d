"""`nudger lint`: the tone of every message, ours and the operator's own."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nudger.cli.context import AsJson, settings_of
from nudger.cli.show import as_json, out
from nudger.messages.lint.rules import check_words
from nudger.plan_sync.files import read_templates


def register(app: typer.Typer) -> None:
    app.command()(lint)


def lint(
    context: typer.Context,
    templates: Annotated[
        Path | None, typer.Argument(help="A folder of your own templates (default: NUDGER_TEMPLATES_DIR).")
    ] = None,
    json: AsJson = False,
) -> int:
    """Every message that breaks a rule of tone, length or encoding, and how to mend it."""
    own = templates or settings_of(context, running=False).templates_dir
    findings = check_words(read_templates(own))
    if json:
        as_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            out.print(str(finding), markup=False)
        out.print(f"{len(findings)} findings." if findings else "No findings: every message keeps the rules.")
    return 3 if findings else 0
