"""Alarms: told once while they stand, again when they come back; and counters that only grow."""

from concurrent.futures import ThreadPoolExecutor

from nudger.operations.overview import Alarm
from nudger.store import Stores
from nudger.store.state import facts
from tests.support.worlds.store import HOUR, MINUTE, NOON


def test_an_alarm_stands_from_its_first_raising_on(store: Stores) -> None:
    assert store.alarms.raise_alarm("sms", "Twilio refused our credentials", NOON)

    assert store.alarms.alarms() == [Alarm("sms", NOON, "Twilio refused our credentials")]


def test_an_alarm_that_stands_is_no_news_and_takes_the_latest_words(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "the account is suspended", NOON)

    assert not store.alarms.raise_alarm("sms", "Twilio refused our credentials", NOON + MINUTE)

    assert store.alarms.alarms() == [Alarm("sms", NOON, "Twilio refused our credentials")]


def test_an_alarm_that_has_passed_says_since_when(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)

    assert store.alarms.clear_alarm("sms", NOON + HOUR)
    assert not store.alarms.clear_alarm("sms", NOON + 2 * HOUR)

    assert store.alarms.alarms() == [Alarm("sms", NOON, "refused", NOON + HOUR)]


def test_an_alarm_that_comes_back_is_news(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    store.alarms.clear_alarm("sms", NOON + MINUTE)

    assert store.alarms.raise_alarm("sms", "refused again", NOON + HOUR)

    assert store.alarms.alarms() == [Alarm("sms", NOON + HOUR, "refused again")]


def test_clearing_what_never_stood_is_nothing(store: Stores) -> None:
    assert not store.alarms.clear_alarm("sms", NOON)
    assert store.alarms.alarms() == []


def test_alarms_that_stand_come_first_oldest_first(store: Stores) -> None:
    for minute, key in enumerate(("past", "old", "new")):
        store.alarms.raise_alarm(key, key, NOON + minute * MINUTE)
    store.alarms.clear_alarm("past", NOON + HOUR)

    assert [alarm.key for alarm in store.alarms.alarms()] == ["old", "new", "past"]


def test_one_fault_that_two_daemons_meet_at_once_is_news_once(store: Stores) -> None:
    with ThreadPoolExecutor(4) as pool:
        raised = [pool.submit(store.alarms.raise_alarm, "sms", "refused", NOON) for _ in range(4)]

    assert sorted(one.result() for one in raised) == [False, False, False, True]


def test_counters_only_grow_whoever_counts(store: Stores) -> None:
    def count(_: int) -> None:
        with store.transactions.write() as tx:
            facts.count(tx, {"found": 2, "not_found": 1, "never": 0})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(8)))

    assert store.statistics.counters() == {"found": 16, "not_found": 8}
