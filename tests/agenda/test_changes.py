"""What an edit changes in a plan, as the person's log says it."""

import json
from dataclasses import replace
from datetime import time, timedelta

import pytest

from nudger.agenda.forecast import error_in_words, in_keys, in_nudges
from nudger.domain.model import At, Contact, Kind, Nudge, Plan
from nudger.store.state.people import plan_to_json

HOUR = timedelta(hours=1)
REST = Nudge("rest", Kind.REST, At((time(13),)))
WALK = Nudge("walk", Kind.MOVEMENT, At((time(15),)))
PLAN = Plan("maya", "Maya", "Europe/London", nudges=(REST, WALK))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (replace(PLAN, nudges=(REST, WALK, replace(REST, id="nap"))), "nap (new)"),
        (replace(PLAN, nudges=(replace(REST, when=At((time(14),))), WALK)), "rest"),
        (replace(PLAN, nudges=(REST, replace(WALK, message="Walk?"))), "walk"),
        (replace(PLAN, nudges=(WALK,)), "rest (gone)"),
        (replace(PLAN, nudges=(WALK, REST)), "the order of nudges"),
        (replace(PLAN, quiet=None, contacts=(Contact("Sam"),)), "quiet, contacts"),
        (replace(PLAN, nudges=(WALK,), daily_limit=2, gap=HOUR), "rest (gone), daily_limit, gap"),
        (PLAN, "the file alone: nothing in the plan is another"),
    ],
)  # fmt: skip
def test_the_line_names_the_nudges_and_the_keys_that_are_other_ones(new: Plan, words: str) -> None:
    (old_head, old_body), (head, body) = plan_to_json(PLAN), plan_to_json(new)

    nudges = in_nudges(json.loads(old_body), json.loads(body))
    keys = in_keys(json.loads(old_head), json.loads(head))

    assert error_in_words(nudges, keys) == words
