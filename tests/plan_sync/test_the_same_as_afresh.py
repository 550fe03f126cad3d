"""After any edits, what runs and what is told is the same as if the whole folder had been read afresh."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.worlds.folder import World

NUDGE = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'
WARNED = '[[nudge]]\nkind = "rest"\nat = ["13:00", "13:10"]\n'
TEXTS = [
    f'timezone = "UTC"\nphone = "+447700900123"\n{NUDGE}',
    f'timezone = "UTC"\nphone = "+447700900124"\n{WARNED}',
    f'timezone = "Europe/London"\nphone = "+447700900125"\nextends = "week"\n{NUDGE}',
    'timezone = "UTC"\nphone = "+447700900126"\nextends = "week"\n',
    'timezone = "UTC"\nphone = "+447700900123"\nextends = "other"\n',
    'timezone = "Mars"\nphone = "+447700900123"\n',
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
    "maya.toml": st.sampled_from(TEXTS),
    "jo.toml": st.sampled_from(TEXTS),
    "ann.toml": st.sampled_from(TEXTS),
    "shared/week.toml": st.sampled_from(SHARED),
    "shared/other.toml": st.sampled_from(SHARED),
    "people.csv": st.lists(st.sampled_from(ROWS), max_size=4).map(
        lambda rows: "\n".join(["id,timezone,phone,extends", *rows])
    ),
}
FOLDERS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries({}, optional=FILES)


# A plan that is faulty only for what it extends, and then shares a number with another such one.
TOLD_ELSEWHERE = [
    ({"ann.toml": TEXTS[0], "jo.toml": TEXTS[2], "shared/week.toml": "broken"}, "told"),
    ({"ann.toml": TEXTS[2], "jo.toml": TEXTS[2], "shared/week.toml": "broken"}, "told"),
]


@pytest.mark.slow
@example(steps=TOLD_ELSEWHERE)
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(FOLDERS, st.sampled_from(["told", "looked", "restarted"])), max_size=5))
def test_an_edit_comes_to_the_same_as_reading_everything_afresh(
    steps: list[tuple[dict[str, str], str]], new_world: Callable[[], World]
) -> None:
    world = new_world()

    for folder, how in steps:
        paths = world.put(folder)
        if how == "restarted":
            world.loading = world.new_loading()
        world.load(paths if how == "told" else None)
        world.store.plans.accept_removal(world.now)  # of a folder this small most is often gone by one look

        problems = world.expect()
        assert world.runs == world.running
        assert world.problems == problems


@pytest.mark.parametrize("text", TEXTS[:4])
def test_what_has_not_changed_is_not_read_again(text: str, world: World) -> None:
    world.put({"maya.toml": text, "jo.toml": TEXTS[1].replace("124", "199"), "shared/week.toml": NUDGE})
    world.load()

    loaded = world.load()

    assert loaded.files == 0
