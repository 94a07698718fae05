"""What became of an edit, in one or two sentences: what was done or not, what else changed, what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.bpm.explanation.clauses import describe_outcome, effective_type, growth, is_done
from editjudge.metrics.bpm.explanation.noun_phrase import Noun
from editjudge.metrics.bpm.explanation.unasked import describe_unasked
from editjudge.metrics.bpm.score import EditScore, PartScore
from editjudge.metrics.bpm.verdict import find_spill, find_spilt
from editjudge.metrics.flags import CAVEATS, FLAGS, NOT_FOUND
from editjudge.utils.libraries.opencv import cv2

UNTOUCHED = 0.005  # a smaller changed share of the rest may be the rim of the objects
SLIGHT = 0.12  # the mean change of the changed pixels under which they changed "slightly"
NARROW = 0.18  # the spread of the change, as a share of a side, under which it has a place (all over: 0.29)

CELLS = (
    ("top left", "at the top", "top right"),
    ("on the left", "in the centre", "on the right"),
    ("bottom left", "at the bottom", "bottom right"),
)
OF_THE_PIXELS = ("aspect_changed", "resized", "out_of_time")
"""The caveats that also hold where pixels alone tell what a picture is: no model was asked then."""
DRIFTS = {"shifted": "shifted", "cropped": "scaled or cropped a little", "tone_changed": "changed in tone"}
ROWS = ("along the top", "across the middle", "along the bottom")
COLUMNS = ("along the left side", "down the middle", "along the right side")


def explain(score: EditScore) -> str:
    """Says what a score means and rests on: one sentence, and a second one where there is something to be wary of."""
    sentences = [_news(score), *describe_unasked(score), *_caveats(score)]
    return " ".join(text[0].upper() + text[1:] + "." for text in sentences)


def _news(score: EditScore) -> str:
    if score.kind != "edit":
        return describe_kind(score)
    parts = [_as_single(score, part) for part in score.parts]
    # What was not done is what a reader looks for.
    parts.sort(key=lambda part: (not is_done(part), part.semantic.modify is not None))
    outcomes = list(dict.fromkeys(map(_outcome, parts)))
    mixed = len({is_done(part) for part in parts}) > 1
    joint = ", but " if mixed else ", and "
    if len(outcomes) > 2 or any(part.semantic.modify is None for part in parts) or ", but " in "".join(outcomes):
        joint = "; "
    return "; ".join([joint.join(outcomes), *_kept(score), *_rest(score)])


def _kept(score: EditScore) -> Iterator[str]:
    """What was to stay and did not."""
    for part in score.parts:
        if part.intent.keep and "keep_changed" in part.flags:
            noun = Noun.of(part.intent.keep)
            lost = not any(found.phrase == part.intent.keep for found in score.regions["edited"])
            again = f"this bundle did not find {'them' if noun.plural else 'it'} again" if lost else "changed"
            yield f"{noun.the} {noun.was} to stay, but {again}"


def describe_kind(score: EditScore) -> str:
    """A clause about a picture that is no edit, as far as its pixels tell."""
    if score.kind == "other_picture":
        return "the edited picture shares too little with the original to be an edit of it"
    if score.kind == "noise":
        return "nothing was edited: only noise was added"
    drift = [DRIFTS[flag] for flag in score.flags if flag in DRIFTS]
    if drift:
        return f"nothing was edited: the picture was only {' and '.join(drift)}"
    same = "are the same, but for noise" if score.evidence.change.any() else "are the same"
    return f"nothing was edited: the two pictures {same}"


def _as_single(score: EditScore, part: PartScore) -> EditScore:
    """A part of a compound as if it alone had been asked for."""
    if len(score.parts) == 1:
        return score
    alone = replace(score, intent=part.intent, semantic=part.semantic, region=part.region, flags=part.flags)
    return replace(alone, parts=(part,), evidence=score.evidence.without_masks())  # which are those of all parts


def describe_part(score: EditScore, part: PartScore) -> str:
    """A clause about one thing that was asked for: whether it was done, and what else happened to its object."""
    return _outcome(_as_single(score, part))


def _outcome(score: EditScore) -> str:
    joint = ", but " if is_done(score) else ", and "
    return describe_outcome(score) + "".join(joint + effect for effect in _side_effects(score))


def _side_effects(score: EditScore) -> Iterator[str]:
    """What happened to the object that nobody asked for."""
    intent, region = score.intent, score.region
    if (
        score.semantic.modify is None
        or effective_type(score) in ("add", "remove", "style")
        or not NOT_FOUND.isdisjoint(score.flags)
    ):
        return
    noun = Noun.of(intent.target)
    if region.size == 0.0 and effective_type(score) != "size":
        resized = f"also {growth(score) or 'changed in size'}"
        yield f"{noun.it} {resized if intent.size == 'unchanged' else f'did not get {intent.size}'}"
    elif region.position != 1.0 and effective_type(score) != "move":
        yield f"{noun.it} {noun.is_} no longer where {noun.it} {noun.was}"


def _rest(score: EditScore) -> Iterator[str]:
    """How much changed that should not have, and where."""
    if score.bpm is not None and any(part.intent.is_global for part in score.parts):
        yield from _spots(score)
        return
    whole = score.bpm is None or not NOT_FOUND.isdisjoint(score.flags)
    share = score.changed_share if score.bpm is None else score.evidence.changed_share(whole)
    if share is None:
        return
    rest = "the picture" if whole else "the rest of the picture"
    changes = score.evidence.changes
    if share < UNTOUCHED and score.bpm is not None and not (changes.mask.any() if whole else find_spill(score)):
        yield f"{rest} is untouched"
        return
    change = score.evidence.change * score.evidence.outside(whole)
    cv2.threshold(change, score.evidence.NOTICED, 0, cv2.THRESH_TOZERO, dst=change)
    slightly = " slightly" if change.sum() <= SLIGHT * cv2.countNonZero(change) else ""
    if score.bpm is None:  # where the headline says so too
        change = changes.mask.astype(np.float32)
    elif share < UNTOUCHED or not change.any():  # then what is left of the map is the objects' rim
        change = (changes.mask if whole else find_spilt(score)).astype(np.float32)
    yield f"{percent(share)} of {rest} changed{slightly}{_at(change)}"


def _spots(score: EditScore) -> Iterator[str]:
    """What changed otherwise than the rest, where all of the picture was to change."""
    if score.evidence.changes.spots is None:
        return
    away = find_spilt(score)
    share = float(away.mean())
    if share > UNTOUCHED:
        yield f"{percent(share)} of the picture changed otherwise than the rest{_at(away.astype(np.float32))}"


def percent(share: float) -> str:
    """A share, 0 to 1, in words."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "less than 1 %"


def _at(change: NDArray[np.float32]) -> str:
    return f", {place(change)}" if change.any() else ""


def place(change: NDArray[np.float32]) -> str:
    """Where the change float32[H, W] lies, strong changes counting more than weak ones."""
    weight = np.square(change)
    (row, tall), (column, wide) = (_spread(weight.sum(axis=axis)) for axis in (1, 0))
    if tall < NARROW and wide < NARROW:
        return f"mostly {CELLS[row][column]}"
    if tall < NARROW:
        return f"mostly {ROWS[row]}"
    return f"mostly {COLUMNS[column]}" if wide < NARROW else "all over"


def _spread(weights: NDArray[np.float32]) -> tuple[int, float]:
    """The third in which the mean of a distribution lies, and its standard deviation as a share of the whole length."""
    places = (np.arange(len(weights)) + 0.5) / len(weights)
    mean = float(np.average(places, weights=weights))
    return min(2, int(mean * 3)), float(np.sqrt(np.average(np.square(places - mean), weights=weights)))


def _caveats(score: EditScore) -> Iterator[str]:
    """The sentence about the flags that cast doubt on the score."""
    lost = next((part.intent.source for part in score.parts if "source_not_found" in part.flags), score.intent.source)
    anchor = next((part.intent.anchor for part in score.parts if part.intent.anchor), None)
    keep = next((part.intent.keep for part in score.parts if "keep_not_found" in part.flags), score.intent.keep)
    names = {"source": Noun.of(lost).the, "anchor": Noun.of(anchor).the, "keep": Noun.of(keep).the}
    told = CAVEATS if score.kind == "edit" else OF_THE_PIXELS
    doubts = [(FLAGS[flag].caveat or "").format(**names) for flag in told if flag in score.flags]
    if doubts:
        yield f"take this with care: {'; '.join(doubts)}"
