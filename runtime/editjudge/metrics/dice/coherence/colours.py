"""Named colours, as far as what a colour is called can be told from pixels, on photographs too: in CIE Lab."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from editjudge.types import Floats
from editjudge.utils.libraries.opencv import cv2

SHADES: dict[str, tuple[str, ...]] = {
    "red": ("8b0000", "b22222", "dc1e24", "ff3b30", "c0504d"),
    "orange": ("d2691e", "f58214", "ff8c00", "ffa64d"),
    "yellow": ("b8a000", "f8d61e", "ffee58", "fff59d"),
    "green": ("0b3d0b", "228b22", "28a53c", "7cb342", "6b8e23", "a5d6a7"),
    "blue": ("0a1a5c", "000060", "00008b", "0000ff", "2458e1", "1e90ff", "4a7ba6", "87ceeb"),
    "purple": ("4b0082", "5a005a", "800080", "8732be", "9c6bc4", "c39bd3"),
    "pink": ("f878b9", "ff69b4", "ffb6c1", "d87093", "ff00ff"),
    "brown": ("3e2211", "5d3a1a", "7a4a28", "8b5a2b", "a67b5b"),
    "black": ("000000", "161618", "262629"),
    "white": ("ffffff", "f4f4f4", "e4e4e2"),
    "gray": ("4a4a4a", "6e6e6e", "8c8c8c", "b0b0b0", "c8c8c8"),
    "beige": ("e8d8b8", "d8c3a0", "f5e6c8"),
    "turquoise": ("008b8b", "20b2aa", "40e0d0", "7fd8d0"),
    "gold": ("b8860b", "d4a017", "e6be5a"),
}
"""sRGB of shades that are called by a name."""
SYNONYMS = {
    "grey": "gray", "silver": "gray", "golden": "gold", "violet": "purple", "lavender": "purple", "magenta": "pink",
    "cyan": "turquoise", "teal": "turquoise", "navy": "blue", "crimson": "red", "scarlet": "red", "maroon": "red",
    "lime": "green", "olive": "green", "tan": "beige", "cream": "beige", "blond": "gold", "blonde": "gold",
}  # fmt: skip
NEIGHBOURS = (
    {"gold", "yellow", "orange"}, {"beige", "white"}, {"turquoise", "blue"}, {"turquoise", "green"}, {"brown", "orange"}
)  # fmt: skip
"""Names that one colour may well have."""
NAMES = tuple(SHADES)
LIGHTNESS = 0.6
"""What a unit of lightness counts against one of the others: shadows change nothing of a colour's name."""


def find_colour(phrase: str | None, besides: str | None = None) -> str | None:
    """The colour that a phrase names, and another one does not; None: none."""
    taken = {SYNONYMS.get(word, word) for word in _words(besides)}
    for word in _words(phrase):
        name = SYNONYMS.get(word, word)
        if name in SHADES and name not in taken:
            return name
    return None


def colour_share(lab: Floats, name: str) -> float:
    """The share of colours float32[N, 3] in CIE Lab that go by a name, or one that may mean the same, 0 to 1."""
    if not len(lab):
        return 0.0
    anchors, owners = _anchors()
    scaled = lab * np.array([LIGHTNESS, 1, 1], np.float32)
    apart = (scaled**2).sum(axis=1)[:, None] - 2 * scaled @ anchors.T + (anchors**2).sum(axis=1)
    named = owners[apart.argmin(axis=1)]
    wanted = {name}.union(*(group for group in NEIGHBOURS if name in group))
    return float(np.isin(named, [NAMES.index(one) for one in wanted]).mean())


@cache
def _anchors() -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """float32[S, 3], the shades in CIE Lab, lightness scaled; and int[S], the index of each one's name."""
    shades = [(index, shade) for index, name in enumerate(NAMES) for shade in SHADES[name]]
    rgb = np.array([list(bytes.fromhex(shade)) for _, shade in shades], np.float32)[None] / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0] * np.array([LIGHTNESS, 1, 1], np.float32)
    return np.asarray(lab, np.float32), np.array([index for index, _ in shades], np.intp)


def _words(phrase: str | None) -> list[str]:
    return re.findall(r"[a-z]+", (phrase or "").lower())
