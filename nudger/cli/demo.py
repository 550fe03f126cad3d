"""The demo: the real daemon on a fast clock, told in the terminal and on the phone page."""

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rich.markup import escape

from nudger.agenda.entries import Sending
from nudger.app.clock import FastClock
from nudger.app.core import Core
from nudger.app.daemon import Daemon
from nudger.app.running import build_daemon
from nudger.app.state import Stores
from nudger.app.web import own_pages
from nudger.cli.show import out
from nudger.domain.model import AskForm, ChannelName, Person
from nudger.inbound.port import Inbound
from nudger.schedule import day_bounds, local_date

# Spans of the fast clock: nights and long waits are skipped, up to a little before what comes next.
LULL = timedelta(hours=2)
LEAD = timedelta(minutes=5)
LOOK_EVERY = 0.1  # seconds of the machine's time
# What is said to an ask by somebody who does not type: in turn, and by the form of the ask.
SAID: Mapping[AskForm, Sequence[str]] = {
    AskForm.LINE: (
        "the light on the stairs",
        "grey, and then less grey",
        "soup. and Sam rang",
        "no idea, tired",
    ),
    AskForm.NUMBER: ("4", "about a five I think", "3", "6", "5 maybe"),
    AskForm.YES_NO: ("yes", "no"),
}
TO_ANSWER = 6.0  # of the same: so long after a message the clock does not jump, for who reads may reply


@dataclass
class Demo:
    """Two people, a few days, and someone who may answer for them."""

    core: Core
    store: Stores
    speed: float
    days: int | None  # None: until Ctrl-C
    watched: bool  # someone sits at the terminal: waits are shown, and what they type is a reply
    _shown_at: float = float("-inf")
    _nudged: list[str] = field(default_factory=list)  # ids, the latest last
    _typed: list[str] = field(default_factory=list)
    _answered: set[int] = field(default_factory=set)  # asks, by their entries
    _daemon: Daemon = field(init=False)
    _clock: FastClock = field(init=False)

    async def run(self) -> None:
        """Runs until the days are over, or Ctrl-C."""
        self._clock = FastClock(self._morning(), self.speed)
        self._daemon = build_daemon(self.core, self.store, self._clock, shown=self._shown)
        self._daemon.aside += (self._story,)
        await self._daemon.run()
        out.print("\nThat was the demo. Write your own plan: see plans/ and docs/plans.md.")

    def _morning(self) -> datetime:
        """The start of today where the machine is; the story jumps to the first nudge from there."""
        here = datetime.now().astimezone().tzinfo or UTC
        return day_bounds(here, local_date(here, datetime.now(UTC)))[0]

    async def _story(self) -> None:
        """Moves the clock over lulls, unless it is held; returns after the last day, which ends the demo."""
        self._greet()
        ends_at = self._clock.now() + timedelta(days=self.days) if self.days else None
        self._listen()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self._answer()
            await self._answer_asks()
            now = self._clock.now()
            await self._daemon.laying_out.run_once(now)
            next_at = await asyncio.to_thread(self.store.sending.next_due_at)
            if ends_at is not None and (next_at is None or next_at >= ends_at):
                await self._daemon.settled()
                return
            lull = LULL if self.watched else LEAD
            if next_at is not None and next_at - now > lull and not self._is_held():
                self._clock.advance_to(next_at - (LEAD if self.watched else timedelta(0)))
                self._daemon.wake()

    def _is_held(self) -> bool:
        """By whoever watches: with the page's button, or by reading what has just come."""
        read = not self.watched or time.monotonic() - self._shown_at > TO_ANSWER
        return not self._clock.factor or not read

    def _greet(self) -> None:
        people = ", ".join(person.plan.name for person in self.store.people.people())
        out.print(f"[bold]nudger demo[/]: {people}, {self.speed:g} times as fast as life.")
        out.print(f"Phones: [bold]{self._daemon.address}/phone[/]")
        if self.watched:
            out.print('Type a reply such as "later" or "maya: snooze 2h"; Ctrl-C ends it.')
        out.print()

    def _shown(self, sending: Sending) -> None:
        self._shown_at = time.monotonic()
        person = self.store.people.person(sending.person)
        if person is None:
            return
        if sending.origin != "answer":
            self._nudged.append(person.id)
        by = "text" if sending.channel is ChannelName.SMS else "email"
        self._print(self._clock.now(), person, by, sending.text)

    def _listen(self) -> None:
        """Reads what is typed, line by line; a file or nothing as standard input is nobody typing."""
        with contextlib.suppress(PermissionError, ValueError, OSError):
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read_line)

    def _read_line(self) -> None:
        line = sys.stdin.readline()
        if not line:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        elif line.strip():
            self._typed.append(line.strip())

    async def _answer(self) -> None:
        """What was typed is a reply of the person named before a colon, else of whoever was nudged last.
        It waits until there is a nudge to reply to."""
        waiting, self._typed = self._typed, []
        for line in waiting:
            named, colon, rest = line.partition(":")
            known = self.store.people.person(named.strip().lower()) if colon else None
            person = known or (self.store.people.person(self._nudged[-1]) if self._nudged else None)
            if person is None or person.id not in self._nudged:
                self._typed.append(line)
                continue
            await self._say(person, rest.strip() if known else line, self._clock.now())

    async def _answer_asks(self) -> None:
        """Asks that nobody has answered at the terminal for a while are answered, as people do; once it is
        told where they see what they have said."""
        if not self._nudged or time.monotonic() - self._shown_at < (TO_ANSWER if self.watched else 0.0):
            return
        for one in dict.fromkeys(self._nudged):  # not the last alone: two may be nudged between two looks
            await self._answer_ask(one, self._clock.now())

    async def _answer_ask(self, one: str, now: datetime) -> None:
        writer = await asyncio.to_thread(self.store.inbound.writer, one, now)
        ask = writer.open_ask if writer is not None else None
        if writer is None or ask is None or ask.occurrence in self._answered:
            return
        said = SAID.get(AskForm.of(ask.form), ())
        first, turn = not self._answered, len(self._answered) // 2
        self._answered.add(ask.occurrence)
        if said:
            await self._say(writer.person, said[turn % len(said)], now)
        if page := own_pages(self.core.settings, self.store, lambda: self._daemon.address) if first else None:
            channel = writer.person.plan.channels[0]
            out.print(f"[dim]What they say is kept for them:[/] {page(writer.person.id, channel, now)}/words")

    async def _say(self, person: Person, text: str, now: datetime) -> None:
        channel = person.plan.channels[0]
        self._print(now, person, "reply", text)
        address = person.plan.address(channel) or ""
        await self._daemon.take(Inbound(f"typed-{uuid.uuid4().hex}", channel, address, text, now))

    def _print(self, now: datetime, person: Person, by: str, text: str) -> None:
        at = now.astimezone(self.core.zone(person.plan.timezone))
        out.print(
            f"[dim]{at:%a %H:%M}[/]  [bold]{escape(person.plan.name):<8}[/] [dim]{by:<5}[/] {escape(text)}"
        )
