"""The strongest change that was not asked for, in a clause."""

from __future__ import annotations

from collections.abc import Iterator

from editjudge.image.canvas import Content
from editjudge.metrics.bpm.explanation.noun_phrase import Noun
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.dice.difference import Change, Corners, Difference

NEARLY_NOTHING = 0.001
"""The share of a picture under which a change is not worth a sentence."""
DONE: dict[Change, str] = {"ADD": "added", "REMOVE": "removed"}
ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


def describe_unasked(score: EditScore) -> Iterator[str]:
    """Names the strongest difference that was not asked for; nothing where there is none worth a sentence."""
    unasked = [one for one in score.differences if one.coherent is False and one.share >= NEARLY_NOTHING]
    if score.kind != "edit" or not unasked:
        return
    worst, others = unasked[0], len(unasked) - 1
    more = "" if not others else f", and {others} more change{'s' if others > 1 else ''}"
    yield f"not asked for: {name_difference(worst)}, {place_box(worst.box, score.evidence.content)}{more}"


def name_difference(difference: Difference) -> str:
    """What happened, as "a dog was removed"."""
    noun = None if difference.element is None else Noun.of(difference.element)
    if difference.change == "EDIT":
        return f"{noun.the} look{'' if noun.plural else 's'} otherwise" if noun else "something looks otherwise"
    done = DONE[difference.change]
    return f"{noun.a} {noun.was} {done}" if noun else f"something was {done}"


def place_box(box: Corners, content: Content) -> str:
    """The ninth of what is shown of a picture in which the middle of a box lies; both in pixels of the original."""
    x0, y0, x1, y1 = box
    left, top, right, bottom = content.box
    column = COLUMNS[min(2, max(0, int(3 * ((x0 + x1) / 2 - left) / max(1, right - left))))]
    row = ROWS[min(2, max(0, int(3 * ((y0 + y1) / 2 - top) / max(1, bottom - top))))]
    return "in the centre" if (row, column) == ("middle", "centre") else f"at the {row} {column}"
