"""Signing out: for good, for all daemons, and no longer kept than it is needed."""

from sqlalchemy import func, select

from nudger.store import Stores
from nudger.store.schema.shared import fact
from tests.support.worlds.store import HOUR, NOON


def test_a_session_that_was_signed_out_of_has_ended_and_no_other(store: Stores) -> None:
    store.upkeep.end_session("one", NOON + 12 * HOUR, NOON)

    assert store.upkeep.session_ended("one")
    assert not store.upkeep.session_ended("another")
    assert not store.upkeep.session_ended("on")


def test_signing_out_twice_is_signing_out(store: Stores) -> None:
    store.upkeep.end_session("one", NOON + 12 * HOUR, NOON)
    store.upkeep.end_session("one", NOON + 13 * HOUR, NOON + HOUR)

    assert store.upkeep.session_ended("one")


def test_what_would_have_ended_by_itself_is_not_kept(store: Stores) -> None:
    store.facts.keep("board secret", "s")
    with store.transactions.read() as tx:
        before = tx.connection.scalar(select(func.count()).select_from(fact))
    for number in range(20):
        now = NOON + number * HOUR
        store.upkeep.end_session(str(number), now + 12 * HOUR, now)

    with store.transactions.read() as tx:
        kept = tx.connection.scalar(select(func.count()).select_from(fact)) - before
    assert kept == 13  # those of the last twelve hours, and the one that ends this very moment
    assert store.upkeep.session_ended("8")
    assert store.facts.remember("board secret", "another") == "s"
