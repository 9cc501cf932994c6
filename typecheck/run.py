"""Runs every type checker on the cases, and prints what each caught, missed and made up.

`python -m typecheck.run` from the root of the repository; with `--write` the tables go into the
documentation. What is expected stands in the cases, see `typecheck/markers.py`.
"""

from __future__ import annotations

import argparse
import sys

from typecheck.markers import CHECKERS
from typecheck.table import PAGE, page_with, tables
from typecheck.verdicts import RUNS, verdicts


def main() -> int:
    """Run, print and, if asked, write; 1 if anything is not as the markers say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "checkers", nargs="*", metavar="CHECKER",
        help=f"only these, on the current lane: {', '.join(CHECKERS)}",
    )  # fmt: skip
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.name}")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at once")
    options = parser.parse_args()
    if unknown := set(options.checkers) - set(CHECKERS):
        parser.error(f"no such checker: {', '.join(sorted(unknown))}")
    found = verdicts([(each, "current") for each in options.checkers] or RUNS, options.jobs)
    print(*found, sep="\n")
    surprises = [line for verdict in found for line in verdict.surprises()]
    print(*surprises, sep="\n")
    if not options.checkers:
        print(tables(found))
        if options.write:
            PAGE.write_text(page_with(tables(found)))
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
