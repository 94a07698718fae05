"""How long does one edit take to embed, warm, and what of it takes how long?

python -m benchmarks.pair.speed [--forms NAME=FOLDER ...]
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.pair.encoders import Encoders, add_encoder_options, directed, open_encoders
from editjudge import Scorer
from editjudge.image.transforms import resize
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EDIT_CLIP, ENCODERS
from editjudge.models.pair.places import find_places
from editjudge.models.pair.views import view_pair
from editjudge.types import Image
from studio.edits.edit_set import RenderedEdit, edit_set

SEED = 2021
SIDES = (320, 512)
"""Pixels of the pictures' side."""
GOAL = 8.0
"""Milliseconds."""
WARM_UP = 10
"""Edits that are not counted."""

Made = TypeVar("Made")
Spent = dict[str, list[float]]
"""Milliseconds of every edit, by what took them."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_encoder_options(options)
    options.add_argument("--edits", type=int, default=100, help="rendered edits")
    asked = options.parse_args()
    models, encoders = open_encoders(asked)
    edits = list(edit_set(SEED, WARM_UP + asked.edits, qualities=("well_done",)))
    tables: dict[str, dict[str, dict[str, float]]] = {}
    figures: list[Figure] = []
    for side in SIDES:
        spent = time_edits(Scorer(models), encoders, edits, side)
        table = {what: summarise(times) for what, times in spent.items()}
        tables[f"{side} x {side}, ms"] = table
        for name in ENCODERS:
            if (row := table.get(f"embed_edit, {name}")) is not None:
                goal = GOAL if name == EDIT_CLIP else None
                what = f"{side} x {side}: embed_edit, {name}"
                figures.append(
                    Figure(f"{name}_{side}", f"{what}, median", row["p50"], goal, at_least=False, unit=" ms")
                )
                figures.append(Figure(f"{name}_{side}_p95", f"{what}, 95 %", row["p95"], unit=" ms"))
    show("what embedding an edit costs", figures, **tables)


def time_edits(scorer: Scorer, encoders: Encoders, edits: Sequence[RenderedEdit], side: int) -> Spent:
    """All ways take turns on every edit, so that one load of the machine meets them all."""
    spent: Spent = defaultdict(list)
    for edit in progress(edits, len(edits), f"{side} pixels"):
        original, edited = (
            resize(picture, side, side, "bicubic") for picture in (edit.original, edit.candidates["well_done"])
        )
        for name, encoder in encoders.items():
            if name in ENCODERS:
                _time(spent, f"embed_edit, {name}", lambda: scorer.embed_edit(original, edited, encoder=name))  # noqa: B023
            _time(spent, f"the encoder alone, {name}", lambda: encoder.edits([(original, edited)]))  # noqa: B023
            # Every instruction is new to the encoder, which remembers the others.
            text = f"{edit.instruction} {side}"
            _time(spent, f"an instruction, {name}", lambda: encoder.texts([text]))  # noqa: B023
        if directed(encoders):
            time_parts(spent, scorer.models, original, edited)
    return spent


def time_parts(spent: Spent, models: ModelSet, original: Image, edited: Image) -> None:
    """What a directed encoder does before it fuses anything; the rest of its time is that."""
    _time(spent, "of it: find the places", lambda: find_places(original, edited))
    views = _time(spent, "of it: cut the views, places found again", lambda: view_pair(original, edited))
    _time(spent, "of it: CLIP of all views", lambda: models.model(Clip).images(views.all))


def _time(spent: Spent, what: str, call: Callable[[], Made]) -> Made:
    start = time.perf_counter()
    made = call()
    spent[what].append(1000 * (time.perf_counter() - start))
    return made


def summarise(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds after the warm-up."""
    half, most = np.quantile(times[WARM_UP:], (0.5, 0.95))
    return {"p50": float(half), "p95": float(most)}


if __name__ == "__main__":
    main()
