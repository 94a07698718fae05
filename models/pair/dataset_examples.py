"""Edits of people, and of any data set that editjudge reads, as examples for the pair model.

    PYTHONPATH=models python -m pair.dataset_examples humanedit/data runs/pair/humanedit

DATA is a file or a folder on this machine: HumanEdit's or MagicBrush's parquet files, or a table of files' names. Each
edit is one pair, taken as well done, so a set of what models made is not for this. The shards lie in train/ and
held_out/. Those that are there already are left, so that it can be stopped and run again, and by several processes at
once.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from editjudge.bundles.bundle import Bundle
from editjudge.datasets.dataset import open_dataset
from editjudge.errors import InputError
from pair.commands.options import BUNDLE_HELP, PART_HELP, Part, exit_with_reason, read_part, read_share
from pair.commands.settings import keep_settings
from pair.dataset_edits import HELD_OUT, DatasetEdit, read_edits
from pair.shards import ExamplePair, mark_clip, write_shard

SHARD = 200
"""Rows of the data set that go into a shard, or two."""
WELL_DONE = 2
log = logging.getLogger("pair")


def write_examples(
    data: Path,
    folder: Path,
    bundle: str | os.PathLike[str],
    *,
    held_out: float = HELD_OUT,
    part: Part = (0, 1),
) -> None:
    """Writes the shards of a data set into train/ and held_out/ of a folder.

    Args:
        data: The data set.
        folder: Where the shards go.
        bundle: Whose CLIP looks at the pictures: a name, or a folder.
        held_out: The share of scenes that is not trained on.
        part: Which of several processes this one is.

    Raises InputError for what is no data set or has no row that can be used, and for a folder that was begun with other
    data, bundle or share.
    """
    dataset, opened = open_dataset(data), Bundle.load(bundle)
    origin = {"data": dataset.fingerprint(), "bundle": f"{opened.name} {opened.version}", "clip": mark_clip(opened)}
    keep_settings(folder, {**origin, "held_out": held_out})
    first, processes = part
    looked = False
    for shard in range(first, -(-len(dataset) // SHARD), processes):
        name = f"{shard:04}.npz"
        if (folder / "train" / name).exists():
            continue
        looked = True
        edits = list(read_edits(dataset, shard * SHARD, (shard + 1) * SHARD, opened.manifest.frame))
        apart = [edit for edit in edits if edit.is_held_out(held_out)]
        rest = [edit for edit in edits if not edit.is_held_out(held_out)]
        # That of the training last: where it is, the other one is.
        for place, chosen in (("held_out", apart), ("train", rest)):
            if chosen:
                write_shard(folder / place / name, as_examples(chosen), bundle)
        log.info("%s: %d edits to train on, %d held out", name, len(rest), len(apart))
    if looked and not any(folder.glob("*/*.npz")):
        raise InputError(f"no row of {data} can be used; the log says of each why, so choose another data set")


def as_examples(edits: Iterable[DatasetEdit]) -> Iterable[list[ExamplePair]]:
    """One well done pair of each."""
    for edit in edits:
        yield [ExamplePair(edit.original, edit.edited, WELL_DONE, edit.instruction, edit.scene)]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("data", type=Path)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--bundle", default="studio", help=BUNDLE_HELP)
    command_line.add_argument("--held-out", type=read_share, default=HELD_OUT, help="share of the scenes")
    command_line.add_argument("--part", type=read_part, default=(0, 1), help=PART_HELP)
    options = command_line.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with exit_with_reason(command_line):
        write_examples(options.data, options.folder, options.bundle, held_out=options.held_out, part=options.part)


if __name__ == "__main__":
    main()
