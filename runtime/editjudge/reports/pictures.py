"""Pictures for reports: data URIs, mask outlines as SVG paths, and the heat map of what changed."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from editjudge.image.transforms import frame_scale
from editjudge.metrics.registry import Evidence
from editjudge.types import Image
from editjudge.utils.libraries.opencv import cv2

HEAT_FULL = 0.3
"""The change (L2 per pixel, 0 to 1) drawn in the hottest colour; the same in every report, so that they compare."""


def data_uri(picture: Image, quality: int = 82) -> str:
    """uint8[H, W, 3] RGB as a WebP data URI, to be inlined."""
    encoded = cv2.imencode(".webp", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return "data:image/webp;base64," + base64.b64encode(encoded.tobytes()).decode()


def thumbnail(picture: Image, side: int = 112) -> Image:
    """uint8[H, W, 3] shrunk until its longest side is at most `side` pixels."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    width, height = (max(1, round(length * scale)) for length in (picture.shape[1], picture.shape[0]))
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def outline(mask: NDArray[np.bool_]) -> str:
    """The borders of bool[H, W] as the `d` of an SVG path in pixels of the mask; empty for an empty mask.

    As they are shown at one size, a larger mask is simplified by as much more.
    """
    far = 0.8 * frame_scale(mask.shape)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    path = []
    for contour in contours:
        points = cv2.approxPolyDP(contour, far, True).reshape(-1, 2)
        if len(points) > 2:
            path.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    return "".join(path)


def heat_map(evidence: Evidence, whole: bool) -> Image:
    """uint8[H, W, 3] RGB: the change outside the masks, glowing on a dimmed edited picture; the masks are hatched.

    Stripes are as wide in a larger picture, of which reports show no more.
    """
    gray = cv2.cvtColor(evidence.edited, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    heat = np.clip(evidence.change / HEAT_FULL, 0, 1)
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    strength = np.clip(heat * 4, 0, 1)[..., None] * 0.9
    glowing = (gray * 0.3 + 14) * (1 - strength) + colours * strength
    y, x = np.indices(evidence.change.shape)
    stripe = ((x + y) // round(4 * frame_scale(evidence.change.shape)) % 4 == 0)[..., None]
    hatched = gray * 0.3 + np.where(stripe, 104, 78)
    picture = np.where(evidence.outside(whole)[..., None], glowing, hatched)
    return np.clip(picture, 0, 255).astype(np.uint8)
