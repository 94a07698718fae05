"""Metrics by CLIP: how alike the pictures are, how well the result fits the words, and the change the wanted one."""

from __future__ import annotations

import numpy as np

from editjudge.image.vectors import Vector, cosine
from editjudge.metrics.base import FormulaMetric, MetricSpec
from editjudge.metrics.context import EditContext

ROLES = ("clip_vision", "clip_text")


def clip_i(context: EditContext) -> float:
    """The cosine of the two pictures."""
    return cosine(*context.picture_features)


def clip_t(context: EditContext) -> float | None:
    """The cosine of the edited picture and the instruction, as the paper's authors have it; of an intent its target."""
    text = context.task.texts.get("target") if context.instruction is None else context.instruction
    return None if text is None else cosine(context.picture_features[1], context.text_feature(text))


def clip_directional(context: EditContext) -> float | None:
    """The cosine of the change of the whole picture and of the texts, all features normalised (Gal et al. 2021).

    The texts are those of S_modify: of an add only the target, of a remove only the source, reversed. 0 where they are
    the same, as for a move; None where no edit is asked for.
    """
    if not context.task.texts:
        return None
    before, after = (_unit(feature) for feature in context.picture_features)
    wanted = np.zeros_like(before)
    for name, text in context.task.texts.items():
        feature = _unit(context.text_feature(text))
        wanted += feature if name == "target" else -feature
    return cosine(after - before, wanted)


def clip_t_plus_i(context: EditContext) -> float | None:
    """The sum of the two."""
    fit = clip_t(context)
    return None if fit is None else fit + clip_i(context)


def _unit(vector: Vector) -> Vector:
    return vector / np.float32(np.linalg.norm(vector) or 1.0)


CLIP_I = FormulaMetric(
    MetricSpec(
        "clip_i",
        "CLIP-I",
        "-1 to 1: how alike the pictures are to CLIP",
        range=(-1.0, 1.0),
        roles=("clip_vision",),
    ),
    clip_i,
)
CLIP_T = FormulaMetric(
    MetricSpec(
        "clip_t",
        "CLIPScore (CLIP-T)",
        "-1 to 1: how well the result fits the instruction",
        range=(-1.0, 1.0),
        aspect="modify",
        roles=ROLES,
    ),
    clip_t,
)
CLIP_DIRECTIONAL = FormulaMetric(
    MetricSpec(
        "clip_directional",
        "directional CLIP",
        "-1 to 1: how well the change fits that from source to target",
        range=(-1.0, 1.0),
        aspect="modify",
        roles=ROLES,
        reads_intent=True,
    ),
    clip_directional,
)
CLIP_T_PLUS_I = FormulaMetric(
    MetricSpec(
        "clip_t_plus_i",
        "CLIPScore + CLIP-I",
        "-2 to 2: how well the result fits instruction and original",
        range=(-2.0, 2.0),
        aspect="both",
        roles=ROLES,
        parts=("clip_t", "clip_i"),
    ),
    clip_t_plus_i,
)
