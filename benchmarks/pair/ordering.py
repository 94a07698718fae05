"""Does the embedding of an edit order edits of known quality, beside CLIP's metrics and BPM; and does it help BPM?

python -m benchmarks.pair.ordering [--keep FOLDER] [--forms NAME=FOLDER ...]

On held-out scenes; how an encoder is added to BPM is chosen on scenes of other seeds. With --keep, what BPM and CLIP
say is kept in FOLDER, to go on from, or to compare other encoders by.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.common.reporting import Figure, show
from benchmarks.pair.encoders import add_encoder_options, open_encoders, with_interval
from benchmarks.pair.judged import CLIP_METRICS, Candidates, JudgedCandidate, judge_set
from editjudge import Scorer
from editjudge.bundles.settings import NormRanges
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic
from editjudge.metrics.bpm.aggregate import semantic_score
from editjudge.metrics.bpm.rescoring import add_up, read_part
from editjudge.metrics.bpm.rules import Rules
from editjudge.models.pair.encoder import EDIT_CLIP
from studio.edits.candidates import TIERS

SEED, TRAINING_SEED = 2020, 20
INPUTS = 400
RESAMPLES = 2000
BPM, RANKED = "bpm", "bpm, ranked"
WEIGHTS = (0.1, 0.25, 0.5, 1.0)

Rank = Callable[[JudgedCandidate], float | None]
"""What candidates are put in order by, the best highest; None: it was not measured."""


@dataclass(frozen=True)
class Addition:
    """A way of adding an encoder to S_modify.

    Attributes:
        encoder: Its name.
        weight: Of the cosine.
        ends: The cosines that are 0 and 1; None: it is added as it is, else the mean of both is taken by the weight.
    """

    encoder: str
    weight: float
    ends: tuple[float, float] | None

    @property
    def title(self) -> str:
        return f"{'modify plus' if self.ends is None else 'mean of modify and'} {self.weight:g} {self.encoder}"

    def apply(self, modify: float, cosine: float) -> float:
        """S_modify, 0 to 1."""
        if self.ends is None:
            return min(1.0, max(0.0, modify + self.weight * cosine))
        low, high = self.ends
        scaled = min(1.0, max(0.0, (cosine - low) / (high - low)))
        return (modify + self.weight * scaled) / (1 + self.weight)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_encoder_options(options)
    options.add_argument("--inputs", type=int, default=INPUTS, help="rendered edits of either set")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="where what BPM and CLIP say is kept")
    asked = options.parse_args()
    models, encoders = open_encoders(asked)
    scorer, names = Scorer(models), tuple(encoders)
    training, held_out = (
        judge_set(scorer, encoders, seed, asked.inputs, held_out=is_held_out, kept=asked.keep)
        for seed, is_held_out in ((TRAINING_SEED, False), (SEED, True))
    )
    metrics = (*names, *CLIP_METRICS, BPM)
    orders = {**{name: measure_order(held_out, by_value(name)) for name in metrics}, RANKED: rank_bpm(held_out)}
    figures = summarise_orders(orders, names)
    tables = {"order of known quality": tabulate(orders), "by pair": tabulate_pairs(held_out, metrics)}
    ranges = models.bundle.manifest.norm
    for name in names:
        added, chosen = try_additions(name, training, held_out, ranges)
        figures += chosen
        tables[f"bpm with {name}"] = added
    show("order of known quality by embeddings", figures, inputs=len(held_out), **tables)


def by_value(name: str) -> Rank:
    return lambda candidate: candidate.values[name]


def measure_order(inputs: Sequence[Candidates], rank: Rank) -> Statistic:
    """The share of pairs of different tiers that numbers put in the right order; inputs are what is drawn again."""

    def is_right(better: JudgedCandidate, worse: JudgedCandidate) -> bool:
        one, other = rank(better), rank(worse)
        return one is not None and other is not None and one > other

    return _share(inputs, is_right)


def rank_bpm(inputs: Sequence[Candidates], rank: Rank | None = None) -> Statistic:
    """The same by a ranking, in which what the pictures show decides where numbers do not; by BPM, or another score."""
    rank = rank or by_value(BPM)
    return _share(inputs, lambda better, worse: better.place(rank(better)) < worse.place(rank(worse)))


def _share(inputs: Sequence[Candidates], is_right: Callable[[JudgedCandidate, JudgedCandidate], bool]) -> Statistic:
    outcomes = [[is_right(row[better], row[worse]) for better, worse in list_pairs(row)] for row in inputs]
    right, counts = (np.array([function(found) for found in outcomes], np.float64) for function in (sum, len))
    return Resampling(len(inputs), RESAMPLES, SEED).shares(right, counts)


def list_pairs(qualities: Mapping[str, object]) -> list[tuple[str, str]]:
    """(better, worse) for every two qualities of different tiers."""
    return [(one, other) for one in qualities for other in qualities if TIERS[one] > TIERS[other]]


def summarise_orders(orders: Mapping[str, Statistic], encoders: Sequence[str]) -> list[Figure]:
    """The order of each; and by how much each encoder is ahead of the best of CLIP's metrics, at the least."""
    figures = [
        Figure(f"order_{name}".replace(", ", "_"), f"{name}: pairs ordered right", float(order.value))
        for name, order in orders.items()
    ]
    best = max(CLIP_METRICS, key=lambda name: float(orders[name].value))
    for name in encoders:
        lead = orders[name] - orders[best]
        low, high = (float(end) for end in lead.interval())
        goal = 0.0 if name == EDIT_CLIP else None
        figures.append(Figure(f"lead_{name}", f"{name} over {best}, the best of CLIP's: mean", float(lead.value)))
        figures.append(Figure(f"lead_least_{name}", f"  at the least, of {low:.3f} to {high:.3f}", low, goal))
    return figures


def tabulate(orders: Mapping[str, Statistic]) -> dict[str, dict[str, float]]:
    return {
        name: with_interval("ordered right", float(order.value), order.interval()) for name, order in orders.items()
    }


def tabulate_pairs(inputs: Sequence[Candidates], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """By pair of qualities, the share that each metric puts in the right order."""
    table = {}
    for better, worse in list_pairs(TIERS):
        rows = [row for row in inputs if better in row and worse in row]
        two = [{better: row[better], worse: row[worse]} for row in rows]
        if two:
            table[f"{better} > {worse}"] = {name: float(measure_order(two, by_value(name)).value) for name in names}
    return table


def try_additions(
    name: str, training: Sequence[Candidates], held_out: Sequence[Candidates], ranges: NormRanges
) -> tuple[dict[str, dict[str, float]], list[Figure]]:
    """What each way of adding an encoder to BPM does to its ranking; and by how much the best in training is ahead."""
    cosines = [value for row in training for one in row.values() if (value := one.values[name]) is not None]
    ends = min(cosines), max(cosines)
    without = rank_bpm(held_out)
    table = {"without": _set_out(rank_bpm(training), without)}
    for addition in [Addition(name, weight, scale) for scale in (None, ends) for weight in WEIGHTS]:
        rank = with_addition(addition, ranges)
        held = rank_bpm(held_out, rank)
        ahead = held - without
        row = _set_out(rank_bpm(training, rank), held)
        table[addition.title] = with_interval("ahead", float(ahead.value), ahead.interval(), row)
    best = max(list(table)[1:], key=lambda title: table[title]["training"])
    row = table[best]
    least = f"  at the least, of {row['ahead, from']:.3f} to {row['ahead, to']:.3f}"
    return table, [
        Figure(f"added_{name}", f"bpm with {best}, the best in training: ahead", row["ahead"]),
        Figure(f"added_least_{name}", least, row["ahead, from"]),
        Figure(
            f"silent_{name}",
            "  held-out candidates of which it says nothing: BPM as it is",
            count_silent(name, held_out),
        ),
    ]


def count_silent(name: str, inputs: Sequence[Candidates]) -> int:
    """The candidates of which an encoder says nothing."""
    return sum(candidate.values[name] is None for row in inputs for candidate in row.values())


def _set_out(training: Statistic, held_out: Statistic) -> dict[str, float]:
    columns = {"training": float(training.value)}
    return with_interval("held out", float(held_out.value), held_out.interval(), columns)


def with_addition(addition: Addition, ranges: NormRanges) -> Rank:
    """BPM with an encoder added to S_modify; BPM as it is where either of these was not measured."""
    combine = Rules().for_ranges(ranges).combine

    def rank(candidate: JudgedCandidate) -> float | None:
        part, cosine = read_part(candidate.part), candidate.values[addition.encoder]
        semantic = part.semantic
        if semantic.score is None or semantic.modify is None or cosine is None:
            return candidate.values[BPM]
        modify = addition.apply(semantic.modify, cosine)
        score = semantic_score(modify, semantic.preserve)
        return add_up([replace(part, semantic=replace(semantic, score=score, modify=modify))], combine)

    return rank


if __name__ == "__main__":
    main()
