"""Objects of the photographs, cut out along outlines that were drawn by hand; masks are float32[H, W], 0 to 1."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from editjudge.types import Floats, Image
from photographs.sources import open_photograph

Points = tuple[tuple[int, int], ...]
"""The corners of an outline: x, y in pixels of a photograph."""

FIG: Points = (
    (266, 196), (298, 192), (312, 178), (336, 162), (366, 155), (396, 156), (424, 172), (442, 198), (448, 222),
    (443, 248), (430, 272), (420, 296), (404, 316), (382, 324), (352, 320), (328, 300), (312, 274), (304, 250),
    (300, 216), (284, 212), (266, 208),
)  # fmt: skip
ASTRONAUT: Points = (
    (154, 87), (157, 67), (170, 48), (187, 33), (200, 23), (227, 15), (260, 22), (287, 42), (300, 73), (300, 100),
    (288, 122), (273, 134), (264, 160), (258, 174), (268, 178), (293, 212), (306, 242), (340, 258), (360, 298),
    (363, 342), (385, 341), (425, 343), (465, 368), (490, 405), (499, 452), (508, 458), (512, 470), (512, 512),
    (24, 512), (22, 440), (18, 400), (24, 350), (40, 268), (75, 232), (112, 208), (112, 190), (130, 165), (160, 148),
    (183, 146), (182, 136), (172, 122), (160, 112),
)  # fmt: skip
HELMET: Points = (
    (282, 512), (276, 470), (286, 425), (307, 387), (340, 357), (385, 344), (420, 345), (458, 366), (484, 405),
    (496, 455), (507, 460), (512, 475), (512, 512),
)  # fmt: skip
MOOSE: Points = (
    (70, 398), (72, 360), (100, 322), (150, 298), (210, 292), (268, 288), (264, 250), (288, 224), (290, 208),
    (232, 214), (200, 205), (178, 172), (152, 148), (156, 124), (170, 96), (186, 98), (200, 142), (224, 136),
    (248, 140), (266, 156), (258, 148), (284, 148), (316, 172), (356, 160), (340, 104), (358, 118), (372, 92),
    (388, 98), (404, 130), (424, 88), (444, 86), (456, 108), (474, 58), (486, 58), (484, 84), (514, 78), (516, 104),
    (492, 134), (440, 166), (384, 196), (402, 226), (418, 284), (440, 312), (442, 346), (420, 378), (372, 372),
    (320, 372), (270, 380), (180, 390),
)  # fmt: skip
HEAD_ENDS = 190
"""The row under which the astronaut's suit is."""
WOOD_ENDS, FLOWERS_BEGIN = 290, 345
"""The row under which what is green is grass, and that under which what is red is flowers before the moose."""
RIDGE: Points = (
    (-20, -20), (-20, 92), (21, 90), (42, 117), (58, 117), (83, 142), (108, 167), (133, 167), (158, 175), (175, 196),
    (200, 218), (225, 215), (250, 188), (275, 179), (281, 146), (304, 125), (333, 108), (367, 97), (392, 104),
    (408, 117), (425, 129), (458, 121), (475, 110), (500, 117), (542, 104), (583, 92), (617, 75), (660, 68), (660, -20),
)  # fmt: skip
ROCKET: Points = (
    (302, 200), (308, 150), (314, 132), (321, 124), (328, 130), (334, 142), (340, 180), (341, 300), (342, 342),
    (346, 362), (303, 362), (303, 338), (301, 300),
)  # fmt: skip
LAUNCH_TOWER: Points = ((303, 334), (342, 334), (359, 364), (358, 388), (350, 400), (350, 407), (283, 407), (284, 364))
MAST: Points = (
    (442, 118), (452, 118), (454, 190), (460, 194), (462, 222), (475, 374), (438, 374), (440, 300), (440, 194),
    (443, 190),
)  # fmt: skip
TOWER: Points = ((20, 120), (90, 100), (92, 260), (16, 280))


@cache
def cut_bowl() -> Floats:
    """What of the bowl is seen beside the fig: all that is of its red."""
    hue, saturation, value = cv2.split(cv2.cvtColor(open_photograph("bowl"), cv2.COLOR_RGB2HSV))
    red = ((hue < 14) | (hue > 172)) & (saturation > 140) & (value > 35)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))
    filled = cv2.morphologyEx((labels == largest).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    filled[saturation < 90] = 0
    whole = cv2.dilate(filled, np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(np.minimum(soften(whole, 0.8), 1 - cut_fig()), np.float32)


@cache
def cut_fig() -> Floats:
    return soften(draw_outline(open_photograph("bowl"), FIG), 0.8)


@cache
def cut_astronaut() -> Floats:
    """With her helmet: GrabCut within a rough outline, but for the helmet, which is as dark as its stand."""
    photograph = open_photograph("astronaut")
    helmet = draw_outline(photograph, HELMET)
    return soften(np.maximum(grab(photograph, ASTRONAUT, rim=5), helmet), 0.7)


@cache
def cut_suit() -> Floats:
    """What of the astronaut is orange, but for her face and hair."""
    hue, saturation, value = cv2.split(cv2.cvtColor(open_photograph("astronaut"), cv2.COLOR_RGB2HSV))
    orange = ((hue < 13) | (hue > 175)) & (saturation > 150) & (value > 70)
    orange[:HEAD_ENDS] = False
    closed = cv2.morphologyEx(orange.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(soften(closed.astype(np.float32), 0.7) * cut_astronaut(), np.float32)


@cache
def cut_moose() -> Floats:
    """GrabCut within a rough outline, less the wood that is seen between the antlers and the flowers before it."""
    photograph = open_photograph("moose")
    red, green, blue = cv2.split(photograph.astype(np.int16))
    wood = (green > red + 8) & (green > blue + 8)
    wood[WOOD_ENDS:] = False
    flowers = red > green + 12
    flowers[:FLOWERS_BEGIN] = False
    return soften(grab(photograph, MOOSE, rim=7) * ~(wood | flowers), 0.7)


@cache
def cut_dandelion() -> Floats:
    """The head of the nearest dandelion: a disc whose rim fades, as the hairs do."""
    return _draw_disc("dandelion", (189, 116), (110, 95))


@cache
def cut_small_dandelion() -> Floats:
    """The head of the one at the bottom right."""
    return _draw_disc("dandelion", (525, 277), (48, 40))


@cache
def cut_sky() -> Floats:
    """That over the mountains."""
    return soften(grab(open_photograph("mountains"), RIDGE, rim=5), 0.7)


def draw_outline(photograph: Image, outline: Points) -> Floats:
    """1 within an outline."""
    mask = np.zeros(photograph.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(outline, np.int32)], 1)
    return mask.astype(np.float32)


def grab(photograph: Image, outline: Points, rim: int) -> Floats:
    """1 where GrabCut finds the object within an outline; what lies deeper in it than `rim` pixels is sure to be."""
    mask = np.full(photograph.shape[:2], cv2.GC_BGD, np.uint8)
    rough = draw_outline(photograph, outline).astype(np.uint8)
    mask[cv2.dilate(rough, np.ones((rim, rim), np.uint8)) > 0] = cv2.GC_PR_FGD
    mask[cv2.erode(rough, np.ones((2 * rim, 2 * rim), np.uint8), borderValue=1) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(photograph, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    largest = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))
    return (labels == largest).astype(np.float32)


def _draw_disc(name: str, centre: tuple[int, int], axes: tuple[int, int]) -> Floats:
    disc = np.zeros(open_photograph(name).shape[:2], np.uint8)
    cv2.ellipse(disc, centre, axes, 8, 0, 360, 1, -1)
    return soften(disc.astype(np.float32), 4.0)


def soften(mask: Floats, sigma: float) -> Floats:
    """With an edge of some pixels instead of a step."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32)
