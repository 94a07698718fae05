"""Edits of the studio to train and to measure the pair model on: what was asked for, and pairs that do it or do not.

    PYTHONPATH=models python -m pair.studio_examples runs/pair/studio --shards 100

Shards that are there already are left, so that it can be stopped and run again, and by several processes at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from editjudge.bundles.bundle import Bundle
from pair.commands.options import BUNDLE_HELP, PART_HELP, Part, exit_with_reason, read_count, read_natural, read_part
from pair.commands.settings import keep_settings
from pair.shards import ExamplePair, mark_clip, write_shard
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


def write_examples(
    folder: Path,
    numbers: Sequence[int],
    bundle: str | os.PathLike[str],
    *,
    kinds: Sequence[str] = EDIT_KINDS,
    part: Part = (0, 1),
) -> None:
    """Writes the shards of these numbers, but those that are there.

    Args:
        folder: Where the shards go.
        numbers: Of the shards: each has edits of its own.
        bundle: Whose CLIP looks at the pictures: a name, or a folder.
        kinds: Of the edits.
        part: Which of several processes this one is.

    Raises InputError for a folder that was begun with another CLIP or other kinds.
    """
    keep_settings(folder, {"clip": mark_clip(Bundle.load(bundle)), "kinds": " ".join(kinds)})
    first, processes = part
    for shard in numbers[first::processes]:
        path = folder / f"{shard:04}.npz"
        if not path.exists():
            edits = (list(draw_edit(index, kinds)) for index in range(shard * SHARD, (shard + 1) * SHARD))
            write_shard(path, edits, bundle)
            print(path, flush=True)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--shards", type=read_count, default=100)
    command_line.add_argument("--first", type=read_natural, default=0, help="the number of the first shard")
    command_line.add_argument("--kinds", nargs="+", choices=EDIT_KINDS, default=EDIT_KINDS, help="of edits")
    command_line.add_argument("--bundle", default="studio", help=BUNDLE_HELP)
    command_line.add_argument("--part", type=read_part, default=(0, 1), help=PART_HELP)
    options = command_line.parse_args()
    numbers = range(options.first, options.first + options.shards)
    with exit_with_reason(command_line):
        write_examples(options.folder, numbers, options.bundle, kinds=options.kinds, part=options.part)


if __name__ == "__main__":
    main()
