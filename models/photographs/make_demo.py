"""Makes the demo's photographs, and writes them with their `demo.toml`.

    PYTHONPATH=models python -m photographs.make_demo models/editjudge_models/photographs \\
        --truth tests/fixtures/photograph_edits.npz

Photographs that are not at hand are fetched from Debian on first use. The truth has, for every candidate, what its
pixels are known to be ("kind/FILE") and, for edits, where they differ from the original ("changed/FILE", the bits of
bool[H, W], packed).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from editjudge.types import Image
from photographs.edits import DRAWN, changed_pixels, draw_edit
from photographs.sources import open_photograph

QUALITY = 84
"""Of WebP: noise is mostly smoothed away by less."""


def encode(image: Image) -> bytes:
    """A picture uint8[H, W, 3] RGB as WebP."""
    _, data = cv2.imencode(".webp", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    return data.tobytes()


def make(truth: dict[str, np.ndarray] | None = None) -> dict[str, bytes]:
    """The files of the demo, by their names; what is known of its candidates is added to `truth`."""
    known = {} if truth is None else truth
    files, lines = {}, ["format = 1"]
    for number, edit in enumerate(map(draw_edit, DRAWN)):
        original = open_photograph(edit.original)
        files[f"{edit.id}-original.webp"] = encode(original)
        lines += ["", "[[input]]", f'id = "{edit.id}"', f"instruction = {json.dumps(edit.instruction)}"]
        lines += [f'original = "{edit.id}-original.webp"']
        # The best candidate does not come first: a ranking that did nothing would look right.
        for place, index in enumerate(np.random.default_rng(number).permutation(len(edit.candidates)), start=1):
            name, candidate = f"{edit.id}-{place}.webp", edit.candidates[index]
            files[name] = encode(candidate.image)
            lines += ["[[input.candidate]]", f'file = "{name}"', f"label = {json.dumps(candidate.label)}"]
            known[f"kind/{name}"] = np.array(candidate.kind)
            if candidate.kind == "edit":
                known[f"changed/{name}"] = np.packbits(changed_pixels(original, candidate.image))
    files["demo.toml"] = ("\n".join(lines) + "\n").encode()
    return files


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--truth", type=Path, required=True, metavar="FILE.npz")
    options = command_line.parse_args()
    truth: dict[str, np.ndarray] = {}
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, content in make(truth).items():
        (options.folder / name).write_bytes(content)
    np.savez_compressed(options.truth, **truth)


if __name__ == "__main__":
    main()
