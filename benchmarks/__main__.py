"""`make bench`: runs the benchmarks one after the other, prints the table, and writes docs/performance.md."""

import argparse

from benchmarks import page, results
from benchmarks.measure import Compared, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="NAMES", help=f"of {', '.join(results.names())}; with commas")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing is kept")
    parser.add_argument("--page", action="store_true", help="write the page from what was kept; run nothing")
    asked = parser.parse_args()
    chosen = asked.only.split(",") if asked.only else results.names()
    if unknown := set(chosen) - set(results.names()):
        parser.error(f"no benchmark called {', '.join(sorted(unknown))}")
    rows: list[Compared] = []
    for bench in chosen if not asked.page else []:
        result = results.run(bench, quick=asked.quick)
        print(f"\n== {bench}: {result.title}")
        table(result.compared)
        rows += result.compared
        if not asked.quick:
            results.save(result)
    if len(chosen) > 1 and rows:
        print("\n== all")
        table(rows)
    if not asked.quick:
        page.write(results.saved())


if __name__ == "__main__":
    main()
