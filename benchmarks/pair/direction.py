"""Does an embedding know which way an edit went, and is an edit that goes against its instruction called contrary?

python -m benchmarks.pair.direction [--sweep] [--forms NAME=FOLDER ...]

On held-out scenes. With --sweep it is the threshold of `contrary` that is looked for, on scenes of other seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.pair.encoders import Encoders, add_encoder_options, directed, open_encoders, with_interval
from editjudge.models.pair.edit_clip import EditClip
from editjudge.models.pair.encoder import EDIT_CLIP
from editjudge.types import EditIntent, Image
from studio.edits.candidates import TIERS
from studio.edits.edit_set import RenderedEdit, edit_set

SEED, TRAINING_SEED = 2020, 20
EDITS = 1128
DIRECTED = ("add", "remove", "larger", "smaller", "left", "right", "color")
"""What the goal is set for: instructions of which the opposite is another one."""
GOAL = 0.97
TIE = 1e-6
"""Up to which difference two cosines are equal: a picture's features move by as much with its place in a batch."""
MOST_FALSE = 0.01
"""The share of well done edits that may be called contrary."""
GOOD, SWAPPED = "well_done", "swapped"
"""The well done edit, handed in as the original, with the original as the edited picture."""
STEPS = np.arange(0, 1.01, 0.1)

Gaps = Mapping[str, Sequence[float]]
"""By quality of the edited picture, by how much more of the cosine the reversed edit has with the instruction."""


@dataclass(frozen=True)
class DirectedEdit:
    """A well done edit: its kind, and by encoder by how much its cosine is over that of the swapped pair."""

    kind: str
    ahead: Mapping[str, float]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_encoder_options(options)
    options.add_argument("--edits", type=int, default=EDITS, help="rendered edits")
    options.add_argument("--sweep", action="store_true", help="look for the threshold of contrary")
    asked = options.parse_args()
    models, encoders = open_encoders(asked)
    judges = directed(encoders)
    if asked.sweep:
        figures, tables = sweep(measure_gaps(judges, draw(asked.edits, TIERS, held_out=False)))
        show("threshold of contrary", figures, **tables)
        return
    directions = measure_directions(encoders, draw(asked.edits, (GOOD,)))
    figures = summarise_directions(encoders, directions)
    tables = {"direction": tabulate_directions(encoders, directions)}
    if EDIT_CLIP in judges:
        threshold = models.bundle.settings(EDIT_CLIP).contrary
        gaps = measure_gaps({EDIT_CLIP: judges[EDIT_CLIP]}, draw(asked.edits, TIERS))[EDIT_CLIP]
        figures += summarise_contrary(gaps, threshold)
        tables["flagged as contrary"] = tabulate_flagged(gaps, threshold)
    show("direction of edits", figures, **tables)


def draw(count: int, qualities: Collection[str], *, held_out: bool = True) -> Iterator[RenderedEdit]:
    """Rendered edits with candidates of these qualities, with a progress bar."""
    edits = edit_set(SEED if held_out else TRAINING_SEED, count, held_out, qualities=qualities)
    return progress(edits, count, f"{len(qualities)} candidates of edits")


def measure_directions(encoders: Encoders, edits: Iterable[RenderedEdit]) -> list[DirectedEdit]:
    """Of every well done edit, how much better it fits its instruction than the swapped pair."""
    directions = []
    for edit in edits:
        good = edit.candidates[GOOD]
        ahead = {}
        for name, encoder in encoders.items():
            forward, backward = (
                encoder.edits([(edit.original, good), (good, edit.original)]) @ encoder.texts([edit.instruction])[0]
            )
            ahead[name] = float(forward - backward)
        directions.append(DirectedEdit(name_kind(edit.intent), ahead))
    return directions


def measure_gaps(judges: Mapping[str, EditClip], edits: Iterable[RenderedEdit]) -> dict[str, dict[str, list[float]]]:
    """The gaps of all candidates, and of the swapped pair, by encoder and quality."""
    gaps: dict[str, dict[str, list[float]]] = {name: {} for name in judges}
    for edit in edits:
        pictures = {quality: (edit.original, picture) for quality, picture in edit.candidates.items()}
        pictures[SWAPPED] = (edit.candidates[GOOD], edit.original)
        for (name, encoder), (quality, pair) in product(judges.items(), pictures.items()):
            gaps[name].setdefault(quality, []).append(measure_gap(encoder, pair, edit.instruction))
    return gaps


def name_kind(intent: EditIntent) -> str:
    """The edit type, or which way a size or a place was to change."""
    return {"size": intent.size, "move": intent.position}.get(intent.edit_type, intent.edit_type)


def measure_gap(encoder: EditClip, pair: tuple[Image, Image], instruction: str) -> float:
    """By how much more the reversal fits; the metric goes by it where the pixels say that something was edited."""
    forward, backward = encoder.both_ways(*pair) @ encoder.texts([instruction])[0]
    return float(backward - forward)


def summarise_directions(encoders: Encoders, directions: Sequence[DirectedEdit]) -> list[Figure]:
    counted = [one for one in directions if one.kind in DIRECTED]
    figures = []
    for name in encoders:
        right, tied = count_right(counted, name)
        goal = GOAL if name == EDIT_CLIP else None
        what = f"{name}: over the swapped pair, of {len(counted)} with a direction"
        figures.append(Figure(f"{name}_direction", what, right / len(counted), goal))
        figures.append(Figure(f"{name}_tied", f"{name}: the same as the swapped pair", tied / len(counted)))
    return figures


def count_right(directions: Sequence[DirectedEdit], name: str) -> tuple[int, int]:
    """How many edits fit the instruction better than their swapped pair, and how many just as well."""
    ahead = np.array([one.ahead[name] for one in directions])
    return int((ahead > TIE).sum()), int((np.abs(ahead) <= TIE).sum())


def tabulate_directions(encoders: Encoders, directions: Sequence[DirectedEdit]) -> dict[str, dict[str, float]]:
    """By kind: how many, and of each encoder the share that is right, its interval, and the share that is tied."""
    table: dict[str, dict[str, float]] = {}
    others = sorted({one.kind for one in directions} - set(DIRECTED))
    groups = {kind: [one for one in directions if one.kind == kind] for kind in (*DIRECTED, *others)}
    groups["all with a direction"] = [one for one in directions if one.kind in DIRECTED]
    for kind, found in groups.items():
        if not found:
            continue
        table[kind] = {"edits": len(found)}
        for name in encoders:
            right, tied = count_right(found, name)
            table[kind] = with_interval(name, right / len(found), wilson(right, len(found)), table[kind])
            table[kind][f"{name}, tied"] = tied / len(found)
    return table


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    interval = binomtest(right, count).proportion_ci(method="wilson")
    return interval.low, interval.high


def summarise_contrary(gaps: Gaps, threshold: float) -> list[Figure]:
    """Of contrary candidates among the well done ones, and of swapped pairs among all that are not contrary."""
    flagged = {quality: int((np.array(found) > threshold).sum()) for quality, found in gaps.items()}
    counts = {quality: len(found) for quality, found in gaps.items()}
    candidates = sum(flagged.values()) - flagged[SWAPPED]
    return [
        Figure(
            "contrary_false", f"well done ones called contrary, of {counts[GOOD]}",
            flagged[GOOD] / counts[GOOD], MOST_FALSE, at_least=False,
        ),
        Figure(
            "contrary_recall", f"contrary ones called so, of {counts['contrary']}",
            flagged["contrary"] / counts["contrary"],
        ),
        Figure(
            "contrary_precision", "called contrary, beside well done ones: are",
            _divide(flagged["contrary"], flagged["contrary"] + flagged[GOOD]),
        ),
        Figure("contrary_precision_all", "called contrary, of all: are", _divide(flagged["contrary"], candidates)),
        Figure("contrary_swapped", "swapped pairs called contrary", flagged[SWAPPED] / counts[SWAPPED]),
    ]  # fmt: skip


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def tabulate_flagged(gaps: Gaps, threshold: float) -> dict[str, dict[str, float]]:
    """By quality: how many, and the share that is called contrary."""
    return {
        quality: {"count": len(found), **with_interval("flagged", share, wilson(over, len(found)))}
        for quality, found in gaps.items()
        for over in [int((np.array(found) > threshold).sum())]
        for share in [over / len(found)]
    }


def sweep(gaps: Mapping[str, Gaps]) -> tuple[list[Figure], dict[str, dict[str, dict[str, float]]]]:
    """By directed encoder, the threshold to choose, and what others would do."""
    figures, tables = [], {}
    for name, found in gaps.items():
        threshold = choose_threshold(found[GOOD])
        what = f"{name}: gap that {MOST_FALSE:.0%} of well done edits exceed, or 0"
        figures.append(Figure(f"{name}_threshold", what, threshold))
        tables[f"{name} flagged by threshold"] = tabulate_thresholds(found, threshold)
    return figures, tables


def choose_threshold(good: Sequence[float]) -> float:
    """The least threshold from 0 on under which all but MOST_FALSE of the gaps of well done edits stay."""
    ordered: NDArray[np.float64] = np.sort(np.asarray(good, np.float64))[::-1]
    return max(0.0, float(ordered[int(MOST_FALSE * len(ordered))]))


def tabulate_thresholds(gaps: Gaps, chosen: float) -> dict[str, dict[str, float]]:
    """By threshold the share that is called contrary, of each quality."""
    return {
        f"{threshold:.3f}": {quality: float((np.array(found) > threshold).mean()) for quality, found in gaps.items()}
        for threshold in sorted({*STEPS.tolist(), chosen})
    }


if __name__ == "__main__":
    main()
