"""What the operator has to know of: a fault that stands, or stood, under a key of its own. Values only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fault that needs a person. No phone number, address or secret stands in its words."""

    key: str  # what it is about: "sms", "reach maya sms", "queue"
    since: datetime
    words: str  # what is wrong, and what to do
    cleared_at: datetime | None = None  # None while it stands
