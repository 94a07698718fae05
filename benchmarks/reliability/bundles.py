"""Are damaged and hostile bundles refused: how many, within what time and memory? A POSIX system.

PYTHONPATH=tests python -m benchmarks.reliability.bundles

The bundles are those of the tests, each with its fault: it is verified and scored with, as its user would do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from support.bundle_trials import find_problem, try_all
from support.damaged_bundles import DAMAGED
from support.hostile_bundles import HOSTILE

SECONDS = 2
MEMORY = 200
"""MiB by which the process may grow that opens all of a kind."""


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    figures: list[Figure] = []
    for kind, faults in (("damaged", DAMAGED), ("hostile", HOSTILE)):
        with tempfile.TemporaryDirectory() as folder:
            outcomes = try_all(faults, Path(folder))
        problems = {name: problem for name, fault in faults.items() if (problem := find_problem(outcomes[name], fault))}
        print(*(f"{kind}: {name}: {problem}" for name, problem in problems.items()), sep="\n", file=sys.stderr)
        measured = [outcome for outcome in outcomes.values() if isinstance(outcome, list)]
        slowest, grown = max(seconds for *_, seconds in measured), max(size for *_, size, _ in measured)
        refused = len(faults) - len(problems)
        figures += [
            Figure(f"{kind}_refused", f"{kind} bundles refused with status 3, in a sentence", refused, len(faults)),
            Figure(f"{kind}_slowest", "the slowest, verified and scored with", slowest, SECONDS, False, " s"),
            Figure(f"{kind}_grown", "growth of the process that opened them all", grown / 2**20, MEMORY, False, " MiB"),
        ]
    show("damaged and hostile bundles", figures)
    sys.exit(not all(figure.met for figure in figures))


if __name__ == "__main__":
    main()
