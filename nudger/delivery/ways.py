"""The ways out as one claim finds them: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudger.delivery.restored import Restored
from nudger.model import ChannelName


@dataclass(frozen=True, slots=True)
class Ways:
    """What rests leads to the next channel; what is full is waited for, but not by what is urgent. Each with
    the reason, for who waits in vain. RACE: what is known of a restored backup is read with them, in the
    claim's own transaction, for another host may have noticed it a moment ago."""

    rests: Mapping[ChannelName, str] = field(default_factory=dict)
    full: Mapping[ChannelName, str] = field(default_factory=dict)
    unanswered: Mapping[ChannelName, str] = field(default_factory=dict)  # answers have had their share
    restored: Restored | None = None


OPEN = Ways()
