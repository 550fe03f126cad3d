"""The API against its own description, by requests that schemathesis thinks up: right ones and wrong ones."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from nudger.web.api.openapi import description
from nudger.web.api.operations import OPERATIONS, ROOT, Operation
from nudger.web.serve import serve
from tests.web.desks import BEN, MAYA, Desk, desk
from tests.web.test_api import ALLOWED, api_of

EXAMPLES = 20
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


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
def test_every_answer_is_as_described_and_none_is_a_fault(
    address: str, one: Operation, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(description())
    operation = schema[ROOT + one.path][one.method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def conforms(case: schemathesis.Case, known: bool) -> None:
        if known and one.of_person and mode is GenerationMode.POSITIVE:
            case.path_parameters = {"person": "maya"}
        response = case.call(base_url=address, headers=ALLOWED)
        case.validate_response(response, headers=ALLOWED)

    conforms()
