"""Does an embedding find the instruction of an edit among 1,128, and the edit of an instruction?

python -m benchmarks.pair.retrieval [--forms NAME=FOLDER ...]

Well done edits of held-out scenes. The ceiling is what who knows every intent exactly, but not how it was worded, would
reach: edits with one intent are equal to him, and ranked in the middle. Who is in the middle is never first, so that an
encoder may find more at once than he does; the last row has what he finds who draws lots among equals.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.pair.encoders import Encoders, add_encoder_options, open_encoders
from editjudge.evaluation.experiments.retrieval import label_instructions
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic
from editjudge.evaluation.statistics.retrieval import DEPTHS, central_ranks, rank_right, recall
from editjudge.models.clip import Embeddings
from editjudge.models.pair.encoder import EDIT_CLIP
from editjudge.types import Doubles, EditIntent
from studio.edits.edit import EDIT_KINDS
from studio.edits.edit_set import RenderedEdit, edit_set

SEED = 2020
EDITS = 1128
"""As many as the poster has (spec/vifi_clip.md)."""
RESAMPLES = 2000
GOOD = "well_done"
CEILING, LOTS = "ceiling", "ceiling, by lot"
GOALS = {"median rank": 3.0, "R@1": 0.40, "R@10": 0.80}
COLUMNS = ("mean rank", "median rank", *(f"R@{depth}" for depth in DEPTHS))

Vectors = tuple[Embeddings, Embeddings]
"""float32[N, D] of N edits, and of their instructions, of length 1."""


@dataclass(frozen=True, eq=False)
class AskedEdits:
    """N edits by what was asked for, and how each encoder embeds them, by its name."""

    instructions: Sequence[str]
    intents: Sequence[EditIntent]
    vectors: Mapping[str, Vectors]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_encoder_options(options)
    options.add_argument("--edits", type=int, default=EDITS, help="rendered edits")
    asked = options.parse_args()
    _, encoders = open_encoders(asked)
    rendered = edit_set(SEED, asked.edits, qualities=(GOOD,))
    edits = embed_set(encoders, progress(rendered, asked.edits, "embedding"))
    labels, _ = label_instructions(edits.instructions)
    ranks = rank_both_ways(edits, labels)
    figures, tables = [], {}
    for way, found in ranks.items():
        statistics = {name: sum_up(of_name, labels) for name, of_name in found.items()}
        figures += summarise(way, statistics)
        tables[way] = {**tabulate(statistics), LOTS: draw_lots(edits, labels)}
    repeated = int((np.bincount(labels)[labels] > 1).sum())
    figures.append(Figure("repeated", "edits whose instruction another one has too", repeated))
    kinds = [intent.edit_type for intent in edits.intents]
    tables |= {f"{way}, R@1 by edit type": tabulate_types(found, kinds) for way, found in ranks.items()}
    show("retrieval of edits", figures, edits=len(kinds), **tables)


def embed_set(encoders: Encoders, edits: Iterable[RenderedEdit]) -> AskedEdits:
    """Well done edits and their instructions, by every encoder, and by who knows their intents."""
    instructions, intents = [], []
    rows: dict[str, list[Embeddings]] = {name: [] for name in encoders}
    for edit in edits:
        for name, encoder in encoders.items():
            rows[name].append(encoder.edits([(edit.original, edit.candidates[GOOD])])[0])
        instructions.append(edit.instruction)
        intents.append(edit.intent)
    vectors = {name: (np.stack(rows[name]), encoder.texts(instructions)) for name, encoder in encoders.items()}
    known = know_intents(intents)
    return AskedEdits(instructions, intents, {**vectors, CEILING: (known, known)})


def know_intents(intents: Sequence[EditIntent]) -> Embeddings:
    """float32[N, D]: the same for the same intent, with a cosine of 0 to every other."""
    numbers = {intent: number for number, intent in enumerate(dict.fromkeys(intents))}
    return np.eye(len(numbers), dtype=np.float32)[[numbers[intent] for intent in intents]]


def rank_both_ways(edits: AskedEdits, labels: Indices) -> dict[str, dict[str, Doubles]]:
    """The ranks float64[N] of what is right, by way and encoder."""
    return {
        "text to edit": {name: rank_right(texts, made, labels) for name, (made, texts) in edits.vectors.items()},
        "edit to text": {name: rank_right(made, texts, labels) for name, (made, texts) in edits.vectors.items()},
    }


def sum_up(ranks: Doubles, labels: Indices) -> Statistic:
    """[COLUMNS] of ranks float64[N]; what is drawn again are the instructions int[N] with all their edits."""
    resampling = Resampling(int(labels.max()) + 1, RESAMPLES, SEED)
    parts = central_ranks(ranks, labels, resampling), recall(ranks, labels, resampling)
    return Statistic(*(np.concatenate([getattr(part, name) for part in parts], -1) for name in ("value", "draws")))


def summarise(way: str, statistics: Mapping[str, Statistic]) -> list[Figure]:
    """What the goals are set for, of every encoder; the goals are those of the directed one."""
    figures = []
    for name, statistic in statistics.items():
        values = dict(zip(COLUMNS, statistic.value.tolist(), strict=True))
        for column, goal in GOALS.items():
            key = f"{name}_{way}_{column}".replace(" ", "_").replace("@", "").lower()
            at_least, wanted = column != "median rank", goal if name == EDIT_CLIP else None
            figures.append(Figure(key, f"{way}: {column}, {name}", values[column], wanted, at_least))
    return figures


def tabulate(statistics: Mapping[str, Statistic]) -> dict[str, dict[str, float]]:
    """By encoder the figures, and in rows of their own the ends of their 95 % intervals."""
    table = {}
    for name, statistic in statistics.items():
        low, high = statistic.interval()
        for row, values in ((name, statistic.value), (f"{name}, from", low), (f"{name}, to", high)):
            table[row] = dict(zip(COLUMNS, values.tolist(), strict=True))
    return table


def draw_lots(edits: AskedEdits, labels: Indices) -> dict[str, float]:
    """What is to be expected of who puts what has the same intent in a random order; the same both ways."""
    made, _ = edits.vectors[CEILING]
    alike = made @ made.T > 0.5
    same = labels[:, None] == labels
    right, equal = (alike & same).sum(axis=1), alike.sum(axis=1)
    found = {f"R@{depth}": hypergeom.sf(0, equal, right, np.minimum(depth, equal)).mean() for depth in DEPTHS}
    mean = float((1 + (equal - right) / (right + 1)).mean())
    return {"mean rank": mean, **{column: float(value) for column, value in found.items()}}


def tabulate_types(ranks: Mapping[str, Doubles], kinds: Sequence[str]) -> dict[str, dict[str, float]]:
    """By edit type the share that is found first, among all edits."""
    types = np.array(kinds)
    return {
        kind: {name: float((found[types == kind] <= 1).mean()) for name, found in ranks.items()}
        for kind in EDIT_KINDS
        if kind in types
    }


if __name__ == "__main__":
    main()
