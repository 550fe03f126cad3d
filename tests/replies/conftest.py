"""The word lists as they ship, a fixed place and time, the corpora, and their figures at the end."""

import tomllib
from collections.abc import Callable

import pytest

from nudger.plan_sync.files import read_words
from nudger.replies import Words
from tests.support.replies import CORPUS, HELD_OUT, Case, Here, cases

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def words() -> Words:
    return Words.parse(read_words()).compile()


@pytest.fixture
def here(words: Words) -> Here:
    return Here(words)


@pytest.fixture(scope="session")
def corpus(words: Words) -> Callable[[str], list[Case]]:
    return lambda language: list(cases(tomllib.loads((CORPUS / f"{language}.toml").read_text()), words))


@pytest.fixture(scope="session")
def held_out(words: Words) -> Callable[[str], list[Case]]:
    return lambda language: list(cases(tomllib.loads((HELD_OUT / f"{language}.toml").read_text()), words))


@pytest.fixture(scope="session")
def crisis_corpus() -> Callable[[str], dict[str, list[str]]]:
    return lambda language: tomllib.loads((CORPUS / f"crisis_{language}.toml").read_text())


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> list[str]:
    """What is printed when the run is over."""
    return pytestconfig.stash.setdefault(FIGURES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("replies understood")
        for line in lines:
            terminalreporter.line(line)
