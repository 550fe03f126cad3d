"""Understanding commands: LATER and its times, DONE, SKIP, PAUSE, RESUME, NOW, PLAN, LINK, LESS, MORE, HELP.

Nothing dangerous is decided here: who opts out or is in a crisis never comes this far.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nudger.model import Kind
from nudger.replies.asked import Asked
from nudger.replies.courtesy import Courtesy
from nudger.replies.intent import Intent, Understood
from nudger.replies.moments import Now, pause_ends
from nudger.replies.optout import OptOut
from nudger.replies.phrases import Classes, Phrases
from nudger.replies.section import Section
from nudger.replies.snoozing import Snoozing
from nudger.replies.times import read_time
from nudger.replies.timewords import TimeWords

# HELP is last: what is left of "what would you do" without its small words is no question for help.
_ORDER = (
    Intent.START, Intent.DONE, Intent.SKIP, Intent.PAUSE, Intent.RESUME, Intent.NOW, Intent.PLAN, Intent.LINK,
    Intent.TINY, Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.HELP,
)  # fmt: skip
_BEFORE_TIMES = (Intent.PLAN, Intent.LINK, Intent.TINY, Intent.UNTELL, Intent.LESS, Intent.MORE, Intent.HELP)
_AFTER_TIMES = (Intent.SKIP, Intent.DONE, Intent.START)


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one language."""

    courtesy: Courtesy
    times: TimeWords
    snoozing: Snoozing
    whole: Phrases[Intent]  # what is a command where it is all of a text
    before_times: Phrases[Intent]  # what is one anywhere, a time beside it or not
    after_times: Phrases[Intent]  # what is one anywhere, unless the text puts off
    pausing: Phrases[bool]
    bounded: Phrases[bool]  # "no more today"
    resuming: Phrases[bool]
    asking: frozenset[str]  # for a nudge NOW
    kinds: Mapping[str, Kind]
    around: frozenset[str]  # small words that change nothing

    @classmethod
    def read(
        cls, section: Section, classes: Classes, courtesy: Courtesy, times: TimeWords, optout: OptOut
    ) -> "Commands":
        whole, within = {}, {}
        for intent in _ORDER:
            table = section.section(intent.value)
            whole[intent], within[intent] = table.phrases("whole"), table.phrases("within")
            table.close()
        around = section.words("around")
        found = cls(
            courtesy=courtesy,
            times=times,
            snoozing=Snoozing.read(
                section.section("snooze"), classes, around | courtesy.words, optout.single
            ),
            whole=Phrases([(intent, whole[intent], classes) for intent in _ORDER]),
            before_times=Phrases([(intent, within[intent], classes) for intent in _BEFORE_TIMES]),
            after_times=Phrases([(intent, within[intent], classes) for intent in _AFTER_TIMES]),
            pausing=Phrases([(True, within[Intent.PAUSE], classes)]),
            bounded=optout.bounded,
            resuming=Phrases([(True, within[Intent.RESUME], classes)]),
            asking=section.words("asking"),
            kinds={word: Kind(kind) for kind, words in section.section("kinds").lists() for word in words},
            around=around,
        )
        section.close()
        return found

    def vocabulary(self) -> Iterator[str]:
        """Every word that a misspelt one may be put right to."""
        for phrases in (self.whole, self.before_times, self.after_times, self.pausing, self.resuming):
            yield from phrases.vocabulary
        yield from self.snoozing.vocabulary()
        yield from self.times.vocabulary()
        yield from self.courtesy.words
        yield from self.asking
        yield from self.kinds

    def known(self) -> frozenset[str]:
        """Every word that is right as it stands."""
        return self.around.union(self.vocabulary(), self.snoozing.around, self.snoozing.narrating)

    def understand(self, words: Sequence[str], now: Now) -> Understood | None:
        """What the words ask for; None where that is nothing known here."""
        if all(word in self.courtesy.words for word in words):
            meaning = self.whole.whole(words) or self.courtesy.meaning(words)
            return Understood(meaning) if meaning is not None else None
        bare = self._bare(words)
        asked = read_time(self.times, words)
        return (
            self._plain(words, bare)
            or self._paused(words, asked, now)
            or self._now(bare)
            or _understood(self.before_times.label(words, bare))
            or self.snoozing.understand(words, asked, now)
            or self._core(bare)
            or _understood(self.after_times.label(words, bare))
            or self.snoozing.told(words, asked, now)
        )

    def understand_clause(self, words: Sequence[str], now: Now) -> Understood | None:
        """The same of a clause, of a text that says more: only what leaves no doubt."""
        if all(word in self.courtesy.words for word in words):
            return None
        bare = self._bare(words)
        return (
            self._plain(words, bare)
            or self._now(bare)
            or self.snoozing.understand(words, read_time(self.times, words), now)
        )

    def _bare(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word not in self.courtesy.soft]

    def _plain(self, words: Sequence[str], bare: Sequence[str]) -> Understood | None:
        """A command that is all of a text: as it stands, without courtesies, or said over and over."""
        return _understood(self.whole.whole(words, bare, _once(bare)))

    def _core(self, bare: Sequence[str]) -> Understood | None:
        """A command that is all of a text without its small words."""
        found = self.whole.whole([word for word in bare if word not in self.around])
        return _understood(found if found is not Intent.HELP else None)

    def _paused(self, words: Sequence[str], asked: Asked | None, now: Now) -> Understood | None:
        """PAUSE, "no texts until monday"; RESUME, and "resume on monday", which is a pause until then."""
        if self.resuming.found(words):
            ends = pause_ends(replace(asked, until=True), now) if asked is not None else None
            return Understood(Intent.PAUSE, until=ends) if ends is not None else Understood(Intent.RESUME)
        if self.pausing.found(words) or self.bounded.found(words):
            return Understood(Intent.PAUSE, until=pause_ends(asked, now) if asked is not None else None)
        return None

    def _now(self, bare: Sequence[str]) -> Understood | None:
        """NOW, with a kind or without."""
        asks = self.asking.intersection(bare)
        if not asks:
            return None
        left = {word for word in bare if word not in self.around and word not in asks}
        kinds = {self.kinds.get(word) for word in left}
        if len(kinds) > 1 or None in kinds:
            return None
        return Understood(Intent.NOW, kind=next(iter(kinds), None))


def _understood(intent: Intent | None) -> Understood | None:
    return Understood(intent) if intent is not None else None


def _once(words: Sequence[str]) -> list[str]:
    """Without words that only repeat the one before: "done done done"."""
    return [word for at, word in enumerate(words) if at == 0 or word != words[at - 1]]
