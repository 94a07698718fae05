"""What `editjudge calibrate` makes of a bundle, by ratings that are simulated from known quality.

    PYTHONPATH=models python -m benchmarks.study.calibration [--inputs 200] [--raters 3]

Edits of held-out scenes are rated by raters who know their quality and err. One half of the inputs calibrates, on the
other half it is measured how far the probability is off: of the bundle, of the same one with its offset made wrong on
purpose, and of one that has no verdict and the raw range of Norm(), as one of other models would have. Intents are the
true ones.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from editjudge import Scorer
from editjudge.bundles.settings import NormRanges
from editjudge.calibration.calibrate import BundleNumbers, FitOptions, calibrate, say
from editjudge.calibration.measures import RatedTruth, assess, lay_out
from editjudge.calibration.rated_edits import MeasuredEdit, RatedEdits, Rating
from editjudge.errors import InstructionError
from editjudge.evaluation.statistics.bootstrap import Resampling
from studio.edits.edit_set import edit_set

SEED = 2029
LIKED = {"well_done": 4.5, "damaged": 2.8, "too_strong": 2.8, "misplaced": 2.3}
"""The rating of a rater who does not err, by quality; of all others it is DISLIKED."""
DISLIKED = 1.3
ERROR = 0.8
"""The standard deviation of a rater's error, in points."""
SHIFT = 3.0
"""By how much the offset of the logit is made wrong."""
GOOD_FROM = 4.0
RAW = NormRanges((0.0, 1.0), (0.0, 1.0))


def rate(rng: np.random.Generator, quality: str, raters: int) -> Rating:
    """What raters say: whole points from 1 to 5."""
    said = np.clip(np.rint(rng.normal(LIKED.get(quality, DISLIKED), ERROR, raters)), 1, 5)
    return Rating(float(said.mean()), float((said >= GOOD_FROM).mean()))


def rate_set(scorer: Scorer, inputs: int, raters: int) -> RatedEdits:
    """The edits with a number of so many inputs, rated."""
    rng = np.random.default_rng(SEED)
    return RatedEdits.of(
        [(one, group, rate(rng, quality, raters)) for group, quality, one in measure_set(scorer, inputs)]
    )


def measure_set(scorer: Scorer, inputs: int) -> Iterator[tuple[str, str, MeasuredEdit]]:
    """The input, the quality and what was measured of each edit that has a number."""
    for index, edit in enumerate(edit_set(SEED, inputs)):
        try:
            prepared = scorer.prepare(edit.original, edit.intent)
        except InstructionError:
            continue
        for quality, ranked in zip(edit.candidates, prepared.scores(edit.candidates.values()), strict=True):
            measured = None if ranked.score is None else MeasuredEdit.of(ranked.score)
            if measured is not None:
                yield f"{index:05d}", quality, measured


def measure(edits: RatedEdits, start: BundleNumbers) -> dict[str, Any]:
    """The errors before and after on the second half of the inputs, with intervals, once the first has calibrated."""
    first = edits.group < (edits.group.max() + 1) // 2
    found = calibrate(edits.take(first), start, FitOptions(good_from=GOOD_FROM))
    rest = edits.take(~first)
    rest = replace(rest, group=rest.group - rest.group.min())
    said = {} if start.verdict is None else {"before": say(rest, start.norm, start.verdict)}
    said["after"] = say(rest, found.norm, found.verdict)
    resampling = Resampling(int(rest.group.max()) + 1, 2000, SEED)
    errors, agreement = assess(said, RatedTruth(rest.rating, rest.target, rest.group), resampling)
    tables = lay_out(said, errors, agreement, len(rest))
    rounded = {
        row: {
            column: [round(value, 4) for value in (cell.value, cell.low, cell.high)]
            for table in tables.values()
            for column, cell in table.row(row).items()
        }
        for row in said
    }
    thresholds = {"accept_at": found.verdict.accept_at, "reject_at": found.verdict.reject_at}
    return {
        "rated": int(first.sum()), "held out": len(rest), "refusal": found.refusal, **thresholds,
        "notes": found.result.notes[2:], "value, low, high": rounded,
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of a bundle with a verdict")
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--raters", type=int, default=3)
    asked = options.parse_args()
    with Scorer.load(asked.bundle) as scorer:
        manifest = scorer.models.bundle.manifest
        edits = rate_set(scorer, asked.inputs, asked.raters)
    if manifest.verdict is None:
        raise SystemExit(f"the bundle {asked.bundle} has no verdict to start from")
    starts = {
        "as it is": BundleNumbers(manifest.norm, manifest.verdict),
        "shifted": BundleNumbers(manifest.norm, replace(manifest.verdict, bias=manifest.verdict.bias + SHIFT)),
        "not calibrated": BundleNumbers(RAW, None),
    }
    print(json.dumps({name: measure(edits, start) for name, start in starts.items()}, indent=2))


if __name__ == "__main__":
    main()
