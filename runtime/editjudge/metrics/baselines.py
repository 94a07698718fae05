"""The metrics beside BPM, of an original and an edited picture in its frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from editjudge.embed import Embedder, Embeddings
from editjudge.judges import Feature, Vector, cosine
from editjudge.metrics import pixels
from editjudge.metrics.models import Models
from editjudge.parsing.words import clean
from editjudge.types import Image


@dataclass
class Edit:
    """What is measured: two pictures uint8[H, W, 3] of one size, and texts; features are made once, when asked for.

    instruction: None where only the intent is known. texts: the phrases of the intent, "source" and "target", or of a
    global edit "target" alone; empty where no metric asks for them.
    """

    original: Image
    edited: Image
    instruction: str | None
    texts: Mapping[Feature, str]
    embedder: Embedder
    models: Models

    @cached_property
    def clip(self) -> Embeddings:
        """float32[2, D]: of the original and the edited picture."""
        return self.embedder.images([self.original, self.edited])

    def alike(self, role: str) -> float:
        """The cosine of both pictures' features, of DINO or DINOv2."""
        return cosine(*self.models.features(role, [self.original, self.edited]))


def clip_i(edit: Edit) -> float:
    return cosine(*edit.clip)


def clip_t(edit: Edit) -> float:
    """The cosine of the edited picture and the instruction, as the paper's authors have it; of an intent its target."""
    text = edit.texts.get("target") if edit.instruction is None else edit.instruction
    if text is None:
        return float("nan")
    clean(text)  # raises where it says nothing
    return cosine(edit.clip[1], edit.embedder.texts([text])[0])


def clip_directional(edit: Edit) -> float:
    """The cosine of the change of the whole picture and of the texts, all features normalised (Gal et al. 2021).

    The texts are those of S_modify: of an add only the target, of a remove only the source, reversed. 0 where they are
    the same, as for a move.
    """
    before, after = (_unit(feature) for feature in edit.clip)
    wanted = np.zeros_like(before)
    for name, feature in zip(edit.texts, edit.embedder.texts(list(edit.texts.values())), strict=True):
        wanted += _unit(feature) if name == "target" else -_unit(feature)
    return cosine(after - before, wanted)


def _unit(vector: Vector) -> Vector:
    return vector / np.float32(np.linalg.norm(vector) or 1.0)


FORMULAS: Mapping[str, Callable[[Edit], float]] = {
    "l2": lambda edit: pixels.l2(edit.original, edit.edited),
    "lpips": lambda edit: edit.models.distance(edit.original, edit.edited),
    "clip_i": clip_i,
    "clip_t": clip_t,
    "clip_directional": clip_directional,
    "dino": lambda edit: edit.alike("dino"),
    "dinov2": lambda edit: edit.alike("dinov2"),
    "ssim": lambda edit: pixels.ssim(edit.original, edit.edited),
    "psnr": lambda edit: pixels.psnr(edit.original, edit.edited),
    "clip_t_plus_i": lambda edit: clip_t(edit) + clip_i(edit),
}
"""All but BPM, which is the scorer's."""


def measure(edit: Edit, names: Sequence[str]) -> dict[str, float]:
    """The metrics of these names but BPM; NaN where one cannot be told, such as clip_t where there is no text."""
    return {name: FORMULAS[name](edit) for name in names if name in FORMULAS}
