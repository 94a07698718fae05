"""Twenty small edits in HumanEdit's form: discs in the colour that the instruction names, four to an original."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from support.dataset_files import write_hub_parquet

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220), "star": (240, 230, 60)}
SHAPE = (48, 64, 3)


def originals() -> list[np.ndarray]:
    """Five pictures uint8[48, 64, 3]: a house under a sky of another colour each."""
    pictures = []
    for index in range(5):
        picture = np.full(SHAPE, (90 + 30 * index, 160, 240 - 30 * index), np.uint8)
        picture[28:] = (60, 110 + 10 * index, 50)
        picture[20:36, 8 * index : 8 * index + 14] = (150, 90 + 20 * index, 70)
        pictures.append(picture)
    return pictures


def edits() -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Original, edited picture and instruction, original by original."""
    made = []
    for picture in originals():
        for column, (name, colour) in enumerate(COLOURS.items()):
            edited = cv2.circle(picture.copy(), (14 + 12 * column, 20), 14, colour, -1)
            made.append((picture, edited, f"{name} ball"))
    return made


def write_humanedit(folder: Path) -> Path:
    """The edits in a parquet file of HumanEdit's columns, in a folder of its own; the last row's picture is cut."""
    rows = edits()
    originals, edited = ([_png(row[place]) for row in rows] for place in (0, 1))
    edited[-1] = {"bytes": edited[-1]["bytes"][:40], "path": "cut.png"}
    columns = {
        "IMAGE_ID": [f"a{index}" for index in range(len(rows))],
        "EDITING_TYPE": ["Add"] * len(rows),
        "EDITING_INSTRUCTION": [row[2] for row in rows],
        "INPUT_IMG": originals,
        "MASK_IMG": [_png(np.zeros(SHAPE, np.uint8))] * len(rows),
        "OUTPUT_IMG": edited,
    }
    return write_hub_parquet(folder / "data" / "train-00000-of-00001.parquet", columns).parent


def _png(picture: np.ndarray) -> dict[str, object]:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "PNG")
    return {"bytes": stream.getvalue(), "path": "picture.png"}
