"""docs/grafana.json asks for metrics that exist, and for all that nudger counts itself."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from nudger.operations.metrics import Metrics, Reading
from nudger.operations.overview import Vitals

BOARD = json.loads((Path(__file__).parents[1] / "docs" / "grafana.json").read_text("utf-8"))
NOBODY = Vitals(0, {}, 0, 0, 0, None, None, (), {})


def names() -> set[str]:
    """All that the page of metrics has, as a query names it."""
    reading = Reading(NOBODY, 0, {"reconciled_found": 1}, datetime(2026, 11, 23, tzinfo=UTC))
    page, _ = Metrics().page(reading, "")
    families = list(text_string_to_metric_families(page.decode()))
    of_counters = {f"{family.name}_total" for family in families if family.type == "counter"}
    of_others = {family.name for family in families if family.type == "gauge"}
    of_histograms = {f"{family.name}_bucket" for family in families if family.type == "histogram"}
    return of_counters | of_others | of_histograms


def asked() -> set[str]:
    queries = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    return {name for query in queries for name in re.findall(r"nudger_\w+", query)}


def test_every_panel_asks_for_a_metric_that_exists() -> None:
    assert asked() - names() == set()


def test_every_metric_of_nudger_has_its_panel() -> None:
    assert {name for name in names() if name.startswith("nudger_")} - asked() == set()
