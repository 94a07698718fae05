"""Which edits of a batch share an original, whatever it is handed in as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from editjudge.rewards.edit_triple import EditTriple, group_alike
from support.told_judge import draw, draw_pillow

PICTURES = Path(__file__).parents[1] / "fixtures" / "pictures"


def group(*originals: Any, instructions: list[Any] | None = None) -> list[list[int]]:
    words = instructions or ["paint it"] * len(originals)
    return group_alike([EditTriple(original, draw(9), text) for original, text in zip(originals, words, strict=True)])


def test_copies_are_alike() -> None:
    assert group(draw_pillow(1), draw_pillow(2), draw_pillow(1), draw(2), draw(1)) == [[0, 2, 4], [1, 3]]
    path = Path("a.png")
    assert group("a.png", path, "b.png", path) == [[0, 1, 3], [2]]
    assert group(b"one", bytearray(b"one"), memoryview(b"two")) == [[0, 1], [2]]


def test_another_instruction_is_another_edit() -> None:
    original = draw(1)
    assert group(*[original] * 4, instructions=["a", "b", "a", "b"]) == [[0, 2], [1, 3]]


def test_pixels_alone_do_not_decide() -> None:
    lying = draw(1).reshape(32, 24, 3)
    assert group(draw(1), lying) == [[0], [1]]
    tagged = draw_pillow(1)
    with Image.open(PICTURES / "display_p3.png") as other:
        tagged.info["icc_profile"] = other.info["icc_profile"]  # in which the same numbers are other colours
    assert group(draw_pillow(1), tagged) == [[0], [1]]


def test_what_is_no_picture_is_alone() -> None:
    wrong = [None, None, 7, np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8), Image.new("RGB", (0, 0))]
    assert group(*wrong) == [[index] for index in range(len(wrong))]
    assert group("a.png", "a.png", instructions=[None, ["b"]]) == [[0], [1]]
