"""What became of an edit, in one or two sentences: what was done or not, what else changed, what to be wary of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.bpm.explanation.clauses import describe_outcome, effective_type, growth, is_done
from editjudge.metrics.bpm.explanation.noun_phrase import Noun
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.flags import CAVEATS, FLAGS, NOT_FOUND

UNTOUCHED = 0.005  # a smaller changed share of the rest is not spoken of
SLIGHT = 0.12  # the mean change of the changed pixels under which they changed "slightly"
NARROW = 0.18  # the spread of the change, as a share of a side, under which it has a place (all over: 0.29)

CELLS = (
    ("top left", "at the top", "top right"),
    ("on the left", "in the centre", "on the right"),
    ("bottom left", "at the bottom", "bottom right"),
)
ROWS = ("along the top", "across the middle", "along the bottom")
COLUMNS = ("along the left side", "down the middle", "along the right side")


def explain(score: EditScore) -> str:
    """Says what a score means and rests on: one sentence, and a second one where there is something to be wary of."""
    sentences = [_news(score), *_caveats(score)]
    return " ".join(text[0].upper() + text[1:] + "." for text in sentences)


def _news(score: EditScore) -> str:
    if "no_op" in score.flags:
        noise = ", but for noise" if score.evidence.change.any() else ""
        return f"nothing changed: the two pictures are the same{noise}"
    joint = ", but " if is_done(score) else ", and "
    outcome = describe_outcome(score) + "".join(joint + effect for effect in _side_effects(score))
    return "; ".join([outcome, *_rest(score)])


def _side_effects(score: EditScore) -> Iterator[str]:
    """What happened to the object that nobody asked for."""
    intent, region = score.intent, score.region
    if effective_type(score) in ("add", "remove", "style") or not NOT_FOUND.isdisjoint(score.flags):
        return
    noun = Noun.of(intent.target)
    if region.size == 0.0 and effective_type(score) != "size":
        resized = f"also {growth(score) or 'changed in size'}"
        yield f"{noun.it} {resized if intent.size == 'unchanged' else f'did not get {intent.size}'}"
    elif region.position != 1.0 and effective_type(score) != "move":
        yield f"{noun.it} {noun.is_} no longer where {noun.it} {noun.was}"


def _rest(score: EditScore) -> Iterator[str]:
    """How much changed that should not have, and where."""
    if score.intent.is_global:
        return
    whole = not NOT_FOUND.isdisjoint(score.flags)
    share = score.evidence.changed_share(whole)
    if share is None:
        return
    rest = "the picture" if whole else "the rest of the picture"
    if share < UNTOUCHED:
        yield f"{rest} is untouched"
        return
    change = score.evidence.change * score.evidence.outside(whole)
    change[change <= score.evidence.NOTICED] = 0
    slightly = " slightly" if change.sum() < SLIGHT * np.count_nonzero(change) else ""
    percent = f"{share:.0%}".replace("%", " %") if share >= 0.01 else "less than 1 %"
    yield f"{percent} of {rest} changed{slightly}, {place(change)}"


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
    names = {"source": Noun.of(score.intent.source).the, "anchor": Noun.of(score.intent.anchor).the}
    doubts = [(FLAGS[flag].caveat or "").format(**names) for flag in CAVEATS if flag in score.flags]
    if doubts:
        yield f"take this with care: {'; '.join(doubts)}"
