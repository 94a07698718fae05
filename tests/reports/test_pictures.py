"""The pictures of a report: heat maps, outlines, and what is inlined."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from editjudge.metrics import EditScore
from editjudge.reports import pictures


def test_heat_map_glows_outside_and_is_hatched_inside(score: EditScore) -> None:
    heat = pictures.heat_map(score.evidence, whole=False).astype(int)
    spot, quiet, inside = heat[22, 53], heat[5, 40], heat[10:30, 5:25]
    assert spot.max() - spot.min() > 80  # a hot colour
    assert quiet.max() - quiet.min() < 5  # gray
    assert (inside.max(axis=2) - inside.min(axis=2)).max() == 0
    everywhere = pictures.heat_map(score.evidence, whole=True).astype(int)
    assert everywhere[20, 15].max() - everywhere[20, 15].min() > 80


def test_outline_of_a_square_and_of_nothing(score: EditScore) -> None:
    assert pictures.outline(score.evidence.original_mask) == "M5 10L5 29L24 29L24 10Z"
    assert pictures.outline(np.zeros((4, 4), bool)) == ""


def test_data_uri_holds_the_picture(score: EditScore) -> None:
    kind, _, data = pictures.data_uri(score.evidence.original, quality=100).partition(",")
    assert kind == "data:image/webp;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded.astype(int) - score.evidence.original)[15:25, 10:20].mean() < 8
