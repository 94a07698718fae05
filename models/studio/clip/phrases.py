"""The phrases that the studio's CLIP tells apart, by number, and the wordings that they appear in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.renderer.world import COLOURS, NAMES, STYLES, TEXTURES
from studio.vocabulary import PHOTOGRAPH, clip_tokenizer

ATTRIBUTES: tuple[str, ...] = (*COLOURS, *TEXTURES)
NAMED: tuple[str, ...] = (*NAMES, *(f"{attribute} {name}" for attribute in ATTRIBUTES for name in NAMES))
PHRASES: tuple[str, ...] = (*NAMED, *STYLES.values(), PHOTOGRAPH)
"""Plain names, whose numbers are thus their indices in NAMES; then names with an attribute, styles, PHOTOGRAPH."""

NOTHING = -1
"""Takes the place of a phrase's number as the source of an add and the target of a remove."""
FIRST_STYLE = len(NAMED)
PHOTOGRAPH_ID = len(PHRASES) - 1

WORDINGS: tuple[tuple[str, str], ...] = (
    ("{}", "{}"),
    ("a {}", "a {} picture"),
    ("the {}", "make it {}"),
    ("a picture of a {}", "turn the whole picture into {}"),
    ("one {}", "make the image look like {} style"),
)
"""How the phrase of an object is worded, and that of a style. Scores use the first wording."""


def phrase_id(name: str, attribute: str | None = None) -> int:
    """The number of an object's phrase."""
    name_id = NAMES.index(name)
    return name_id if attribute is None else (1 + ATTRIBUTES.index(attribute)) * len(NAMES) + name_id


def name_of(phrase: int) -> int:
    """The index in NAMES of an object's phrase."""
    return phrase % len(NAMES)


def style_id(style: str) -> int:
    return FIRST_STYLE + list(STYLES).index(style)


def phrase_tokens() -> NDArray[np.int64]:
    """int64[len(WORDINGS), len(PHRASES), context]: the token ids of every phrase in every wording."""
    tokenizer = clip_tokenizer()
    tables = [
        [(of_object if index < FIRST_STYLE else of_style).format(phrase) for index, phrase in enumerate(PHRASES)]
        for of_object, of_style in WORDINGS
    ]
    return np.array([[coded.ids for coded in tokenizer.encode_batch(table)] for table in tables], dtype=np.int64)
