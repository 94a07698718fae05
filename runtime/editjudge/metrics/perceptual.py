"""Metrics by models that compare whole pictures: LPIPS, DINO and DINOv2."""

from __future__ import annotations

from editjudge.image.vectors import cosine
from editjudge.metrics.base import FormulaMetric, MetricSpec
from editjudge.metrics.context import EditContext
from editjudge.models import perceptual


def lpips(context: EditContext) -> float:
    return perceptual.measure_distance(context.models, context.original, context.edited)


def dino(context: EditContext) -> float:
    return cosine(*perceptual.embed(context.models, "dino", [context.original, context.edited]))


def dinov2(context: EditContext) -> float:
    return cosine(*perceptual.embed(context.models, "dinov2", [context.original, context.edited]))


LPIPS = FormulaMetric(
    MetricSpec(
        "lpips",
        "LPIPS (Alex)",
        "from 0: how different the pictures are to AlexNet",
        range=(0.0, None),
        higher_is_better=False,
        roles=("lpips",),
    ),
    lpips,
)
DINO = FormulaMetric(
    MetricSpec(
        "dino",
        "DINO score (ViT-S/16)",
        "-1 to 1: how alike the pictures are to DINO",
        range=(-1.0, 1.0),
        roles=("dino",),
    ),
    dino,
)
DINOV2 = FormulaMetric(
    MetricSpec(
        "dinov2",
        "DINOv2 score (ViT-S/14)",
        "-1 to 1: how alike the pictures are to DINOv2",
        range=(-1.0, 1.0),
        roles=("dinov2",),
    ),
    dinov2,
)
