"""The verdicts on all that is due for one person: gate, words, history. Pure, so preview uses it too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from nudger.agenda import gate
from nudger.agenda.entries import EVERY_WAY, Decision, Drop, Due, Send, Verdict, Wait, Ways
from nudger.agenda.gate import ON_TIME, count_send, shows_ways_out, thin_out
from nudger.agenda.thinning import Course, arrived, course_of, eases, why_left_out
from nudger.domain.errors import NudgerError
from nudger.domain.model import FROM_A_TEXT, BackOff, ChannelName, Nudge, Origin, Person, State
from nudger.messages import Worded, Wording, count
from nudger.schedule import quiet_starts_after

# Twilio's ValidityPeriod takes whole seconds from 1 on.
SHORTEST = timedelta(seconds=1)
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)  # the turn of what is urgent
FEWER = "fewer, as asked with LESS"
WELCOME_WAITS = timedelta(hours=4)  # at a provider: a question that comes in the evening of its day is fine


@dataclass(frozen=True, slots=True)
class Decider:
    """What the decision needs besides the person: words, zones and the seed of the draws."""

    wording: Wording
    zone: Callable[[str], tzinfo]
    seed: str
    by_link: frozenset[ChannelName] = frozenset()  # a welcome here is answered by the link below it
    mute: frozenset[ChannelName] = frozenset()  # a welcome here could not be answered

    def decide(self, person: Person, dues: Sequence[Due], now: datetime, ways: Ways = EVERY_WAY) -> Decision:
        """Decides on all that is due for one person at one moment.

        Args:
            dues: all of theirs that is due, in any order; a verdict for one hangs on the others.
            now: the moment of the claim, read once.
            ways: the senders as the claim finds them; by default each lets everything through.

        Returns:
            One verdict for each of `dues`, in their order, and the person with the history after the sends.
            Words that cannot be made are a Drop of that one entry, and no fault.
        """
        moment = gate.Moment(now, self.zone(person.plan.timezone), ways, ways.restored, self.mute)
        if len(dues) == 1:  # as nearly always: there is nothing to weigh it against
            verdict, person = self._alone(person, dues[0], moment)
            return Decision((verdict,), person)
        asked = [(due, gate.ask(person, due, moment)) for due in dues]
        passed = [
            (due, answer) for due, answer in asked if isinstance(answer, gate.Pass) and due.origin.is_nudge
        ]
        verdicts, person = self._nudges(person, passed, moment)
        sent = [due.due_at for due, _ in passed if isinstance(verdicts[due.id], Send)]
        for due, answer in asked:
            if due.id not in verdicts:
                verdicts[due.id] = self._other(person, due, answer, moment, max(sent, default=None))
        return Decision(tuple(verdicts[due.id] for due in dues), person)

    def _alone(self, person: Person, due: Due, moment: gate.Moment) -> tuple[Verdict, Person]:
        answer = gate.ask(person, due, moment)
        if isinstance(answer, gate.Pass) and due.origin.is_nudge:
            return self._nudge(person, due, answer, moment)
        return self._other(person, due, answer, moment, None), person

    def _nudges(
        self, person: Person, passed: list[tuple[Due, gate.Pass]], moment: gate.Moment
    ) -> tuple[dict[int, Verdict], Person]:
        """In the order of their times. On catching up from the latest back, until one goes: it goes in
        place of all before it."""
        catching_up = gate.catching_up([due for due, _ in passed], moment.now)
        verdicts: dict[int, Verdict] = {}
        gone = False
        # In an order of its own, so that a preview and any host come to the same verdicts.
        for due, answer in sorted(passed, key=_by_time, reverse=catching_up):
            if gone and catching_up:
                verdicts[due.id] = gate.overtaken()
            else:
                verdicts[due.id], person = self._nudge(person, due, answer, moment)
                gone = gone or isinstance(verdicts[due.id], Send)
        return verdicts, person

    def _other(
        self, person: Person, due: Due, answer: gate.Answer, moment: gate.Moment, latest: datetime | None
    ) -> Verdict:
        """On what is no nudge, or does not go now."""
        if isinstance(answer, gate.Full):
            return self._wait(person, due, answer, moment, latest)
        if not isinstance(answer, gate.Pass):
            return answer
        if due.origin in FROM_A_TEXT:
            return self._answer(person, due, answer, moment)
        return self._welcome(person, answer, moment)

    def _wait(
        self, person: Person, due: Due, at: gate.Full, moment: gate.Moment, latest: datetime | None
    ) -> Verdict:
        """In the queue for its channel; but on catching up, a later nudge that goes now goes in its place."""
        if not due.origin.is_nudge:
            # An answer, a notice, a welcome: before all nudges, whose last instants are still to come.
            return Wait(at.channel, BEFORE_ALL if due.urgent else due.due_at, at.reason)
        if latest is not None and due.due_at < latest and moment.now - due.due_at >= ON_TIME:
            return gate.overtaken()
        return Wait(at.channel, moment.now + self._valid_for(person, due.expires_at, moment), at.reason)

    def _answer(self, person: Person, due: Due, at: gate.Pass, moment: gate.Moment) -> Verdict:
        text = due.text or ""
        subject = self.wording.subject(person.plan.voice, None)
        valid_for = max(SHORTEST, due.expires_at - moment.now)
        return Send(at.channel, at.address, text, subject, valid_for, count(text).segments)

    def _welcome(self, person: Person, at: gate.Pass, moment: gate.Moment) -> Verdict:
        plan, wording = person.plan, self.wording
        key = "welcome_again" if at.channel in person.standing.asked else "welcome"
        key += "_by_link" if at.channel in self.by_link else ""
        try:
            text = wording.system(plan.voice, key, name=plan.name, limit=str(plan.daily_limit))
        except NudgerError as fault:
            return Drop(State.FAILED, f"could not be worded: {fault.message}")
        subject = wording.welcome_subject(plan.voice)
        valid_for = self._valid_for(person, moment.now + WELCOME_WAITS, moment)
        return Send(at.channel, at.address, text, subject, valid_for, count(text).segments)

    def asks_from(self, person: Person, channel: ChannelName, now: datetime) -> datetime | None:
        """Returns from when on this person may be asked for consent on this channel; None: not as things
        stand."""
        moment = gate.Moment(now, self.zone(person.plan.timezone), mute=self.mute)
        return gate.asks_from(person, channel, moment)

    def _nudge(self, person: Person, due: Due, at: gate.Pass, moment: gate.Moment) -> tuple[Verdict, Person]:
        drop = gate.count(person, due, moment)
        nudge = person.plan.nudge(due.nudge)
        if drop is not None or nudge is None:
            return drop or gate.overtaken(), person
        history, course = person.history, course_of(person, moment.now, moment.zone)
        if due.round == 0 and due.origin is not Origin.ON_DEMAND:
            reason = why_left_out(person.plan, course, nudge, due.local_date, due.slot) if course else None
            # What was tried before has had its turn.
            if reason is not None and not due.attempts:
                return Drop(State.SUPPRESSED, reason), person
            goes, history = thin_out(history, person.plan, nudge.id, person.standing.fewer)
            if not goes and not due.attempts:
                return Drop(State.SUPPRESSED, FEWER), replace(person, history=history)
        try:
            worded = self._worded(person, nudge, due, at, moment, course)
        except NudgerError as fault:
            # One person's broken words stop nobody else's nudge; `status` and `log` show the reason.
            return Drop(State.FAILED, f"could not be worded: {fault.message}"), person
        send = Send(
            at.channel,
            at.address,
            worded.text,
            worded.subject,
            self._valid_for(person, due.expires_at, moment),
            worded.segments,
            worded.bank_key,
            worded.contact,
            nudge.ask,
            moment.now + nudge.answer_within if nudge.ask is not None else None,
        )
        history = self.wording.after(history, worded, nudge.kind, moment.now)
        if due.origin is not Origin.ON_DEMAND:
            history = count_send(history, moment.local.date(), due.due_at, moment.now)
        standing = person.standing
        if person.plan.back_off is not BackOff.OFF:
            standing = arrived(standing, moment.now)  # as far as can be foreseen
        return send, Person(person.plan, standing, history)

    def _worded(
        self,
        person: Person,
        nudge: Nudge,
        due: Due,
        at: gate.Pass,
        moment: gate.Moment,
        course: Course | None,
    ) -> Worded:
        worded = self.wording.nudge(
            person.plan,
            nudge,
            local_date=due.local_date,
            slot=due.slot,
            round=due.round,
            local_now=moment.local,
            history=person.history,
            seed=self.seed,
            tiny=person.standing.low(moment.now),
        )
        planned = due.round == 0 and due.origin is not Origin.ON_DEMAND
        if planned and course is not None and eases(person, course, due.local_date, moment.now):
            return self.wording.with_ease(worded, person.plan.voice)
        # An email shows the ways out each time.
        if at.channel is ChannelName.SMS and planned and shows_ways_out(person.history, moment.local):
            return self.wording.with_ways_out(worded, person.plan.voice, nudge)
        return worded

    def _valid_for(self, person: Person, ends_at: datetime, moment: gate.Moment) -> timedelta:
        """How long a provider may hold it: what is left until it expires or quiet hours begin."""
        if person.plan.quiet is not None:
            ends_at = min(ends_at, quiet_starts_after(moment.zone, person.plan.quiet, moment.now))
        return max(SHORTEST, ends_at - moment.now)


def _by_time(asked: tuple[Due, object]) -> tuple[datetime, str, date, int]:
    due = asked[0]
    return (due.due_at, due.nudge, due.local_date, due.slot)
