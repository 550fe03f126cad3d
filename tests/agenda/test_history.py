"""The counts of a person's history."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

from nudger.agenda.gate import count_send, put_off, sent_on
from nudger.domain.model import History

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def test_sends_are_counted_by_local_date() -> None:
    history = count_send(History(on=TODAY - timedelta(days=1), sent=3), TODAY, NOW, NOW)

    assert (history.on, history.sent) == (TODAY, 1)


def test_a_send_on_time_keeps_its_planned_time_and_a_late_one_its_real_one() -> None:
    late = NOW + timedelta(minutes=10)

    assert count_send(History(), TODAY, NOW, NOW + timedelta(seconds=59)).last_at == NOW
    assert count_send(History(), TODAY, NOW, late).last_at == late


def test_a_send_leaves_alone_what_it_does_not_count() -> None:
    before = History(TODAY, 1, NOW, {"rest": ("sip",)}, {"Sam": NOW}, {"walk": 1}, NOW, NOW)

    after = count_send(before, TODAY, NOW, NOW)

    changed = {"on", "sent", "last_at"}
    kept = {field.name for field in fields(History)} - changed
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert all(getattr(before, field.name) for field in fields(History))


def test_a_snooze_counts_in_place_of_the_send_it_put_off_and_never_below_none() -> None:
    once = count_send(History(), TODAY, NOW, NOW)

    assert sent_on(put_off(once), TODAY) == 0
    assert sent_on(put_off(put_off(once)), TODAY) == 0
