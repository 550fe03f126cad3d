"""`nudger interpret --score`: what is counted, the intervals, and what is said of a faulty table."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nudger.replies import CrisisKind, Intent, Understood
from nudger.replies.scoring import Case, Score, Share, TableError, read_table

HEADER = "text\tintent\tkind\tuntil\tnow\ttimezone\tcountry\tgroup"
TEN = datetime(2026, 11, 23, 15, tzinfo=UTC)
FOUR = datetime(2026, 11, 23, 21, tzinfo=UTC)
CRISIS = Understood(Intent.CRISIS, crisis=True, danger=CrisisKind.SELF)
CONCERN = Understood(Intent.CONCERN, concern=True, danger=CrisisKind.SELF)


def zone(name):
    return ZoneInfo(name) if "/" in name else None


def case(intents, **more):
    return Case(
        "a text", frozenset(map(Intent, intents.split("|"))), TEN, ZoneInfo("America/New_York"), **more
    )


def counted(case, found):
    score = Score()
    score.add(case, found)
    return {measure: (one["hits"], one["of"]) for measure, one in score.table()["all"].items()}


@pytest.mark.parametrize(
    ("intents", "found", "expected"),
    [
        ("crisis", CRISIS, (1, 1)),
        ("crisis", CONCERN, (1, 1)),
        ("concern", CRISIS, (1, 1)),
        ("crisis|concern", Understood(Intent.SAID), (0, 1)),
        ("stop|crisis", Understood(Intent.STOP, crisis=True), (1, 1)),
        ("stop|crisis", Understood(Intent.STOP), (0, 1)),
        ("crisis|said", CRISIS, None),  # honest people differ: neither is a fault
        ("stop|concern", Understood(Intent.STOP), None),
        ("said", CRISIS, None),
    ],
)
def test_danger_is_found_by_either_tier(intents, found, expected):
    assert counted(case(intents), found).get("crisis or concern found") == expected


@pytest.mark.parametrize(
    ("found", "obeyed"),
    [(Understood(Intent.DONE), 1), (Understood(Intent.SAID), 0), (Understood(Intent.STOP), 0), (CONCERN, 0)],
)
def test_a_command_in_danger_is_counted_as_obeyed(found, obeyed):
    assert counted(case("crisis"), found)["obeyed as a command though in danger"] == (obeyed, 1)


def test_the_kind_counts_where_danger_was_found():
    found = Understood(Intent.CRISIS, crisis=True, danger=CrisisKind.OTHER)

    assert counted(case("crisis", kind=CrisisKind.OTHER), found)["kind right, of those found"] == (1, 1)
    assert counted(case("crisis", kind=CrisisKind.SELF), found)["kind right, of those found"] == (0, 1)
    assert "kind right, of those found" not in counted(
        case("crisis", kind=CrisisKind.SELF), CRISIS.__class__(Intent.SAID)
    )


def test_look_alikes_are_counted_apart_from_other_texts():
    assert counted(case("said", group="lookalike"), CRISIS)["look-alikes held"] == (1, 1)
    assert counted(case("done", group="report"), CONCERN)["other texts without danger concerned"] == (1, 1)


@pytest.mark.parametrize(
    ("intents", "found", "measure", "expected"),
    [
        ("stop", Intent.SAID, "opt-outs missed", (1, 1)),
        ("stop", Intent.STOP, "opt-outs missed", (0, 1)),
        ("stop|said", Intent.SAID, "opt-outs missed", None),
        ("said", Intent.STOP, "false opt-outs", (1, 1)),
        ("stop|said", Intent.STOP, "false opt-outs", None),
    ],
)
def test_opt_outs_are_counted_both_ways(intents, found, measure, expected):
    assert counted(case(intents), Understood(found)).get(measure) == expected


@pytest.mark.parametrize(
    ("until", "found", "right"),
    [
        ("2026-11-23 16:00", Understood(Intent.SNOOZE, until=FOUR), 1),
        ("2026-11-23 16:00", Understood(Intent.SNOOZE, until=TEN, asked=FOUR, moved=True), 1),
        ("2026-11-23 17:00", Understood(Intent.SNOOZE, until=FOUR), 0),
        ("open", Understood(Intent.PAUSE), 1),
        ("open", Understood(Intent.PAUSE, until=FOUR), 0),
        ("2026-11-23 16:00", Understood(Intent.SAID), 0),
    ],
)
def test_a_time_is_right_as_asked_for_or_as_moved_out_of_quiet_hours(until, found, right):
    assert counted(case("snooze|pause", until=until), found)["time right"] == (right, 1)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (5, 10, 0.237, 0.763), (92, 100, 0.850, 0.959)],
)
def test_intervals_are_wilsons(hits, of, low, high):
    assert Share(hits, of).interval == pytest.approx((low, high), abs=0.001)


def test_lines_name_groups_and_figures_and_no_text():
    score = Score()
    score.add(case("crisis", group="self"), CRISIS)

    lines = list(score.lines())

    assert lines[0] == "self: 1 texts"
    assert any("crisis or concern found" in line and "1 of     1" in line for line in lines)
    assert not any("a text" in line for line in lines)


def test_a_table_has_defaults_by_language_and_cells_may_be_left_out():
    [one] = read_table(f"{HEADER}\nplus tard\tsnooze", "fr", zone)

    assert (one.text, one.intents, one.now) == (
        "plus tard",
        {Intent.SNOOZE},
        datetime(2026, 11, 23, 9, tzinfo=UTC),
    )


def test_a_table_says_of_each_text_where_and_when():
    row = "at 4\tsnooze|pause\t\t2026-11-23 16:00\t2026-11-23 11:00\tAsia/Tokyo\tJP\ttime"

    [one] = read_table(f"{HEADER}\n{row}", "en", zone)

    assert (one.now, one.until, one.country, one.group) == (
        datetime(2026, 11, 23, 2, tzinfo=UTC), "2026-11-23 16:00", "JP", "time",
    )  # fmt: skip


def test_unknown_and_missing_columns_are_named_with_what_is_known():
    with pytest.raises(TableError) as caught:
        read_table("text\tlabel\nx\ty", "en", zone)

    assert "line 1: unknown column 'label'; known are text, intent, kind" in str(caught.value)
    assert "line 1: the column 'intent' is missing" in str(caught.value)


def test_every_faulty_row_is_named_with_its_line_and_what_was_expected():
    rows = ["x\tmaybe", "x\tsaid\tnobody", "x\tsaid\t\tfour", "x\tsaid\t\t\t\tMars"]

    with pytest.raises(TableError) as caught:
        read_table("\n".join([HEADER, *rows]), "en", zone)

    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["line 2", "line 3", "line 4", "line 5"]
    assert "expected one of taken, danger, other, self, got 'nobody'" in lines[1]
