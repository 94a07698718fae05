"""What reports say of a score in words, in the terminal and in HTML alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from editjudge.bundles.roles import ROLES
from editjudge.metrics.registry import EditScore
from editjudge.reports.candidates import Candidate
from editjudge.reports.differences import Compared
from editjudge.types import Placement

KINDS = {
    "edit": "an edit",
    "unchanged": "no change",
    "noise": "only noise",
    "other_picture": "too little in common",
}
"""What the pixels show, by the kind of a score."""

LEAST_PIXELS = 0.05  # a smaller shift is not spoken of
LEAST_TONE = 0.005  # nor is a smaller change of tone
EVEN = 0.02  # channels that differ by less changed alike
CHANNELS = ("red ", "green ", "blue ")
MIDDLE = 128.0  # the level of a picture that is not at hand


def has_number(score: EditScore) -> bool:
    """Whether there is a score to show: nothing was measured where there is no confidence in it."""
    return score.value is not None and score.confidence > 0


def name_decision(score: EditScore) -> str:
    """The verdict in a word or two."""
    return score.verdict.decision.replace("_", " ")


def describe_probability(score: EditScore) -> str | None:
    """That the edit was well done, as a clause; None: it is not known, or there is no edit."""
    probability = score.verdict.probability
    if probability is None or score.kind != "edit":
        return None
    percent = f"{100 * probability:.0f} %"
    if probability > 0.99:
        percent = "over 99 %"
    elif 0 < probability < 0.01:
        percent = "under 1 %"
    rating = (
        "" if score.expected_rating is None else f"; a rating of {score.expected_rating:.1f} of 5 is to be expected"
    )
    return f"well done with a probability of {percent}{rating}"


def list_unmeasured(score: EditScore) -> list[str]:
    """The sub-scores that apply to the edit and were not measured."""
    if score.value is not None:
        return []
    local = [part for part in score.parts if not part.intent.is_global]
    lacking = {name for part in local for name in ("position", "size") if getattr(part.region, name) is None}
    lacking |= {"modify", "preserve"} if len(local) == len(score.parts) else {"modify"}
    return [row.name for row in score.sub_scores if row.value is None and row.name in lacking]


def explain_further(score: EditScore) -> str:
    """The explanation, without what the headline said already."""
    said = score.headline.partition(": ")[2]
    explanation = score.explanation
    repeats = bool(said) and explanation.casefold().startswith(said.casefold())
    return explanation[len(said) :].strip() if repeats else explanation


def describe_drift(compared: Compared) -> str | None:
    """What happened to all of the picture and was put back before comparing; None: nothing."""
    return "; ".join(_drifts(compared)) or None


def _drifts(compared: Compared) -> Iterator[str]:
    drift = compared.alignment
    if not {"shifted", "cropped"}.isdisjoint(compared.flags):
        ways = zip(drift.shift, (("right", "left"), ("down", "up")), strict=True)
        moved = [
            f"{abs(pixels):.1f} px {way if pixels > 0 else back}"
            for pixels, (way, back) in ways
            if abs(pixels) >= LEAST_PIXELS
        ]
        if moved:
            yield f"shifted by {' and '.join(moved)}"
        if drift.scale != 1.0:
            yield f"scaled to {100 * drift.scale:.1f} %"
    if "tone_changed" in compared.flags:
        yield _describe_tone(compared)


def _describe_tone(compared: Compared) -> str:
    """By how much the picture's levels changed on average: all alike, or red, green and blue."""
    picture = compared.evidence.original
    levels = picture.mean(axis=(0, 1)) if picture.size else np.full(3, MIDDLE)
    levels = np.maximum(levels, 1.0)
    gain, offset = np.array(compared.alignment.gain), np.array(compared.alignment.offset)
    changes = (gain * levels + offset) / levels - 1
    alike = np.ptp(changes) < EVEN
    channels = {"": float(changes.mean())} if alike else dict(zip(CHANNELS, changes.tolist(), strict=True))
    told = [
        f"{name}{100 * abs(value):.0f} % {'brighter' if value > 0 else 'darker'}"
        for name, value in channels.items()
        if abs(value) >= LEAST_TONE
    ]
    return ", ".join(told) or f"{'more' if gain.mean() > 1 else 'less'} contrast"


def explain_order(candidates: Sequence[Candidate]) -> str | None:
    """Which candidates have a place without a score, and what that says of the first; None: none has."""
    places = [str(place) for place, one in enumerate(candidates, 1) if one.ordered_by == "pictures"]
    if not places:
        return None
    which = "all" if len(places) == len(candidates) else ", ".join(places)
    order = f"Ordered by what the pictures themselves show, for want of a score: {which}."
    edits = [one for one in candidates if one.ordered_by == "pictures" and one.score and one.score.kind == "edit"]
    if which == "all" and len(edits) > 1:
        order += " The first is the edit that changed least, which need not be the best."
    return order


def describe_placements(models: Mapping[str, Placement]) -> str:
    """The devices that models ran on, that of most first: "cuda; parser on cpu"."""
    by_device: dict[str, list[str]] = {}
    for role, placement in models.items():
        by_device.setdefault(placement.device, []).append(ROLES[role].title)
    first, *others = sorted(by_device, key=lambda device: -len(by_device[device])) or [""]
    return "; ".join([first, *(f"{', '.join(by_device[device])} on {device}" for device in others)])
