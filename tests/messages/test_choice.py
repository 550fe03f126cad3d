"""Which message of the bank goes out, and whom it names."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from nudger.domain.errors import NudgerError
from nudger.domain.model import Contact, Effort, History, Kind, Nudge, Plan, Topic
from nudger.messages import Worded, Wording
from nudger.messages.bank.messages import Part, parts_at

Word = Callable[..., Worded]
PlanOf = Callable[..., Plan]
NudgeOf = Callable[..., Nudge]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMALL = "\n".join(
    f'[[message]]\nkey = "m{number}"\neffort = "small"\ntext = "Message {number}."\n'
    for number in range(1, 7)
)


def year(wording: Wording, plan: Plan, nudge: Nudge, word: Word, days: int = 365) -> list[Worded]:
    """A nudge a day, each with the history that the ones before left."""
    history, said = History(), list[Worded]()
    for day in range(days):
        now = NOON + timedelta(days=day)
        worded = word(plan, nudge, history, by=wording, on=now.date(), local_now=now)
        history = wording.after(history, worded, nudge.kind, now)
        said.append(worded)
    return said


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
@pytest.mark.parametrize("contacts", [(), ("Sam", "Ana", "Lee")])
@pytest.mark.parametrize("kind", list(Kind))
def test_in_a_year_no_message_comes_again_within_the_last_ten(
    language: str,
    contacts: tuple[str, ...],
    kind: Kind,
    wording: Wording,
    word: Word,
    plan_of: PlanOf,
    nudge_of: NudgeOf,
) -> None:
    keys = [one.bank_key for one in year(wording, plan_of(language, *contacts), nudge_of(kind), word)]
    for at, key in enumerate(keys):
        assert key not in keys[max(0, at - 10) : at]


@pytest.mark.parametrize("kind", list(Kind))
def test_in_the_long_run_every_message_comes_about_as_often_as_another(
    kind: Kind, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    days = 25 * len(wording.banks["en", kind].messages)
    counts = Counter(one.bank_key for one in year(wording, plan_of(), nudge_of(kind), word, days))
    fitting = {message.key for message in wording.banks["en", kind].fitting(now=parts_at(NOON.time()))}
    assert counts.keys() == fitting
    assert max(counts.values()) <= 3 * min(counts.values())


def test_a_bank_of_six_repeats_none_of_the_last_five(
    sources: Mapping[str, str], word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    small = Wording.parse({**sources, "en/rest.toml": SMALL})
    keys = [one.bank_key for one in year(small, plan_of(), nudge_of(), word)]
    for at in range(5, len(keys)):
        assert len(set(keys[at - 5 : at + 1])) == 6


def test_the_choice_is_the_same_on_every_host(
    sources: Mapping[str, str], word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    small = Wording.parse({**sources, "en/rest.toml": SMALL})
    keys = [word(plan_of(), nudge_of(), by=small, slot=slot).bank_key for slot in range(1, 9)]
    assert keys == ["m1", "m5", "m4", "m2", "m2", "m6", "m1", "m6"]


@pytest.mark.parametrize("change", [{"slot": 2}, {"round": 1}, {"seed": "other"}, {"on": date(2026, 11, 24)}])
def test_the_choice_hangs_on_seed_date_slot_and_round(
    change: dict[str, object], word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plans = [plan_of(person=f"person-{number}") for number in range(30)]
    one = [word(plan, nudge_of()).bank_key for plan in plans]
    other = [word(plan, nudge_of(), **change).bank_key for plan in plans]
    assert one != other
    assert one == [word(plan, nudge_of()).bank_key for plan in plans]


def test_support_with_contacts_always_names_one(word: Word, plan_of: PlanOf, nudge_of: NudgeOf) -> None:
    for slot in range(50):
        worded = word(plan_of("en", "Sam"), nudge_of(Kind.SUPPORT), slot=slot)
        assert worded.contact == "Sam"
        assert "Sam" in worded.text


def test_support_without_contacts_names_none(word: Word, plan_of: PlanOf, nudge_of: NudgeOf) -> None:
    for slot in range(50):
        assert word(plan_of(), nudge_of(Kind.SUPPORT), slot=slot).contact is None


def test_contacts_take_turns_by_how_long_ago_they_were_named(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    said = year(wording, plan_of("en", "Sam", "Ana", "Lee"), nudge_of(Kind.SUPPORT), word)
    assert [one.contact for one in said[:6]] == ["Sam", "Ana", "Lee", "Sam", "Ana", "Lee"]


def test_a_nudge_names_only_the_contacts_it_lists(word: Word, plan_of: PlanOf, nudge_of: NudgeOf) -> None:
    history = History(contacted={"Lee": NOON, "Ana": NOON + timedelta(days=1)})
    nudge = nudge_of(Kind.SUPPORT, contacts=("Lee", "Ana"))
    assert word(plan_of("en", "Sam", "Ana", "Lee"), nudge, history).contact == "Lee"


def test_a_template_named_in_the_plan_is_used_and_remembered(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    worded = word(plan_of(), nudge_of(template="sip-of-water"))
    assert worded.bank_key == "sip-of-water"
    assert worded.text.startswith("A slow sip of water")
    assert wording.after(History(), worded, Kind.REST, NOON).recent == {"rest": ("sip-of-water",)}


@pytest.mark.parametrize("template", ["gone-by-now", "hello-to"])
def test_a_template_that_cannot_be_used_any_more_leaves_the_choice_to_the_bank(
    template: str, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    worded = word(plan_of(), nudge_of(Kind.SUPPORT, template=template))
    assert worded.bank_key in wording.template_keys("en", Kind.SUPPORT) - {template}


def test_a_plans_own_message_is_worded_and_leaves_the_banks_history_alone(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    worded = word(plan_of(), nudge_of(message="{{ name }}, one line about this {{ weekday }}?"))
    assert (worded.text, worded.bank_key) == ("Maya, one line about this Monday?", None)
    assert wording.after(History(), worded, Kind.REST, NOON).recent == {}


def test_a_message_that_is_none_is_an_error_with_its_reason(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    with pytest.raises(NudgerError, match='the message uses "nmae", which is unknown'):
        word(plan_of(), nudge_of(message="{{ nmae }}"))


def test_a_language_without_a_bank_is_an_error_that_names_the_others(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    with pytest.raises(NudgerError, match=r'no words in "de"\n  there are en, es, fr'):
        word(plan_of("de"), nudge_of())


def test_history_keeps_ten_keys_of_each_bank_latest_first(wording: Wording) -> None:
    history = History(recent={"rest": tuple("abcdefghij"), "care": ("x",)})
    after = wording.after(history, Worded("", "", "k", None, 1), Kind.REST, NOON)
    assert after.recent == {"rest": tuple("kabcdefghi"), "care": ("x",)}


def test_history_remembers_when_a_contact_was_named(wording: Wording) -> None:
    after = wording.after(History(), Worded("", "", None, "Sam", 1), Kind.SUPPORT, NOON)
    assert after.contacted == {"Sam": NOON}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_low_day_keeps_to_tiny_messages(
    kind: Kind, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    keys = {word(plan_of(), nudge_of(kind), slot=slot, tiny=True).bank_key for slot in range(60)}
    efforts = {message.key: message.effort for message in wording.banks["en", kind].messages}
    assert {efforts[key] for key in keys if key} == {Effort.TINY}
    assert len(keys) >= 3


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("most", list(Effort))
def test_no_message_of_the_bank_asks_more_than_the_plan_allows(
    kind: Kind, most: Effort, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    efforts = {message.key: message.effort for message in wording.banks["en", kind].messages}

    keys = {word(plan_of(effort=most), nudge_of(kind), slot=slot).bank_key for slot in range(60)}

    assert all(efforts[key].within(most) for key in keys if key)


def test_a_nudges_own_effort_goes_before_the_plans_and_a_low_day_before_both(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    efforts = {message.key: message.effort for message in wording.banks["en", Kind.REST].messages}
    plan, nudge = plan_of(effort=Effort.TINY), nudge_of(effort=Effort.MEDIUM)

    usual = {efforts[word(plan, nudge, slot=slot).bank_key or ""] for slot in range(60)}
    low = {efforts[word(plan, nudge, slot=slot, tiny=True).bank_key or ""] for slot in range(60)}

    assert (usual, low) == (set(Effort), {Effort.TINY})


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("hour", range(24))
def test_what_fits_only_a_part_of_the_day_comes_in_no_other(
    hour: int, kind: Kind, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    bank, now = wording.banks["en", kind], NOON.replace(hour=hour)

    for slot in range(40):
        message = bank.message(word(plan_of(), nudge_of(kind), slot=slot, local_now=now).bank_key or "")
        assert message is not None
        assert not message.parts or message.parts & parts_at(now.time())


@pytest.mark.parametrize(
    ("hour", "parts"),
    [
        (4, {Part.BEDTIME}),
        (5, {Part.MORNING}),
        (10, {Part.MORNING}),
        (11, set()),
        (16, set()),
        (17, {Part.EVENING}),
        (20, {Part.EVENING, Part.BEDTIME}),
        (23, {Part.EVENING, Part.BEDTIME}),
        (0, {Part.BEDTIME}),
    ],
)
def test_the_parts_of_a_day_begin_and_end_at_whole_hours(hour: int, parts: set[Part]) -> None:
    assert parts_at(NOON.replace(hour=hour, minute=59).time()) == parts


def test_sleep_is_no_matter_at_nine_or_at_four(wording: Wording) -> None:
    for language in wording.languages:
        for kind in Kind:
            for hour in (9, 16):
                now = parts_at(NOON.replace(hour=hour).time())
                texts = [message.text for message in wording.banks[language, kind].fitting(now=now)]
                assert not [text for text in texts if re.search(r"sleep|dormir|sommeil|siest", text)]


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("avoid", [(topic,) for topic in Topic] + [tuple(Topic)])
def test_what_a_plan_avoids_is_touched_by_no_message(
    avoid: tuple[Topic, ...],
    kind: Kind,
    language: str,
    wording: Wording,
    word: Word,
    plan_of: PlanOf,
    nudge_of: NudgeOf,
) -> None:
    plan, bank = plan_of(language, "Sam", avoid=avoid), wording.banks[language, kind]

    for slot in range(60):
        message = bank.message(word(plan, nudge_of(kind), slot=slot).bank_key or "")
        assert message is not None
        assert not message.avoid & set(avoid)


def test_a_template_that_touches_what_the_plan_avoids_leaves_the_choice_to_the_bank(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    nudge = nudge_of(template="warm-bath")

    assert word(plan_of(), nudge).bank_key == "warm-bath"
    assert word(plan_of(avoid=(Topic.BODY,)), nudge).bank_key != "warm-bath"


FORMAL = """
[[message]]
key = "formal"
effort = "tiny"
text.tu = "Puedes parar."
text.usted = "Puede parar, {{ name }}."
"""


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (None, "Puedes parar."),
        ("tu", "Puedes parar."),
        ("usted", "Puede parar, Maya."),
        ("vos", "Puedes parar."),
    ],
)
def test_the_words_have_the_form_of_address_that_the_plan_names_or_else_the_usual_one(
    form: str | None,
    text: str,
    sources: Mapping[str, str],
    word: Word,
    plan_of: PlanOf,
    nudge_of: NudgeOf,
) -> None:
    system = sources["es/system.toml"].replace(
        'done = "', 'done.tu = "Dicho por ti."\ndone.usted = "Dicho por usted."\n# "'
    )
    files = {
        **sources,
        "es/system.toml": system,
        "es/rest.toml": sources["es/rest.toml"] + FORMAL,
    }
    spanish, plan = Wording.parse(files), plan_of("es", form=form)

    assert spanish.languages == {"en", "es", "fr", "pt"}
    assert word(plan, nudge_of(template="formal"), by=spanish).text == text
    assert spanish.system(plan.voice, "done") == ("Dicho por usted." if form == "usted" else "Dicho por ti.")
    assert spanish.system(plan.voice, "skipped") == spanish.system("es", "skipped")


IF_THEN = "When I make tea, I step {outside}."


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_about_one_in_five_echoes_the_if_then_line_word_for_word(
    language: str, wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    said = year(wording, plan_of(language, if_then=IF_THEN), nudge_of(), word)

    echoes = [one for one in said if one.bank_key and one.bank_key.startswith("own-plan-")]
    assert all(one.text.endswith(IF_THEN) for one in echoes)
    assert 0.15 < len(echoes) / len(said) < 0.25
    assert len({one.bank_key for one in echoes}) == 3
    keys = [one.bank_key for one in said]
    assert all(key not in keys[max(0, at - 10) : at] for at, key in enumerate(keys))


def test_without_an_if_then_line_nothing_is_echoed(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    keys = {one.bank_key for one in year(wording, plan_of(), nudge_of(), word)}

    assert not [key for key in keys if key and key.startswith("own-plan-")]


def test_an_if_then_line_stands_back_behind_a_contact(
    wording: Wording, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    said = year(wording, plan_of("en", "Sam", if_then=IF_THEN), nudge_of(Kind.SUPPORT), word)

    assert {one.contact for one in said} == {"Sam"}


@pytest.mark.parametrize(("days", "names"), [(13, None), (14, "Sam")])
def test_a_contact_is_named_no_sooner_than_its_every_by_local_dates(
    days: int, names: str | None, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = replace(plan_of(), contacts=(Contact("Sam", every=14),))
    last = datetime(2026, 11, 9, 18, tzinfo=UTC)
    now = datetime(2026, 11, 9, 9, tzinfo=UTC) + timedelta(days=days)

    worded = word(plan, nudge_of(Kind.SUPPORT), History(contacted={"Sam": last}), local_now=now)

    assert worded.contact == names


def test_own_words_that_name_a_contact_wait_until_somebody_is_due(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = replace(plan_of(), contacts=(Contact("Sam", every=14),))
    nudge = nudge_of(Kind.SUPPORT, message="A hello to {{ contact.name }}?")

    first = word(plan, nudge)
    soon = word(plan, nudge, History(contacted={"Sam": NOON + timedelta(days=325)}))

    assert (first.text, first.contact) == ("A hello to Sam?", "Sam")
    assert (soon.contact, soon.bank_key is None) == (None, False)
