"""Renders edits of the studio into a folder: PNG pictures, and `edits.jsonl`, which lists them.

    python -m benchmarks.equivalence.render_edits FOLDER

A line of the list is an object with `id`, `original`, `edited` (files in the folder), `instruction`, the true `intent`,
and the `quality` of the edited picture: a list that `editjudge bench --edits` takes. The same seed gives the same
pictures. The types of edits take turns, and so do the qualities of each type.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2

from studio.edits.candidates import EXTREMES
from studio.edits.edit import EDIT_KINDS
from studio.edits.edit_set import edit_set
from studio.renderer.scene import Image

SEED = 4711
COUNT = 200
LISTING = "edits.jsonl"


def render_edits(folder: Path, seed: int = SEED, count: int = COUNT) -> Path:
    """Writes the pictures, and returns the file that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, edit in enumerate(edit_set(seed, count)):
        # Without the extremes the pictures are those that earlier figures are of.
        qualities = [quality for quality in edit.candidates if quality not in EXTREMES]
        quality = qualities[index // len(EDIT_KINDS) % len(qualities)]
        name = f"{index:03}-{edit.edit_type}"
        files = {"original": f"{name}-original.png", "edited": f"{name}-{quality}.png"}
        _save(folder / files["original"], edit.original)
        _save(folder / files["edited"], edit.candidates[quality])
        line = {"id": name, **files, "instruction": edit.instruction, "intent": edit.intent.to_dict()}
        lines.append(json.dumps({**line, "quality": quality}, ensure_ascii=False))
    listing = folder / LISTING
    listing.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return listing


def _save(path: Path, image: Image) -> None:
    """Raises OSError."""
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{path} cannot be written")


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--seed", type=int, default=SEED)
    command_line.add_argument("--count", type=int, default=COUNT)
    options = command_line.parse_args()
    print(render_edits(options.folder, options.seed, options.count))


if __name__ == "__main__":
    main()
