"""Artefacts that pictures are damaged by, in four steps each: a new one stands beside its kin, and in a list here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from editjudge.types import Image
from studio.artefacts.coding import add_noise, band, blur, compress, ring
from studio.artefacts.editing import DamagedSpot, bleed, can_bleed, cut_off, leave_seam

STEPS = 4
"""Of each artefact; 0 is the slightest."""

WHOLE: Mapping[str, Callable[[np.random.Generator, Image, int], Image]] = {
    "noise": add_noise, "blur": blur, "blocking": compress, "banding": band, "ringing": ring,
}  # fmt: skip
"""Those of all of a picture."""
LOCAL: Mapping[str, Callable[[np.random.Generator, Image, DamagedSpot, int], Image]] = {
    "seams": leave_seam, "bleeding": bleed, "cut": cut_off,
}  # fmt: skip
"""Those of one place."""
KINDS = (*WHOLE, *LOCAL)


def damage_in_steps(kind: str, picture: Image, spot: DamagedSpot, seed: int) -> list[Image]:
    """The picture uint8[H, W, 3] undamaged, and with each step of an artefact, which differ in nothing but the grade.

    None of them where the artefact could not be seen: colours do not bleed where a thing has those around it.
    """
    if kind == "bleeding" and not can_bleed(picture, spot):
        return []
    if kind in WHOLE:
        damaged = [WHOLE[kind](np.random.default_rng(seed), picture, step) for step in range(STEPS)]
    else:
        damaged = [LOCAL[kind](np.random.default_rng(seed), picture, spot, step) for step in range(STEPS)]
    return [picture, *damaged]
