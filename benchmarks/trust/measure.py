"""Can an app act on a score? Beside it stands what the same script measured before pictures were aligned.

python -m benchmarks.trust.measure [--photos FOLDER]

FOLDER is as for `benchmarks.drift.measure`. The scenes are held out: their seeds and photographs are in no training
and no calibration. Intents are the true ones, but for compounds and changes of words, which the parser reads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common.paths import DATA
from benchmarks.common.reporting import Figure, show
from benchmarks.trust import compounds, invariances, known_quality, photographs
from editjudge import Scorer

SEED = 2026


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--inputs", type=int, default=200, help="edits of known quality")
    options.add_argument("--compounds", type=int, default=100)
    options.add_argument("--scenes", type=int, default=40, help="for changes that leave the meaning as it is")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits")
    asked = options.parse_args()
    scorer = Scorer.load(asked.bundle)
    inputs = known_quality.record(scorer, SEED, asked.inputs)
    figures = [*known_quality.summarise(inputs), *known_quality.summarise_verdicts(inputs)]
    figures += compounds.summarise(compounds.record(scorer, asked.compounds))
    kept, by_change = invariances.summarise(invariances.record(scorer, asked.scenes))
    figures += kept
    context: dict[str, Any] = {"meaning_kept": by_change}
    if asked.photos:
        on_photographs, decisions = photographs.summarise(photographs.record(scorer, asked.photos))
        figures += on_photographs
        context["photographs"] = {"decisions": decisions}
    show("can an app act on it?", figures, before_and_after=compare(figures, read_before()), **context)


def read_before() -> dict[str, float]:
    """What this script measured of commit 25af2a2, by the key of the figure; verdicts there were none."""
    record = json.loads((DATA / "trust_before.json").read_text(encoding="utf-8"))
    return {figure["key"]: figure["value"] for figure in record["figures"]}


def compare(figures: Sequence[Figure], before: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """By what was measured, the figure then and now."""
    return {
        figure.what.strip(): {"before": before[figure.key], "after": figure.value}
        for figure in figures
        if figure.key in before
    }


if __name__ == "__main__":
    main()
