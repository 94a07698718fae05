"""The six edits of photographs: what is asked for, and candidates of known quality, each made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.types import ChangeKind, Image
from photographs import compose, cutouts
from photographs.compose import Cutout
from photographs.sources import open_photograph
from studio.edits.drifts import compress, crop, scale_levels, shift

BLUE, GREEN = 108, 55
"""Hues of OpenCV."""
GRAIN = 30.0
"""The standard deviation of the noise, in levels."""
CLEAR = 8
"""Levels by which a changed pixel differs from the original at least."""
BIG_STALK, SMALL_HEAD = (190, 200), (525, 277)
"""What of the dandelions stays in its place: x, y in pixels."""
MEADOW_SPOT, MOOSE_FEET = (300, 352), (255, 385)
"""Where the moose comes to lie, and what of its photograph lies there."""


@dataclass(frozen=True)
class PhotographCandidate:
    """An edited photograph, in words what it is, and what its pixels are known to be."""

    label: str
    image: Image
    kind: ChangeKind = "edit"


@dataclass(frozen=True)
class PhotographEdit:
    """An edit of a photograph.

    Attributes:
        id: A short word for files and links.
        original: The name of the photograph.
        candidates: The better ones first, but for those that are no edits.
    """

    id: str
    instruction: str
    original: str
    candidates: tuple[PhotographCandidate, ...]


def draw_edit(name: str) -> PhotographEdit:
    """The edit of this name, one of DRAWN; its photographs are fetched on first use."""
    return DRAWN[name]()


def _edit(name: str, instruction: str, original: str, *candidates: PhotographCandidate) -> PhotographEdit:
    return PhotographEdit(name, instruction, original, candidates)


def _well_done(image: Image) -> PhotographCandidate:
    return PhotographCandidate("well done", image)


def _unchanged(image: Image, drift: str) -> PhotographCandidate:
    return PhotographCandidate(f"nothing changed, but {drift}", image, "unchanged")


def _noise(photograph: Image) -> PhotographCandidate:
    return PhotographCandidate("only noise added", compose.add_noise(photograph, GRAIN), "noise")


def _other_picture(name: str, like: Image) -> PhotographCandidate:
    return PhotographCandidate("another picture", compose.fit(open_photograph(name), like), "other_picture")


def _color() -> PhotographEdit:
    photograph, bowl, fig = open_photograph("bowl"), cutouts.cut_bowl(), cutouts.cut_fig()
    blue = compose.recolour(photograph, bowl, BLUE)
    return _edit(
        "color", "Make the bowl blue.", "bowl",
        _well_done(blue),
        PhotographCandidate("well done, but the fig turned green too", compose.recolour(blue, fig, GREEN)),
        PhotographCandidate("the fig turned blue, not the bowl", compose.recolour(photograph, fig, BLUE)),
        _unchanged(compress(shift(photograph, 2), 75), "shifted by 2 px and compressed"),
    )  # fmt: skip


def _remove() -> PhotographEdit:
    photograph = open_photograph("rocket")
    empty = compose.fill_sky(photograph, cutouts.draw_outline(photograph, cutouts.ROCKET))
    tower = cutouts.soften(cutouts.draw_outline(photograph, cutouts.LAUNCH_TOWER), 1.0)
    gone = compose.fill_sky(empty, tower, beyond=34)
    smeared = cutouts.soften(cutouts.draw_outline(photograph, cutouts.TOWER), 6.0)
    return _edit(
        "remove", "Remove the rocket.", "rocket",
        _well_done(gone),
        PhotographCandidate("well done, but the tower on the left is smeared", compose.blur(gone, smeared, 9.0)),
        PhotographCandidate(
            "a mast was removed, not the rocket",
            compose.fill_sky(photograph, cutouts.draw_outline(photograph, cutouts.MAST)),
        ),
        _unchanged(compress(scale_levels(photograph, 1.06), 60), "brighter by 6 % and compressed"),
        _other_picture("mountains", photograph),
    )  # fmt: skip


def _add() -> PhotographEdit:
    meadow = open_photograph("meadow")
    shaded = compose.cast_shadow(meadow, (300, 346), (85, 9), depth=0.45)
    moose = Cutout(open_photograph("moose"), cutouts.cut_moose())
    astronaut = Cutout(open_photograph("astronaut"), cutouts.cut_astronaut())
    return _edit(
        "add", "Add a moose to the meadow.", "meadow",
        _well_done(compose.place(shaded, moose, 0.46, MOOSE_FEET, MEADOW_SPOT)),
        PhotographCandidate("a moose, but in the sky", compose.place(meadow, moose, 0.46, MOOSE_FEET, (330, 150))),
        PhotographCandidate(
            "an astronaut instead of a moose", compose.place(meadow, astronaut, 0.5, (256, 512), (300, 427))
        ),
        _unchanged(crop(meadow, 0.02), "cropped by 2 %"),
        _noise(meadow),
    )  # fmt: skip


def _replace() -> PhotographEdit:
    photograph, cutout = open_photograph("astronaut"), cutouts.cut_astronaut()
    before_stars, before_meadow = (
        compose.blend(compose.fit(open_photograph(name), photograph), photograph, cutout)
        for name in ("stars", "meadow")
    )
    return _edit(
        "replace", "Replace the background with a starry sky.", "astronaut",
        _well_done(before_stars),
        PhotographCandidate(
            "well done, but the suit turned green too", compose.recolour(before_stars, cutouts.cut_suit(), GREEN)
        ),
        PhotographCandidate("a meadow instead of a starry sky", before_meadow),
        _unchanged(scale_levels(photograph, 1.04, 1.0, 0.96), "a little warmer"),
    )  # fmt: skip


def _size() -> PhotographEdit:
    photograph = open_photograph("dandelion")
    head, small = (Cutout(photograph, mask) for mask in (cutouts.cut_dandelion(), cutouts.cut_small_dandelion()))
    return _edit(
        "size", "Make the big dandelion larger.", "dandelion",
        _well_done(compose.place(photograph, head, 1.3, BIG_STALK, BIG_STALK)),
        PhotographCandidate("far too large", compose.place(photograph, head, 2.3, BIG_STALK, BIG_STALK)),
        PhotographCandidate(
            "another dandelion got larger", compose.place(photograph, small, 1.6, SMALL_HEAD, SMALL_HEAD)
        ),
        _unchanged(compress(photograph, 60), "compressed"),
        _noise(photograph),
    )  # fmt: skip


def _style() -> PhotographEdit:
    photograph, sky = open_photograph("mountains"), cutouts.cut_sky()
    return _edit(
        "style", "Make it night.", "mountains",
        _well_done(compose.make_night(photograph, sky, compose.FULL_MOON)),
        PhotographCandidate("so dark that little is seen", compose.make_night(photograph, sky, 0.02)),
        PhotographCandidate("an evening instead of a night", compose.warm(photograph, sky)),
        _unchanged(compress(photograph, 50), "compressed"),
    )  # fmt: skip


DRAWN: Mapping[str, Callable[[], PhotographEdit]] = {
    "color": _color, "remove": _remove, "add": _add, "replace": _replace, "size": _size, "style": _style
}  # fmt: skip


def changed_pixels(original: Image, edited: Image) -> NDArray[np.bool_]:
    """bool[H, W]: where any channel differs by more than CLEAR levels."""
    return np.asarray(np.abs(original.astype(np.int16) - edited).max(axis=2) > CLEAR)
