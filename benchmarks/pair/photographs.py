"""What do embeddings of edits say of photographs, which the studio bundle was not made for?

python -m benchmarks.pair.photographs FOLDER [--forms NAME=FOLDER ...]

FOLDER is as for `benchmarks.drift.measure`, with instruction, set, and a quality of good, damaged, wrong or noop. The
figures are those of the encoders themselves; the metric edit_clip says nothing where the bundle knows no such pictures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.reporting import Figure, progress, share, show
from benchmarks.pair.direction import TIE, wilson
from benchmarks.pair.encoders import Encoders, add_encoder_options, open_encoders, with_interval
from benchmarks.pair.retrieval import RESAMPLES, SEED, sum_up, tabulate
from editjudge import EditJudgeError, Scorer
from editjudge.evaluation.experiments.retrieval import label_instructions
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic, ratio
from editjudge.evaluation.statistics.retrieval import rank_right
from editjudge.image.decode import load_image
from editjudge.image.decoding.read import LoadedPicture
from editjudge.metrics.pair.embed import frame_pair
from editjudge.models.clip import Embeddings
from editjudge.models.pair.encoder import EDIT_CLIP, EditPictures
from editjudge.types import Doubles

QUALITIES = {"good": 3, "damaged": 2, "wrong": 1, "noop": 0}
"""The higher the better."""
JUDGED = "mixed"
"""The set whose quality somebody judged; of the others all are good."""


@dataclass(frozen=True, eq=False)
class EmbeddedPhotographs:
    """N edits by one encoder: float32[N, D] of the edits, of the swapped pairs and of the instructions, of length 1."""

    edits: Embeddings
    swapped: Embeddings
    texts: Embeddings

    @property
    def cosines(self) -> Doubles:
        """float64[N], of every edit and its instruction."""
        return np.einsum("nd,nd->n", self.edits, self.texts).astype(np.float64)

    @property
    def ahead(self) -> Doubles:
        """float64[N]: by how much the edit fits the instruction better than the swapped pair."""
        return self.cosines - np.einsum("nd,nd->n", self.swapped, self.texts)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    add_encoder_options(options)
    asked = options.parse_args()
    models, encoders = open_encoders(asked)
    lines = (asked.folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    embedded = embed_photographs(encoders, asked.folder, entries, models.bundle.manifest.frame)
    instructions = [entry["instruction"] for entry in entries]
    figures, tables = [], {}
    if models.bundle.has(EDIT_CLIP):
        figures += measure_nulls(Scorer(models), asked.folder, entries)
    tables["direction and quality"] = {name: summarise(entries, found) for name, found in embedded.items()}
    tables |= {way: tabulate(found) for way, found in retrieve(instructions, embedded).items()}
    tables["mean cosine by quality"] = average_by_quality(entries, embedded)
    figures.append(Figure("edits", "edits of photographs", len(entries)))
    show("embeddings of edits of photographs", figures, **tables)


def embed_photographs(
    encoders: Encoders, folder: Path, entries: Sequence[Mapping[str, Any]], longest: int
) -> dict[str, EmbeddedPhotographs]:
    """By encoder; all in the frame of `longest` pixels in which they would be scored."""
    edits: dict[str, list[Embeddings]] = {name: [] for name in encoders}
    for entry in progress(entries, len(entries), "photographs"):
        original, edited = read_pair(folder, entry, longest)
        for name, encoder in encoders.items():
            edits[name].append(encoder.edits([(original, edited), (edited, original)]))
    texts = [entry["instruction"] for entry in entries]
    return {
        name: EmbeddedPhotographs(*np.stack(edits[name]).swapaxes(0, 1), encoder.texts(texts))
        for name, encoder in encoders.items()
    }


def read_pair(folder: Path, entry: Mapping[str, Any], longest: int) -> EditPictures:
    original, edited = (LoadedPicture(load_image(folder / entry[side])) for side in ("original", "edited"))
    return frame_pair(original, edited, longest)


def measure_nulls(scorer: Scorer, folder: Path, entries: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """How often the metric says nothing of an edit, as a user gets it, with the instruction read by the parser."""
    silent, flagged = [], []
    for entry in progress(entries, len(entries), "the metric"):
        try:
            score = scorer.score(
                folder / entry["original"], folder / entry["edited"], entry["instruction"], metrics=EDIT_CLIP
            )
        except EditJudgeError:
            silent.append(True)
            continue
        silent.append(score.metrics[EDIT_CLIP].value is None)
        flagged.append("contrary" in score.metrics[EDIT_CLIP].flags)
    return [
        Figure("nulls", "edit_clip, the metric: no number", share(silent)),
        Figure("contrary", "edit_clip, the metric: called contrary", sum(flagged)),
    ]


def summarise(entries: Sequence[Mapping[str, Any]], embedded: EmbeddedPhotographs) -> dict[str, float]:
    """Of good edits, the share that fits its instruction better than swapped; and the order of quality."""
    ahead = embedded.ahead[[entry["quality"] == "good" for entry in entries]]
    over = int((ahead > TIE).sum())
    row = with_interval("over the swapped pair", over / len(ahead), wilson(over, len(ahead)))
    row["the same"] = float((np.abs(ahead) <= TIE).mean())
    judged = np.array([entry["set"] == JUDGED for entry in entries])
    quality = np.array([QUALITIES[entry["quality"]] for entry in entries])
    order = measure_order(embedded.cosines[judged], quality[judged])
    return with_interval("quality in order", float(order.value), order.interval(), row)


def measure_order(values: Doubles, quality: Doubles) -> Statistic:
    """The share of all two edits of different quality, of any input, in which the better has more; of equals, half."""
    ahead = values[:, None] - values
    is_better = quality[:, None] > quality
    right = np.where(is_better, (ahead > TIE) + 0.5 * (np.abs(ahead) <= TIE), 0.0)

    def compute(weights: Doubles) -> Doubles:
        found, pairs = (((weights @ matrix) * weights).sum(axis=1) for matrix in (right, is_better.astype(np.float64)))
        return ratio(found, pairs)

    return Resampling(len(values), RESAMPLES, SEED).repeat(compute(np.ones((1, len(values))))[0], compute)


def retrieve(
    instructions: Sequence[str], embedded: Mapping[str, EmbeddedPhotographs]
) -> dict[str, dict[str, Statistic]]:
    """Both ways among all of them."""
    labels, _ = label_instructions(instructions)
    return {
        "text to edit": {
            name: sum_up(rank_right(found.texts, found.edits, labels), labels) for name, found in embedded.items()
        },
        "edit to text": {
            name: sum_up(rank_right(found.edits, found.texts, labels), labels) for name, found in embedded.items()
        },
    }


def average_by_quality(
    entries: Sequence[Mapping[str, Any]], embedded: Mapping[str, EmbeddedPhotographs]
) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for quality in QUALITIES:
        rows = [index for index, entry in enumerate(entries) if entry["quality"] == quality]
        if rows:
            means = {name: float(found.cosines[rows].mean()) for name, found in embedded.items()}
            table[quality] = {"edits": len(rows), **means}
    return table


if __name__ == "__main__":
    main()
