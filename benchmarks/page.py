"""docs/performance.md, written from the results and from nothing else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import HERE, Compared, Curve, Profile, number
from benchmarks.plot import svg
from benchmarks.results import Result, names

PAGE = HERE / "docs" / "performance.md"
IMAGES = HERE / "docs" / "images"
HEAD = """# Performance

This page is written by `make bench`; edit nothing here. Every figure stands beside what it is compared
with, measured in the same run in alternating rounds: a ratio says more than a number of some machine.
Figures are medians; *spread* is how far our own rounds lie apart, where there are several. One benchmark
alone: `make bench ARGS=--only=plans`; small and fast, to see that they run: `ARGS=--quick`.
"""


def write(results: Sequence[Result]) -> None:
    """The page, and a picture for each curve."""
    for result in results:
        for index, curve in enumerate(result.curves):
            _picture(result, index).write_text(svg(curve), encoding="utf-8")
    PAGE.write_text("\n".join(_lines(results)), encoding="utf-8")


def _lines(results: Sequence[Result]) -> Iterator[str]:
    yield HEAD
    yield "## In one table\n"
    yield from _table([row for result in results for row in result.compared if row.target is not None])
    yield from _short([row for result in results for row in result.compared if row.met is False])
    if missing := sorted(set(names()) - {result.bench for result in results}):
        yield f"Not measured here yet: {', '.join(missing)}.\n"
    for result in results:
        yield from _section(result)
    yield "## The machine\n"
    yield from _machines(results)


def _table(rows: Sequence[Compared]) -> Iterator[str]:
    yield "| measure | nudger | against | what | ratio | spread | target | |"
    yield "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |"
    for row in rows:
        theirs = "" if row.theirs is None else f"{number(row.theirs)} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {None: "", True: "met", False: "**not met**"}[row.met]
        yield (
            f"| {row.what} | {number(row.ours)} {row.unit} | {theirs} | {row.against} | {ratio} "
            f"| {f'{row.spread:.0%}' if row.spread else ''} | {row.target or ''} | {met} |"
        )
    yield ""


def _short(rows: Sequence[Compared]) -> Iterator[str]:
    if rows:
        yield "Short of its target: " + "; ".join(row.what for row in rows) + ".\n"


def _section(result: Result) -> Iterator[str]:
    yield f"## {result.title.rstrip('.')}\n"
    if result.how:
        yield result.how + "\n"
    yield from _table(result.compared)
    for row in result.compared:
        if row.note:
            yield f"- {row.what}: {row.note}"
    yield ""
    for index, curve in enumerate(result.curves):
        yield from _plotted(result, index, curve)
    for profile in result.profiles:
        yield from _profiled(profile)


def _plotted(result: Result, index: int, curve: Curve) -> Iterator[str]:
    yield f"![{curve.title}](images/{_picture(result, index).name})\n"
    sizes = sorted({size for line in curve.lines.values() for size, _ in line})
    yield f"| {curve.title}, {curve.unit} | " + " | ".join(f"{size:,.0f}" for size in sizes) + " |"
    yield "| --- |" + " ---: |" * len(sizes)
    for label, line in curve.lines.items():
        costs = {size: number(cost) for size, cost in line}
        yield f"| {label} | " + " | ".join(costs.get(size, "") for size in sizes) + " |"
    yield ""


def _profiled(profile: Profile) -> Iterator[str]:
    yield f"Where it goes: {profile.what}\n"
    yield "| part | share |"
    yield "| --- | ---: |"
    for where, share in profile.shares:
        yield f"| `{where}` | {share:.0%} |"
    yield ""


def _machines(results: Sequence[Result]) -> Iterator[str]:
    """What holds for all of them, and apart from it when each was run, under which load."""
    if not results:
        return
    for name, said in results[0].machine.items():
        others = sorted({result.machine.get(name, "") for result in results})
        if name not in ("date", "load before"):
            yield f"- {name}: {', '.join(others) if len(others) > 1 else said}"
    yield "\n| benchmark | run at | load before |\n| --- | --- | ---: |"
    for result in results:
        yield f"| {result.bench} | {result.machine['date']} | {result.machine['load before']} |"
    yield ""


def _picture(result: Result, index: int) -> Path:
    return IMAGES / f"performance-{result.bench.replace('_', '-')}-{index + 1}.svg"
