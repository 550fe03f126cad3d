"""What monitoring reads, and who may read it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from structlog.testing import capture_logs

from nudger.agenda.entries import Failure, SendFailure
from nudger.app.settings import load
from nudger.app.web import bearer, metrics_pages
from nudger.domain.model import ChannelName
from nudger.inbound.inbox import Inbox
from nudger.inbound.port import Inbound
from nudger.operations.metrics import Metrics
from nudger.web.health import MetricsPages
from nudger.web.security.connections import Throttle
from nudger.web.security.guard import Refusals
from nudger.web.security.sessions import Bearer
from tests.support.asking import ask
from tests.support.worlds.desk import BEN, MAYA, Desk, desk
from tests.support.worlds.web import World

TOKEN = "a-token-of-some-length"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA, ben=BEN)
        yield one


def watched(here: Desk) -> Metrics:
    """From now on what delivery does is counted."""
    metrics, behind = Metrics(), here.behind
    behind.inbox = Inbox(
        behind.store.inbound, here.core.responder, metrics, structlog.get_logger("nudger.replies")
    )
    behind.dispatcher._watch = metrics
    return metrics


def app_of(here: Desk, metrics: Metrics, programs: Bearer | None = None) -> Starlette:
    store, clock = here.behind.store, here.behind.clock
    page = MetricsPages(metrics, store.overview, store.alarms, store.statistics, clock, programs)
    return World().app(page)


async def scraped(here: Desk, metrics: Metrics) -> dict[tuple[str, str], float]:
    """(name, label values) -> value."""
    answer = await ask(app_of(here, metrics), "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (
            sample.name,
            " ".join(value for name, value in sorted(sample.labels.items()) if name != "le"),
        ): sample.value
        for family in text_string_to_metric_families(answer.body)
        for sample in family.samples
    }


async def test_what_was_sent_how_late_and_what_was_dropped_is_counted(here: Desk) -> None:
    metrics = watched(here)
    here.behind.clock.at = datetime(2026, 11, 23, 10, 0, 3, tzinfo=UTC)
    await here.behind.tick()
    here.behind.sms.answer = lambda _: SendFailure(Failure.AMBIGUOUS, "no answer came")
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    await here.behind.text("done")

    found = await scraped(here, metrics)

    assert found["nudger_messages_total", "sms accepted"] == 1
    assert found["nudger_messages_total", "sms ambiguous"] == 2  # the nudge, and the answer
    assert (
        found["nudger_send_lateness_seconds_count", "sms"],
        found["nudger_send_lateness_seconds_sum", "sms"],
    ) == (2, 3)
    assert found["nudger_dropped_total", ""] == 1
    assert found["nudger_replies_total", "done"] == 1
    assert found["nudger_send_duration_seconds_count", "sms"] == 3


async def test_the_state_of_the_store_is_that_of_the_moment(here: Desk) -> None:
    here.behind.clock.at = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
    here.behind.store.alarms.raise_alarm("sms", "Twilio refuses the number.", here.behind.clock.at)

    found = await scraped(here, Metrics())

    assert found["nudger_people", ""] == 2
    assert found["nudger_oldest_due_age_seconds", ""] == 30
    assert found["nudger_alarms", ""] == 1
    assert found["nudger_people_apart", "no-consent"] == 1
    assert found["nudger_plan_problems", "error"] == 0
    assert found["nudger_build_info", "0.1.0"] == 1


async def test_no_label_and_no_value_is_of_a_person(here: Desk) -> None:
    metrics = watched(here)
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    await here.behind.text("tell nobody")

    body = (await ask(app_of(here, metrics), "GET", "/metrics")).body

    for secret in ("maya", "ben", "tell nobody", "4477009", "example.org"):
        assert secret not in body.lower()


async def test_names_are_those_that_prometheus_expects(here: Desk) -> None:
    for name, _ in await scraped(here, Metrics()):
        assert name.startswith(("nudger_", "process_", "python_")), name
        assert not name.endswith(("_ms", "_minutes", "_milliseconds")), name


@pytest.mark.parametrize(
    ("settings", "with_token", "without_token"),
    [
        ({}, 200, 200),
        ({"NUDGER_API_TOKEN": TOKEN}, 200, 200),
        ({"NUDGER_API_TOKEN": TOKEN, "NUDGER_PUBLIC_URL": "https://nudger.example.org"}, 200, 401),
        ({"NUDGER_API_TOKEN": TOKEN, "NUDGER_WEB_HOST": "0.0.0.0"}, 200, 401),
        ({"NUDGER_PUBLIC_URL": "https://nudger.example.org"}, 404, 404),
        ({"NUDGER_WEB_HOST": "0.0.0.0"}, 404, 404),
    ],
)
async def test_strangers_read_nothing(
    here: Desk, tmp_path: Path, settings: dict[str, str], with_token: int, without_token: int
) -> None:
    given = load(
        None, {**settings, "NUDGER_STATE_DIR": str(tmp_path), "HOME": str(tmp_path)}, tmp_path, running=False
    )
    found = metrics_pages(given, here.behind.store, here.behind.clock, Metrics(), bearer(given))
    app = World().app(*([found] if found else []))

    right = await ask(app, "GET", "/metrics", {"authorization": f"Bearer {TOKEN}"})
    wrong = await ask(app, "GET", "/metrics", {"authorization": "Bearer guess"})

    assert (right.status, wrong.status) == (with_token, without_token)
    assert ("www-authenticate" in wrong.headers) == (without_token == 401)


async def test_guessing_a_token_is_slowed_down_and_the_right_one_is_not(here: Desk) -> None:
    app = app_of(here, Metrics(), Bearer(TOKEN, Throttle(lambda: 0.0, burst=3, per_second=0.1)))

    tries = [(await ask(app, "GET", "/metrics", {"authorization": "Bearer guess"})).status for _ in range(5)]
    right = await ask(app, "GET", "/metrics", {"authorization": f"bearer {TOKEN}"})

    assert tries == [401, 401, 401, 429, 429]
    assert right.status == 200


async def test_texts_of_strangers_are_counted_and_not_logged_one_by_one(here: Desk) -> None:
    metrics = watched(here)

    with capture_logs() as logs:
        for number in range(20):
            stranger = Inbound(f"SM{number}", ChannelName.SMS, "+447700900999", "hello", here.behind.clock.at)
            await here.behind.inbox.take(stranger)

    assert (await scraped(here, metrics))["nudger_replies_total", "nobody"] == 20
    assert logs == []


async def test_what_strangers_were_refused_is_counted_by_why_and_page(here: Desk) -> None:
    metrics = watched(here)
    app = World().twilio_app(refusals=Refusals(metrics.refused))
    for target in ("/twilio/inbound", "/twilio/inbound", "/wp-login.php"):
        await ask(app, "POST", target)

    counted = await scraped(here, metrics)

    assert counted["nudger_web_refused_total", "/twilio 403"] == 2
    assert counted["nudger_web_refused_total", " 404"] == 1


async def test_who_needs_a_person_is_counted_by_why(here: Desk) -> None:
    metrics = watched(here)
    await here.behind.text("can someone call me please?")

    found = await scraped(here, metrics)

    assert {need: found["nudger_needs", need] for need in ("crisis", "concern", "person")} == {
        "crisis": 0,
        "concern": 0,
        "person": 1,
    }
    assert found["nudger_lost_ratio", ""] == 0
