"""Maya, in the plans that several tests of delivery share, and what they look at or do first."""

from datetime import timedelta

from nudger.agenda.entries import Failure, SendFailure
from nudger.domain.model import State
from tests.support.worlds.delivery import MONDAY_NINE, World

# One rest a day at 13:00, by text or email.
ONE_REST = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
email = "maya@example.org"
consent = "2026-11-20, in person"
gap = "0m"
[[nudge]]
kind = "rest"
at = "13:00"
message = "A rest, {{ name }}?"
"""
ONE = timedelta(hours=4)  # 13:00 in London, seen from MONDAY_NINE

# Two rests a day, of helplines that are British.
TWO_RESTS = """
name = "Maya"
timezone = "Europe/London"
country = "GB"
phone = "+447700900123"
email = "maya@example.org"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = ["10:00", "16:00"]
message = "A rest?"
"""
TEN = MONDAY_NINE + timedelta(hours=1)

# A walk at 09:30, a rest at 13:00.
REST_AND_WALK = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
message = "A rest?"
[[nudge]]
kind = "movement"
at = "09:30"
message = "A walk?"
"""

# By text alone, two messages a day.
TWO_A_DAY = """
name = "Maya"
timezone = "Europe/London"
country = "GB"
phone = "+447700900123"
consent = "2026-11-20, in person"
daily_limit = 2
[[nudge]]
kind = "rest"
at = ["10:00", "16:00"]
message = "A rest?"
"""
WANTS_TO_DIE = "I want to die"
CRISIS = (
    "Thank you for saying this. It matters. If you are thinking about suicide or self-harm, please call "
    "Samaritans on 116 123 or text SHOUT to 85258 any time, or call 999 if you are in danger. Real people "
    "answer. This is an automated program: no person reads these texts. Nudges wait until you reply RESUME."
)

# Her brother Sam is a contact, who may be written to.
ONE_MORNING = """
name = "Maya"
timezone = "Europe/London"
country = "GB"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "10:00"
"""
SAM_PHONE = "+447700900456"
SAM = """
[[contact]]
name = "Sam"
phone = "+447700900456"
"""
TRUSTED = (
    SAM
    + """
tell = "2026-11-20, on paper: please ask Sam to call me"
agreed = "2026-11-21, by text: yes, write to me"
"""
)


async def nudged(world: World) -> None:
    """Maya has just got her nudge of 10:00."""
    await world.start(maya=TWO_RESTS)
    await world.until(TEN)
    world.clock.at += timedelta(minutes=5)


def states(world: World, person: str = "maya") -> dict[State, int]:
    """How many entries of today are in which state."""
    counted: dict[State, int] = {}
    for one in world.store.people.agenda(person, MONDAY_NINE.date()):
        if one.local_date == MONDAY_NINE.date():
            counted[one.state] = counted.get(one.state, 0) + 1
    return counted


def to_sam(world: World) -> list[str]:
    return [sending.text for sending in world.sms.sent if sending.address == SAM_PHONE]


def always(failure: Failure, **more: object) -> SendFailure:
    return SendFailure(failure, "as scripted", **more)  # type: ignore[arg-type]
