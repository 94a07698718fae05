"""Rules of scenes that models are trained to stand: ordinary, loud, before anything, of any size, or cut off."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from studio.renderer.backgrounds import KINDS
from studio.renderer.everyday import everyday_photographs
from studio.renderer.patterns import PATTERNS
from studio.renderer.scene import SceneRules

ORDINARY, LOUD = 0.4, 0.25
"""The shares of scenes by the ordinary rules, and of those with louder paint and other backgrounds; all others also
have objects of any size, cut by the border, and several of a kind."""
ANY_SIZE = (0.09, 0.92)
"""Objects of 0.2 to 0.42 of the canvas, made 0.3 to 2.2 times as large, fit in here."""


def vary_rules(rng: np.random.Generator, ordinary: SceneRules) -> SceneRules:
    """The rules for one scene of a training."""
    draw = rng.random()
    if draw < ORDINARY:
        return ordinary
    loud = replace(before_anything(ordinary), painted=0.6)
    if draw < ORDINARY + LOUD:
        return loud
    return replace(loud, count=(1, 4), size=ANY_SIZE, overlap=0.25, cut=0.3, alike=0.15)


def before_anything(rules: SceneRules) -> SceneRules:
    """The rules with backgrounds of all kinds that are trained on: a third photographs, nearly half patterns."""
    return replace(rules, backgrounds=(*KINDS, "photo", "photo", "photo", *PATTERNS), photos=_photographs())


@cache
def _photographs() -> tuple[str, ...]:
    return tuple(str(path) for path in everyday_photographs(held_out=False))
