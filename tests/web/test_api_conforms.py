"""The API against its own description, by requests that schemathesis thinks up: right ones and wrong ones."""

import asyncio
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from nudger.web.api.openapi import OPERATIONS, ROOT, Operation, description
from nudger.web.serve import serve
from tests.support.worlds.desk import ALLOWED, BEN, MAYA, Desk, api_of, desk

pytestmark = pytest.mark.slow

EXAMPLES = 20
# Who asks is always allowed to here: a header that was made wrong would be put right again, and the rest of
# such a request is right. tests/web/test_api.py has the wrong tokens.
ALLOWED_ALWAYS = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
MANY = 1_000_000  # wrong tokens: schemathesis tries them too


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real application on a real port, over a real store with Maya and Ben in it."""
    up, end, at = threading.Event(), asyncio.Event(), []

    async def run(here: Desk) -> None:
        at.append(asyncio.get_running_loop())
        await here.behind.start(maya=MAYA, ben=BEN)
        async with serve(api_of(here, MANY), "127.0.0.1", 0) as address:
            at.append(address)
            up.set()
            await end.wait()

    with desk(tmp_path_factory.mktemp("api")) as here:
        thread = threading.Thread(target=lambda: asyncio.run(run(here)))
        thread.start()
        assert up.wait(20)
        yield str(at[1])
        at[0].call_soon_threadsafe(end.set)
        thread.join(10)


def cases() -> Iterator[object]:
    """Right and wrong requests of each operation; where it takes nothing, nothing about them can be wrong."""
    for one in OPERATIONS:
        yield pytest.param(one, GenerationMode.POSITIVE, id=f"{one.id}-positive")
        described = description()["paths"][ROOT + one.path][one.method.lower()]
        if described.get("parameters") or "requestBody" in described:
            yield pytest.param(one, GenerationMode.NEGATIVE, id=f"{one.id}-negative")


@pytest.mark.parametrize(("one", "mode"), list(cases()))
def test_every_answer_is_as_described_and_none_is_a_fault(
    address: str, one: Operation, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(description(), config=ALLOWED_ALWAYS)
    operation = schema[ROOT + one.path][one.method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def conforms(case: schemathesis.Case, known: bool) -> None:
        if known and one.of_person and mode is GenerationMode.POSITIVE:
            case.path_parameters = {"person": "maya"}
        assume(is_sent_whole(case, address))
        response = case.call(base_url=address, headers=ALLOWED)
        case.validate_response(response, headers=ALLOWED)

    conforms()


def is_sent_whole(case: schemathesis.Case, address: str) -> bool:
    """Whether each of its parameters stands in the address that is asked for. One that is an empty list does
    not, so what was to be wrong by it is right."""
    sent = case.as_transport_kwargs(base_url=address)
    asked = requests.Request("GET", sent["url"], params=sent.get("params")).prepare().url
    return set(case.query or ()) <= set(parse_qs(urlsplit(asked).query, keep_blank_values=True))
