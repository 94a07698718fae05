"""What an app may do with a score: accept the edit, reject it, or neither, with a probability that it was well done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.verdict_settings import QualityScale, VerdictSettings
from editjudge.errors import InputError, quote_value
from editjudge.image.align import shrink
from editjudge.image.changes import NOISY
from editjudge.metrics.bpm.score import EditScore, PartScore, Verdict
from editjudge.metrics.intents import asks_nothing, is_clearance
from editjudge.types import FRAME, Image
from editjudge.utils.arguments import PROBABILITY
from editjudge.utils.libraries.opencv import cv2

DOUBTFUL = frozenset({"parse_uncertain", "not_an_edit", "not_english", "cut_short", "keep_changed", "aspect_changed"})
MISREAD = frozenset({"parse_uncertain", "cut_short"})
BOUNDED = ("modify", "preserve", "position", "size")
"""What settings keep the least of, as `least_modify` and so on."""
TONED = 0.12
"""The mean change of tone of all of a picture, 0 to 1, that nobody would overlook; 10 % of light are up to 0.1."""
BLURRED = 0.06
"""The share of its sharpness, at FRAME, that a picture keeps at least; scaled to half and back, it keeps more."""
MARGIN = 0.03
"""How far round the objects, as a share of the longest side, a change may reach that is still about them."""


def decide(score: EditScore, settings: VerdictSettings | None, accept_at: float | None = None) -> Verdict:
    """The verdict on a score.

    What the pixels alone show is rejected whatever the pictures are of: that nothing was edited, or that this is
    another picture. Where no edit can be told from the instruction, there is nothing to judge.

    Args:
        score: Its own verdict is not looked at.
        settings: How the bundle was calibrated; None: it was not.
        accept_at: From which probability on an edit is accepted; None: as the bundle says.
    """
    if is_unread(score):
        return Verdict("not_judged", None)
    if score.kind != "edit":
        return Verdict("reject", 0.0)
    if score.bpm is None or settings is None:
        return Verdict("not_judged", None)
    # What was not done is not well done, whatever else speaks for it.
    seen = describe_seen(score.parts, find_spill(score))
    probability = estimate_probability(seen, settings) * find_done(score.parts)
    most_in_doubt = (settings.reject_at + settings.accept_at) / 2
    if probability > most_in_doubt and (is_beyond(seen, settings) or is_doubtful(score)):
        probability = most_in_doubt
    if probability >= (settings.accept_at if accept_at is None else accept_at):
        return Verdict("accept", probability)
    # Nor is an edit to blame for an instruction that may have been misread.
    is_bad = probability < settings.reject_at and MISREAD.isdisjoint(score.flags)
    return Verdict("reject" if is_bad else "unsure", probability)


def expect_rating(score: EditScore, scale: QualityScale | None) -> float | None:
    """What people are expected to rate an edit, 1 to 5, by its verdict; None without a scale, or a verdict on an edit.

    scale: as the bundle was calibrated on people's ratings; None: it was not.
    """
    probability = score.verdict.probability
    return None if scale is None or probability is None or score.kind != "edit" else scale.read(probability)


def is_unread(score: EditScore) -> bool:
    """Whether nothing was measured because no edit can be told from the instruction, which was read."""
    was_read = "parse" not in score.left_out
    return was_read and score.bpm is None and all(asks_nothing(part.intent) for part in score.parts)


def is_doubtful(score: EditScore) -> bool:
    """Whether an edit is not to be accepted for what the regression does not see, as nothing like it was rendered.

    The instruction may have been misread, or read in part, or ask for all to be removed but one thing; what was to stay
    may have changed; or all of the picture was stretched, toned, blurred or made noisy.
    """
    evidence = score.evidence
    if any(is_clearance(part.intent) for part in score.parts):
        return True
    if not DOUBTFUL.isdisjoint(score.flags) or evidence.changes.noise > NOISY or evidence.tone > TONED:
        return True
    return not score.is_global and _sharpness(evidence.edited) < BLURRED * _sharpness(evidence.original)


def _sharpness(picture: Image) -> float:
    """The mean squared Laplacian of uint8[H, W, 3], a larger one brought to FRAME: what blurs it there can be seen."""
    picture = shrink(picture, FRAME)
    return float(np.square(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F)).mean())


def describe_seen(parts: Sequence[PartScore], spill: float) -> dict[str, float]:
    """What the verdict looks at, by the names that settings have for it.

    Of a compound the worst part counts, as an edit is well done when all of it is.

    Args:
        parts: Of a score, at least one.
        spill: As `find_spill` tells it.
    """
    modify = min(part.semantic.modify or 0.0 for part in parts)
    return {
        "modify": modify,
        "modify_low": min(modify, 0.7),
        "preserve": min((1.0 if part.semantic.preserve is None else part.semantic.preserve) for part in parts),
        "position": min((1.0 if part.region.position is None else part.region.position) for part in parts),
        "size": min((1.0 if part.region.size is None else part.region.size) for part in parts),
        "spill": math.sqrt(spill),
        "whole": float(any(part.intent.is_global for part in parts)),
    }


def estimate_probability(seen: Mapping[str, float], settings: VerdictSettings) -> float:
    """The probability that the regression, and its curve if it has one, give to what `describe_seen` says."""
    logit = settings.bias + sum(getattr(settings, name) * value for name, value in seen.items())
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
    return float(np.interp(probability, settings.curve_at, settings.curve)) if settings.curve else probability


def is_beyond(seen: Mapping[str, float], settings: VerdictSettings) -> bool:
    """Whether an edit is worse, in something that `describe_seen` tells, than all that the verdict was fitted to."""
    for name in BOUNDED:
        least = getattr(settings, f"least_{name}")
        if least is not None and seen[name] < least:
            return True
    return settings.most_spill is not None and seen["spill"] > settings.most_spill


def find_done(parts: Sequence[PartScore]) -> float:
    """How far the part counts as done that is done least, 0 to 1."""
    return min(1.0 if part.done is None else part.done for part in parts)


def find_spill(score: EditScore) -> float:
    """The share of the picture that `find_spilt` finds, 0 to 1."""
    return float(find_spilt(score).mean())


def find_spilt(score: EditScore) -> NDArray[np.bool_]:
    """bool[h, w], small: where the picture changed away from the edit's objects.

    Of an edit of all of it, where it changed otherwise than the rest.
    """
    changes = score.evidence.changes
    changed = changes.mask if changes.spots is None else changes.spots
    height, width = changed.shape
    far = np.ones(changed.shape, bool)
    margin = MARGIN * max(height, width)
    scale = height / len(score.evidence.original_mask)
    for left, top, wide, high in (score.evidence.object_boxes * scale).tolist():
        rows = slice(max(0, int(top - margin)), int(top + high + margin) + 1)
        far[rows, max(0, int(left - margin)) : int(left + wide + margin) + 1] = False
    return np.asarray(changed & far)


def check_accept_at(accept_at: float | None) -> float | None:
    """The probability itself. Raises InputError where it is none."""
    if accept_at is None:
        return None
    if not PROBABILITY.holds(accept_at):
        raise InputError(f"accept_at (--accept-at) is {quote_value(accept_at)}; it must be a probability from 0 to 1")
    return float(accept_at)
