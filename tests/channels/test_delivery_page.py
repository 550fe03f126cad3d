"""docs/delivery.md lists every code as the code has it."""

from pathlib import Path

from nudger.channels.twilio.codes import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"


def test_the_page_of_failures_lists_every_code_with_its_class_and_source() -> None:
    written = {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| [")}

    assert written == {f"| [{row.code}]({row.source}) | {row.failure} | {row.words} |" for row in ROWS}
