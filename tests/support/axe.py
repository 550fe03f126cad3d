"""axe-core, the judge of what a screen reader, a keyboard and tired eyes can use."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Axe:
    """axe-core from the file that NUDGER_AXE names; without it the test is skipped."""

    def __init__(self) -> None:
        named = os.environ.get("NUDGER_AXE")
        if not named:
            pytest.skip("install axe-core with npm and set NUDGER_AXE to its axe.min.js")
        self._source = Path(named).read_text("utf-8")

    def complaints(self, page: Page) -> list[str]:
        """What of WCAG 2.2 AA, and of axe's own best practice, this page breaks as it stands: rule and place.

        Motion is over first: a colour that is still fading in is none that is meant.
        """
        page.evaluate(
            "() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))"
        )
        page.evaluate(
            self._source
        )  # as a debugger does: past the page's policy, which stays as strict as it is
        found = page.evaluate("(tags) => axe.run({ runOnly: tags })", RULES)
        assert found["passes"], "axe looked at nothing"
        return [
            f"{rule['id']}: {node['html']}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
