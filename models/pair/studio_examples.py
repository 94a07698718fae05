"""Edits of the studio to train and to measure the pair model on: what was asked for, and pairs that do it or do not.

    PYTHONPATH=models python -m pair.studio_examples runs/pair/studio --shards 100

Shards that are there already are left, so that it can be stopped and run again, and by several processes at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pair.shards import ExamplePair, write_shard
from studio.edits.candidates import TIERS, candidates
from studio.edits.drifts import DRIFTS
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, random_edit
from studio.renderer.scene import render
from studio.renderer.varied import before_anything

SHARD = 200
"""Edits of a shard."""
CANVASES = (224, 320)
"""Pixels of a picture's side, from and to."""
ELSEWHERE = 0.35
"""The share of scenes before backgrounds of all kinds."""
KEPT = 0.5
"""The share of an edit's poorer candidates that are rendered."""
DRIFTED = 0.15
"""The share of well done edits that an editor shifted, compressed or toned as well."""
SEED = 20
"""Of the training edits; those that are held out have others."""


def draw_edit(index: int, kinds: Sequence[str] = EDIT_KINDS) -> Iterator[ExamplePair]:
    """The pairs of one training edit of one of these kinds, the well done first."""
    rng = np.random.default_rng([SEED, index])
    rules = before_anything(EDIT_RULES) if rng.random() < ELSEWHERE else EDIT_RULES
    edit = random_edit(rng, rules, str(rng.choice(kinds)))
    canvas = int(rng.integers(*CANVASES)) // 8 * 8
    original = render(edit.original, canvas).image
    made = candidates(rng, edit, rules)
    for candidate in made:
        if candidate.quality != "well_done" and rng.random() > KEPT:
            continue
        picture = candidate.image(canvas)
        if candidate.quality == "well_done" and rng.random() < DRIFTED:
            picture = DRIFTS[str(rng.choice(list(DRIFTS)))](picture)
        yield ExamplePair(original, picture, TIERS[candidate.quality], edit.intent)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--shards", type=int, default=100)
    command_line.add_argument("--first", type=int, default=0, help="the number of the first shard")
    command_line.add_argument("--kinds", nargs="+", choices=EDIT_KINDS, default=EDIT_KINDS, help="of edits")
    command_line.add_argument("--bundle", type=Path, default=Path("models/editjudge_models/studio"))
    command_line.add_argument("--part", default="0/1", help="I/N: of N processes, this one writes every Nth from I on")
    options = command_line.parse_args()
    part, parts = map(int, options.part.split("/"))
    for shard in range(options.first + part, options.first + options.shards, parts):
        path = options.folder / f"{shard:04}.npz"
        if not path.exists():
            edits = (list(draw_edit(index, options.kinds)) for index in range(shard * SHARD, (shard + 1) * SHARD))
            write_shard(path, edits, options.bundle)
            print(path, flush=True)


if __name__ == "__main__":
    main()
