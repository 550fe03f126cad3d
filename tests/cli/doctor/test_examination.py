"""Whatever a check does, it ends in a finding."""

import asyncio
from datetime import timedelta

import pytest

from nudger.cli.doctor.findings import Finding, Grade, exit_code, failure, looked, note, ok, several, warning
from nudger.domain.errors import ChannelError, StoreError


def crashing(fault: Exception) -> Finding:
    raise fault


async def test_a_finding_is_passed_on() -> None:
    assert await looked(lambda: ok("fine")) == ok("fine")


async def test_a_check_may_wait_for_its_answer() -> None:
    async def asked() -> Finding:
        await asyncio.sleep(0)
        return note("asked")

    assert await looked(asked) == note("asked")


async def test_a_fault_in_words_keeps_its_words_and_its_exit_code() -> None:
    found = await looked(lambda: crashing(StoreError("the disk is full", "Free some space.")))

    assert found == failure("the disk is full", "Free some space.", 4)


async def test_a_crash_is_a_failure_that_repeats_nothing_of_it() -> None:
    found = await looked(lambda: crashing(ValueError("+447700900123 and a token")))

    assert (found.grade, found.exit_code) == (Grade.FAILURE, 1)
    assert found.sentence == "the check itself failed (ValueError)"
    assert "+44" not in found.advice


async def test_what_may_not_be_read_names_the_user_to_run_as() -> None:
    found = await looked(lambda: crashing(PermissionError(13, "Permission denied", "/var/lib/nudger")))

    assert found.sentence == "/var/lib/nudger cannot be looked at: Permission denied"
    assert "runuser -u nudger -- nudger doctor" in found.advice


async def test_a_check_that_hangs_ends() -> None:
    async def hanging() -> Finding:
        await asyncio.Event().wait()
        return ok("never")

    found = await looked(hanging, limit=timedelta(seconds=0.05))

    assert (found.grade, found.sentence) == (Grade.FAILURE, "no answer within 0.05 s")


async def test_a_traceback_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUDGER_TRACEBACK", "1")

    with pytest.raises(ValueError, match="here"):
        await looked(lambda: crashing(ValueError("here")))


def test_the_first_failure_gives_the_exit_code() -> None:
    store, channel = failure("a", "", StoreError.exit_code), failure("b", "", ChannelError.exit_code)

    assert exit_code([ok("x"), warning("y", ""), note("z")]) == 0
    assert exit_code([ok("x"), channel, store]) == 5


def test_long_lists_of_names_are_cut() -> None:
    assert several(["a", "b"]) == "a, b"
    assert several(list("abcdefg")) == "a, b, c, d, e and 2 more"
