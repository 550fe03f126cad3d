"""One benchmark run, and its result as a file: figures, curves, profiles, and the machine."""

import importlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.measure import Compared, Curve, Profile, Target, quietly

FOLDER = Path(__file__).parent / "results"
BENCHES = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found."""

    bench: str
    title: str
    how: str
    machine: Mapping[str, str]
    compared: Sequence[Compared]
    curves: Sequence[Curve]
    profiles: Sequence[Profile]


def names() -> list[str]:
    """Every benchmark that there is."""
    return sorted(file.stem.removeprefix("bench_") for file in BENCHES.glob("bench_*.py"))


def run(bench: str, *, quick: bool) -> Result:
    """In a process of its own: what one leaves in memory is not the next one's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, bench, quick).result()


def save(result: Result) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(asdict(result), ensure_ascii=False, indent=1)
    (FOLDER / f"{result.bench}.json").write_text(text + "\n", encoding="utf-8")


def saved() -> list[Result]:
    """Of each benchmark the last result."""
    return [_read(FOLDER / f"{bench}.json") for bench in names() if (FOLDER / f"{bench}.json").exists()]


def _run(bench: str, quick: bool) -> Result:
    quietly()
    found = machine.describe()
    module = importlib.import_module(f"benchmarks.bench_{bench}")
    title, _, how = (module.__doc__ or bench).partition("\n")
    return Result(
        bench,
        title.strip(),
        how.strip(),
        found,
        module.run(quick),
        module.curves(quick) if hasattr(module, "curves") else [],
        module.profiles(quick) if hasattr(module, "profiles") else [],
    )


def _read(file: Path) -> Result:
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for row in data["compared"]:
        row["target"] = row["target"] and Target(**row["target"])
    data["compared"] = [Compared(**row) for row in data["compared"]]
    data["curves"] = [Curve(**one) for one in data["curves"]]
    data["profiles"] = [Profile(**one) for one in data["profiles"]]
    return Result(**data)
