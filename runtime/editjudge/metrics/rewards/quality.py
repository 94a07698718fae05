"""Whether the edited picture is clean: what the edit added to it of noise, blur, blocks, bands, halos and the like."""

from __future__ import annotations

import math
from collections.abc import Sequence

from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import place_box
from editjudge.metrics.rewards.artefacts.artefact import Artefact, FoundArtefact
from editjudge.metrics.rewards.artefacts.registry import ARTEFACTS
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.reward_score import HIGHEST, NOTHING_WRONG, SideScore
from editjudge.types import Image
from editjudge.utils.libraries.opencv import cv2

PASSING = 3.0
"""The least score that is good enough."""
CLEAN = 4.5
"""The score from which there is nothing to say."""
HALF = 2.0
"""The severity that costs half of the points: one artefact between plainly seen and unbearable."""
STEEPNESS = 1.5
"""How fast that turns."""
LOCAL = frozenset({"seams", "bleeding", "cut"})
"""The artefacts that are of one place by their nature."""
SMALLEST = 64
"""Pixels of the shorter side of a picture under which artefacts and detail are one thing."""
DETAIL, LEFT = 4.0, 0.01
"""The mean squared step between pixels, in levels, from which a picture shows something, and the share of it under
which nothing of that is left: what is blurred beyond recognition keeps more."""
ArtefactList = Sequence[tuple[Artefact, FoundArtefact]]


def judge_quality(context: EditContext) -> SideScore:
    """How clean the edited picture is, whatever was asked for: 5 where nothing was added that anybody would see.

    Only what the original has not counts: who is handed a noisy photograph is not to blame for its noise. The edited
    picture is looked at in its own size, or at 1024 pixels of its longest side where that is larger, and the original
    in that size, too. Not measured where one of the two has a side of less than 64 pixels, or the edited one shows
    another picture.
    """
    if min(min(picture.shape[:2]) for picture in context.handed_in) < SMALLEST:
        return SideScore(None, None, f"A picture is too small: artefacts are told from {SMALLEST} pixels on.")
    if context.aligned.changes.kind == "other_picture":
        return SideScore(None, None, "The edited picture shows something else, so there is nothing to compare it with.")
    if _is_emptied(context.original, context.edited):
        return SideScore(0.0, False, "Hardly anything is left of the picture.")
    view = ArtefactView.of(context)
    found = [(artefact, artefact.find(view)) for artefact in ARTEFACTS]
    score = rate([one.severity for _, one in found])
    return SideScore(score, score >= PASSING, NOTHING_WRONG if score >= CLEAN else _tell(context, found))


def rate(severities: Sequence[float]) -> float:
    """0 to 5, falling with each severity, one of each of the ARTEFACTS; the worst of them count most.

    What spoils all of a picture looks like seams and cuts in places: beside the worse of the two, the other hardly
    counts.
    """
    named = list(zip(ARTEFACTS, severities, strict=True))
    local, whole = (math.hypot(*(one for kind, one in named if (kind.name in LOCAL) == side)) for side in (True, False))
    total = math.hypot(local * local, whole * whole) ** 0.5
    return float(HIGHEST / (1 + (total / HALF) ** STEEPNESS))


def _is_emptied(original: Image, edited: Image) -> bool:
    """Whether a picture, uint8[H, W, 3], became one of hardly more than one colour, in which no artefact can show."""
    before, after = (_measure_detail(picture) for picture in (original, edited))
    return before > DETAIL and after < LEFT * before


def _measure_detail(picture: Image) -> float:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    steps = cv2.absdiff(gray[:, 1:], gray[:, :-1])
    return float(cv2.norm(steps, cv2.NORM_L2SQR)) / steps.size


def _tell(context: EditContext, found: ArtefactList) -> str:
    """The worst artefact with its place, and the one after it where that is nearly as bad."""
    worst = sorted(found, key=lambda pair: -pair[1].severity)[:2]
    told = [
        f"{artefact.words} {_place(context, one)}" for artefact, one in worst if 2 * one.severity > worst[0][1].severity
    ]
    sentence = " and ".join(told)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _place(context: EditContext, found: FoundArtefact) -> str:
    if found.where is None:
        return "all over the picture"
    return place_box(context.task.to_original(found.where, 1, 1), context.task.content)
