"""Edits of pictures of one colour: in the toy world an edit's embedding is the difference of the two colours."""

from __future__ import annotations

import csv
from pathlib import Path

import PIL.Image

COLOURS = {"black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
EDITS = {
    "reddened": ("black", "red", "cat"),
    "greened": ("black", "green", "dog"),
    "blued": ("black", "blue", "cat dog"),
    "blackened": ("red", "black", "blue"),
}
"""By the id of the row: the two colours, and the instruction."""
VECTORS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]]
"""What `edit_clip` of the toy world makes of them."""


def write_colour_edits(folder: Path, times: int = 1, extra: str = "") -> Path:
    """A table of the edits, so many times over, and their pictures beside it; `extra` lines come last."""
    for name, colour in COLOURS.items():
        PIL.Image.new("RGB", (32, 24), colour).save(folder / f"{name}.png")
    path = folder / "edits.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "original", "edited", "instruction"))
        for _ in range(times):
            for name, (original, edited, instruction) in EDITS.items():
                writer.writerow((name, f"{original}.png", f"{edited}.png", instruction))
        file.write(extra)
    return path
