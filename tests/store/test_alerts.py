"""What the operator is told of: each fault once, its end once, and no flutter in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from nudger.store import Stores
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON

AGAIN, REMIND = 6 * HOUR, DAY


def told(store: Stores, now: datetime) -> list[tuple[str, str]]:
    claimed = store.alarms.claim_alerts(now, AGAIN, REMIND)
    return [(one.key, "passed" if one.cleared_at else "stands") for one in claimed]


def test_a_fault_is_told_once_and_its_end_once(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    assert told(store, NOON) == [("sms", "stands")]
    assert told(store, NOON + MINUTE) == []

    store.alarms.clear_alarm("sms", NOON + HOUR)

    assert told(store, NOON + HOUR) == [("sms", "passed")]
    assert told(store, NOON + HOUR) == []


def test_a_fault_that_has_passed_before_anybody_was_told_is_no_news(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    store.alarms.clear_alarm("sms", NOON + MINUTE)

    assert told(store, NOON + MINUTE) == []


def test_a_fault_that_comes_and_goes_is_told_again_only_after_a_while(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    told(store, NOON)
    store.alarms.clear_alarm("sms", NOON + MINUTE)
    told(store, NOON + MINUTE)
    store.alarms.raise_alarm("sms", "refused", NOON + 2 * MINUTE)

    assert told(store, NOON + 2 * MINUTE) == []
    assert told(store, NOON + AGAIN) == [("sms", "stands")]


def test_a_fault_that_stands_for_a_day_is_brought_to_mind(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    told(store, NOON)

    assert told(store, NOON + REMIND - MINUTE) == []
    assert told(store, NOON + REMIND) == [("sms", "stands")]


def test_what_could_not_be_told_is_told_later(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)
    store.alarms.give_back_alerts(store.alarms.claim_alerts(NOON, AGAIN, REMIND))
    assert told(store, NOON + MINUTE) == [("sms", "stands")]
    store.alarms.clear_alarm("sms", NOON + HOUR)

    store.alarms.give_back_alerts(store.alarms.claim_alerts(NOON + HOUR, AGAIN, REMIND))

    assert told(store, NOON + HOUR) == [("sms", "passed")]


def test_in_a_fleet_one_daemon_tells(store: Stores) -> None:
    store.alarms.raise_alarm("sms", "refused", NOON)

    with ThreadPoolExecutor(4) as pool:
        claimed = [pool.submit(store.alarms.claim_alerts, NOON, AGAIN, REMIND) for _ in range(4)]

    assert sorted(len(one.result()) for one in claimed) == [0, 0, 0, 1]
