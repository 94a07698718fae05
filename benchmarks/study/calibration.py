"""What `editjudge calibrate` makes of a bundle, by ratings that are simulated from known quality.

    PYTHONPATH=models python -m benchmarks.study.calibration [--inputs 200] [--raters 3]

Edits of held-out scenes are rated by raters who know their quality and err. One half of the inputs calibrates, on the
other half it is measured how far the probability is off: of the bundle, of the same one with its Norm() and offset made
wrong on purpose, and of one that has no verdict and the raw range, as one of other models would have. Intents are the
true ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge import Scorer
from editjudge.bundles.settings import NormRanges
from editjudge.calibration.calibrate import BundleNumbers, FitOptions, calibrate, say
from editjudge.calibration.measures import RatedTruth, assess, lay_out
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.calibration.ratings import Rating
from editjudge.evaluation.statistics.bootstrap import Resampling
from studio.calibration.verdict import measure_edits
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
CLIPPED = (0.6, 0.97)
"""A range of modification in which little counts as done."""
GOAL = 0.05
RESAMPLES = 2000


def rate(rng: np.random.Generator, quality: str, raters: int) -> Rating:
    """What raters say: whole points from 1 to 5."""
    said = np.clip(np.rint(rng.normal(LIKED.get(quality, DISLIKED), ERROR, raters)), 1, 5)
    return Rating(float(said.mean()), float((said >= GOOD_FROM).mean()))


def rate_set(scorer: Scorer, inputs: int, raters: int) -> RatedEdits:
    """The edits with a number of so many inputs, rated."""
    rng = np.random.default_rng(SEED)
    edits = progress(edit_set(SEED, inputs), inputs, "edits")
    measured = ((f"{index:05d}", quality, one) for index, quality, one in measure_edits(scorer, edits) if one)
    return RatedEdits.of([(one, group, rate(rng, quality, raters)) for group, quality, one in measured])


def measure(title: str, edits: RatedEdits, start: BundleNumbers) -> Iterator[Figure]:
    """The errors before and after on the second half of the inputs, with intervals, once the first has calibrated."""
    first = edits.group < (edits.group.max() + 1) // 2
    found = calibrate(edits.take(first), start, FitOptions(good_from=GOOD_FROM))
    rest = edits.take(~first)
    rest = replace(rest, group=rest.group - rest.group.min())
    said = {} if start.verdict is None else {"before": say(rest, start.norm, start.verdict)}
    said["after"] = say(rest, found.norm, found.verdict)
    resampling = Resampling(int(rest.group.max()) + 1, RESAMPLES, SEED)
    measured = assess(said, RatedTruth(rest.rating, rest.target, rest.group), resampling)
    tables = lay_out(said, *measured, len(rest))
    yield Figure(f"{title}_edits", f"{title}: edits that calibrate", int(first.sum()))
    yield Figure(f"{title}_refused", f"{title}: refused", int(found.refusal is not None))
    for table in tables.values():
        for row in said:
            for column, cell in table.row(row).items():
                is_goal = (row, column) == ("after", "calibration error")
                what = f"{title}, {row}: {column}, {cell.low:.3f} to {cell.high:.3f}"
                yield Figure(f"{title}_{row}_{column}", what, cell.value, GOAL if is_goal else None, at_least=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of a bundle with a verdict")
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--raters", type=int, default=3)
    asked = options.parse_args()
    with Scorer.load(asked.bundle) as scorer:
        manifest = scorer.models.bundle.manifest
        if manifest.verdict is None:
            raise SystemExit(f"the bundle {asked.bundle} has no verdict to start from")
        edits = rate_set(scorer, asked.inputs, asked.raters)
    clipped = replace(manifest.norm, modify=CLIPPED)
    starts = {
        "as it is": BundleNumbers(manifest.norm, manifest.verdict),
        "made wrong": BundleNumbers(clipped, replace(manifest.verdict, bias=manifest.verdict.bias + SHIFT)),
        "none yet": BundleNumbers(RAW, None),
    }
    show(
        f"calibration by {asked.inputs // 2} inputs",
        [figure for name, start in starts.items() for figure in measure(name, edits, start)],
    )


if __name__ == "__main__":
    main()
