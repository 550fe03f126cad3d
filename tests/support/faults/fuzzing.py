"""Fuzzing by coverage: `python -m tests.support.faults.fuzzing TARGET FOLDER SECONDS`, with atheris.

Ends with 0 where nothing was found in that time, and prints how many inputs there were. What was found
stands in FOLDER as `crash-…`, whose bytes `tests.support.faults.targets.TARGETS[TARGET]` fails on.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["nudger"]):
    from tests.support.faults.targets import TARGETS, seeds


def main(name: str, folder: Path, seconds: str) -> None:
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / str(number)).write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-print_final_stats=1", "-timeout=10", "-verbosity=0"]
    atheris.Setup(
        ["fuzzing", str(corpus), f"-artifact_prefix={folder}/", "-max_len=4096", *options], TARGETS[name]
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
