"""Named colours: what goes by a name in full light and in shade, and which colour a phrase asks for."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.metrics.dice.coherence.colours import NAMES, NEIGHBOURS, SYNONYMS, colour_share, find_colour
from editjudge.metrics.dice.regions.kind import to_lab
from editjudge.types import Floats

Rgb = tuple[int, int, int]

LIT = (1.0, 0.85, 0.7, 0.55, 0.4)
"""Shares of the light that falls on a colour."""
SHADED: list[tuple[str, Rgb]] = [
    ("red", (255, 0, 0)), ("red", (220, 20, 20)), ("red", (220, 20, 60)),
    ("green", (0, 255, 0)), ("green", (0, 128, 0)), ("green", (20, 200, 20)),
    ("blue", (0, 0, 255)), ("blue", (20, 20, 220)), ("blue", (30, 60, 200)), ("blue", (0, 0, 128)),
    ("blue", (65, 105, 225)), ("purple", (128, 0, 128)), ("turquoise", (0, 255, 255)), ("brown", (139, 69, 19)),
    ("black", (0, 0, 0)),
]  # fmt: skip
"""Colours that keep their name in any light."""


def lab_of(*colours: Rgb) -> Floats:
    return to_lab(np.array(colours, np.uint8)[None])[0]


def dim(colour: Rgb, light: float) -> Rgb:
    red, green, blue = (round(light * level) for level in colour)
    return red, green, blue


@pytest.mark.parametrize(("name", "colour"), SHADED)
def test_a_colour_keeps_its_name_in_the_shade(name: str, colour: Rgb) -> None:
    assert [colour_share(lab_of(dim(colour, light)), name) for light in LIT] == [1.0] * len(LIT)


@pytest.mark.parametrize(("name", "colour"), SHADED)
def test_a_colour_goes_by_no_other_name(name: str, colour: Rgb) -> None:
    alike = {name}.union(*(group for group in NEIGHBOURS if name in group))
    assert [other for other in NAMES if other not in alike and colour_share(lab_of(colour), other)] == []


@pytest.mark.parametrize("light", LIT)
def test_white_is_white_or_gray_in_the_shade(light: float) -> None:
    shade = lab_of(dim((255, 255, 255), light))
    assert colour_share(shade, "white") + colour_share(shade, "gray") == 1.0
    assert colour_share(lab_of((255, 255, 255)), "white") == 1.0
    assert colour_share(shade, "blue") == 0.0


def test_a_share_is_that_of_all_pixels() -> None:
    mixed = lab_of((255, 0, 0), (0, 0, 255), (255, 0, 0), (0, 255, 0))
    assert colour_share(mixed, "red") == 0.5
    assert colour_share(mixed, "blue") == 0.25
    assert colour_share(mixed, "pink") == 0.0


def test_of_no_pixels_none_has_a_colour() -> None:
    assert colour_share(np.zeros((0, 3), np.float32), "red") == 0.0


def test_names_that_mean_the_same_colour_share_it() -> None:
    gold = lab_of((255, 215, 0))
    assert colour_share(gold, "gold") == colour_share(gold, "yellow") == 1.0
    assert colour_share(lab_of((255, 165, 0)), "gold") == 1.0


@pytest.mark.parametrize(
    ("phrase", "besides", "name"),
    [
        ("blue car", None, "blue"),
        ("a Blue, shiny car", "car", "blue"),
        ("grey sofa", None, "gray"),
        ("silver-grey sofa", None, "gray"),
        ("navy jacket", "red jacket", "blue"),
        ("red and white scarf", "red scarf", "white"),  # what it had already is not asked for
        ("a crimson scarf", "red scarf", None),  # another word for the same
        ("red car", "red car", None),
        ("reddish car", None, None),
        ("striped car", None, None),
        ("", None, None),
        (None, "red car", None),
    ],
)
def test_the_colour_that_a_phrase_asks_for(phrase: str | None, besides: str | None, name: str | None) -> None:
    assert find_colour(phrase, besides) == name


def test_every_other_word_is_for_a_colour_that_is_known() -> None:
    assert set(SYNONYMS.values()) <= set(NAMES)
    assert not set(SYNONYMS) & set(NAMES)
    assert set().union(*NEIGHBOURS) <= set(NAMES)
