"""--no-skips: a skipped test fails, with its reason. For machines that are meant to have everything.
And which tests start daemons (tests/run.py runs them beside the others), and which need PostgreSQL."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from nudger.app.core import Core
from tests.support.cores import core_in
from tests.support.databases import Databases

HERE = Path(__file__).parent
WITH_DAEMONS = ("faults", "system")  # folders, and marks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test is a failed one")


@pytest.hookimpl(tryfirst=True)  # before they are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder in WITH_DAEMONS:
            if folder in item.path.relative_to(HERE).parts:
                item.add_marker(folder)
        if _needs_postgresql(item):
            item.add_marker("postgresql")


def _needs_postgresql(item: pytest.Item) -> bool:
    cases = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "new_database" in item.fixturenames or any(case in ("postgresql", "pgbouncer") for case in cases)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("--no-skips") and report.skipped:
        _fail(report)
    return report


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Generator[None, None, None]:
    """A command that is run inside a test sets up logging for the whole process."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """What tests share of each kind of database."""
    with ExitStack() as stack:
        yield Databases(stack)


@pytest.fixture
def core(tmp_path: Path) -> Core:
    """Everything as it is set without settings; the state is in a folder of the test's own."""
    return core_in(tmp_path)


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    _, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
    report.outcome = "failed"
    report.longrepr = f"--no-skips: {reason}"
