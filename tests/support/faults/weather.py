"""What befalls requests on their way, drawn at random: most arrive, and every kind of fault comes up."""

from collections.abc import Callable
from random import Random

from tests.support.doubles.twilio_double import Behaviour, Drop, Hang, Refuse

BAD = 0.3  # of all requests that are not simply taken

TWILIO: tuple[Behaviour, ...] = (
    Refuse(429, 20429, {"Retry-After": "3"}),
    Refuse(429, 20429),
    Refuse(503),
    Refuse(503, taken=True),
    Refuse(500, 20500),
    Drop(taken=True),
    Drop(taken=False),
    Hang(taken=True),
    Hang(taken=False),
)
# grey and busy are the server's 451 and 452, closing its 421.
SMTP = ("grey", "busy", "closing", "cut", "drop", "lost", "hang")


def of_twilio(random: Random) -> Callable[[], Behaviour | None]:
    return lambda: random.choice(TWILIO) if random.random() < BAD else None


def of_smtp(random: Random) -> Callable[[], str | None]:
    """Asked twice for each message."""
    return lambda: random.choice(SMTP) if random.random() < BAD / 2 else None
