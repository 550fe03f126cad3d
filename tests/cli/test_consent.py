"""What `status` and `check` say of people who have not agreed yet."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from nudger.cli.looking import standing
from nudger.domain.model import At, ChannelName, Kind, Nudge, Person, Plan, Standing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SMS, EMAIL = ChannelName.SMS, ChannelName.EMAIL
PLAN = Plan(
    "maya",
    "Maya",
    "Europe/London",
    phone="+447700900123",
    email="maya@example.org",
    channels=(SMS, EMAIL),
    nudges=(Nudge("rest", Kind.REST, At((time(13),))),),
)


def test_someone_who_was_not_asked_yet_is_to_be_asked() -> None:
    said = standing(Person(PLAN), NOW, frozenset(), ZoneInfo)
    assert said == "no consent on record for sms, to be asked; no consent on record for email, to be asked"


def test_someone_who_was_asked_and_has_opted_out_elsewhere_is_shown_as_such() -> None:
    stands = Standing(opted_out=frozenset({EMAIL}), asked=frozenset({SMS}))
    said = standing(Person(PLAN, stands), NOW, frozenset(), ZoneInfo)
    assert said == "opted out of email; no consent on record for sms, asked, no answer yet"


def test_where_no_link_can_ask_it_says_what_to_do() -> None:
    said = standing(Person(PLAN, Standing(consented=frozenset({SMS}))), NOW, frozenset({EMAIL}), ZoneInfo)
    assert said.startswith(
        "no consent on record for email, which has no link to ask by: set NUDGER_PUBLIC_URL"
    )
