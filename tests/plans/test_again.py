"""Reading again after an edit: the same as reading afresh, and only what changed is read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.plans import Facts, Reading, Source, read

Read = Callable[..., Reading]
NUDGE = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'
WARNED = '[[nudge]]\nkind = "rest"\nat = ["13:00", "13:10"]\n'
TEXTS = [
    f'timezone = "UTC"\nphone = "+447700900123"\n{NUDGE}',
    f'timezone = "UTC"\nphone = "+447700900124"\n{WARNED}',
    f'timezone = "Europe/London"\nphone = "+447700900125"\nextends = "week"\n{NUDGE}',
    'timezone = "UTC"\nphone = "+447700900126"\nextends = "week"\n',
    'timezone = "UTC"\nphone = "+447700900123"\nextends = "other"\n',
    "broken",
    "",
]
SHARED = [NUDGE, WARNED, 'extends = "other"\n' + NUDGE, 'extends = "week"\n', "broken", 'gap = "30m"\n']
ROWS = [
    "maya,UTC,+447700900127,week",
    "ann,UTC,+447700900128,week",
    "bea,UTC,+447700900123,week",
    "cy,Mars,+447700900129,other",
    "dee,UTC,,",
]
FILES: dict[str, st.SearchStrategy[str]] = {
    "plans/maya.toml": st.sampled_from(TEXTS),
    "plans/jo.toml": st.sampled_from(TEXTS),
    "plans/shared/week.toml": st.sampled_from(SHARED),
    "plans/shared/other.toml": st.sampled_from(SHARED),
    "plans/people.csv": st.lists(st.sampled_from(ROWS), max_size=4).map(
        lambda rows: "\n".join(["id,timezone,phone,extends", *rows])
    ),
}
FOLDERS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries({}, optional=FILES)


def sources(folder: dict[str, str]) -> list[Source]:
    return [Source(file, text.encode()) for file, text in folder.items()]


@settings(max_examples=150, deadline=None)
@given(folders=st.lists(FOLDERS, min_size=2, max_size=4))
def test_reading_again_comes_to_the_same_as_reading_afresh(
    folders: list[dict[str, str]], facts: Facts
) -> None:
    reading = read(sources(folders[0]), facts)

    for folder in folders[1:]:
        reading = read(sources(folder), facts, before=reading)

        assert reading == read(sources(folder), facts)


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_what_is_unchanged_is_not_read_again(index: int, facts: Facts) -> None:
    folder = {"plans/maya.toml": TEXTS[index], "plans/shared/week.toml": NUDGE}
    before = read(sources(folder), facts)

    after = read(sources(folder), facts, before=before)

    assert after.plans["maya"] is before.plans["maya"]


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: replace(facts, today=facts.today.replace(day=24)),
        lambda facts: replace(facts, country="NZ"),
        lambda facts: replace(facts, zone=lambda name: None),
    ],
)
def test_other_facts_are_a_reason_to_read_again(change: Callable[[Facts], Facts], facts: Any) -> None:
    folder = sources({"plans/maya.toml": TEXTS[0]})
    before = read(folder, facts)

    after = read(folder, change(facts), before=before)

    assert after.plans.get("maya") is not before.plans["maya"]


def test_a_change_of_the_shared_plan_is_a_reason_to_read_again(facts: Facts) -> None:
    before = read(sources({"plans/maya.toml": TEXTS[3], "plans/shared/week.toml": NUDGE}), facts)

    after = read(
        sources({"plans/maya.toml": TEXTS[3], "plans/shared/week.toml": NUDGE * 2}), facts, before=before
    )

    assert len(after.plans["maya"].nudges) == 2
