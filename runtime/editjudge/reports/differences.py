"""What reports show of differences: words, in the terminal and in HTML alike, and what a page draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from editjudge.image.canvas import Content
from editjudge.metrics.dice.difference import Corners, Difference, PictureDifferences, find_worst
from editjudge.metrics.registry import EditScore
from editjudge.reports import pictures

Compared = EditScore | PictureDifferences
"""What lists differences."""

NOTHING_LISTED = {
    "edit": "Something changed, but no place stands out.",
    "unchanged": "Nothing changed: the pictures are the same, but for drift and compression at most.",
    "noise": "Noise was added, and nothing else changed.",
    "other_picture": "The pictures have too little in common for one to be an edit of the other.",
}
"""What is said where there is no difference, by the kind of the comparison."""
ASKED = {True: "yes", False: "no", None: "cannot be told"}
"""Whether a difference was asked for."""
MARKS = {True: "asked for", False: "not asked for", None: "not known whether asked for"}
"""The same on a page."""
WIDE = 0.8
"""The share of a side from which a box is said to go across it."""
ROWS, COLUMNS = ("top", "", "bottom"), ("left", "", "right")


def summarise(compared: Compared) -> str:
    """What happened, in a sentence."""
    listed = len(compared.differences)
    if not listed:
        return NOTHING_LISTED[compared.kind]
    count = listed + (compared.left_out if isinstance(compared, PictureDifferences) else 0)
    found = "1 difference" if count == 1 else f"{count:,} differences"
    only = f", of which the {listed} strongest are listed" if count > listed else ""
    noise = ", besides noise" if compared.kind == "noise" else ""
    return f"{found}{only}{noise}: {describe_share(measure_changed(compared))} of the picture changed."


def measure_changed(compared: Compared) -> float:
    """The share of the picture that changed, 0 to 1, beside the list of what did.

    A score counts its pixels one by one; what is listed has its holes closed, and all of a picture that changed as a
    whole. The larger one is told, so that the parts do not add up to more than all of it.
    """
    if isinstance(compared, PictureDifferences):  # has it so already
        return compared.changed_share
    return max(compared.changed_share, min(1.0, sum(one.share for one in compared.differences)))


def describe_count(compared: Compared) -> str:
    """How many differences there are, and how much of what changed was not asked for: "3, 12 % unasked"."""
    share = compared.unasked_share
    unasked = "" if share is None or not compared.differences else f", {_percent(share)} unasked"
    return f"{len(compared.differences)}{unasked}"


def describe_unasked(compared: Compared) -> str | None:
    """How much of what changed was not asked for, and where the worst of it is; None: that cannot be told."""
    share = compared.unasked_share
    if share is None:
        return None
    worst = find_worst(compared.differences)
    known = all(one.coherent is not None for one in compared.differences)
    change = "the change" if known else "the change of which it can be told"
    if worst is None:
        if all(one.coherent for one in compared.differences):
            return "All that changed was asked for."
        return f"{_percent(share)} of {change} was not asked for."
    named = name_difference(worst, compared.differences[worst], compared.evidence.content)
    return f"{_percent(share)} of {change} was not asked for; the worst is {named}."


def name_difference(index: int, difference: Difference, content: Content) -> str:
    """A difference in a few words: "2: REMOVE of dog (bottom left)"."""
    element = f" of {difference.element}" if difference.element else ""
    place = describe_place(difference.box, content)
    return f"{index + 1}: {difference.change}{element}{f' ({place})' if place else ''}"


def describe_place(box: Corners, content: Content) -> str:
    """Where a box, in pixels of the original as it was handed in, lies in what is seen of that, in words.

    Empty where the size of the original is no longer known.
    """
    x0, y0, x1, y1 = place_box(box, content)
    if x1 <= x0 or y1 <= y0:
        return ""
    across, down = x1 - x0 >= WIDE, y1 - y0 >= WIDE
    if across and down:
        return "whole picture"
    row, column = ROWS[_third(y0, y1)], COLUMNS[_third(x0, x1)]
    if across:
        return f"across the {row or 'middle'}"
    if down:
        return f"down the {column or 'middle'}"
    return " ".join(filter(None, (row, column))) or "middle"


def place_box(box: Corners, content: Content) -> Corners:
    """A box, in pixels of the original as it was handed in, in parts of 0 to 1 of what is shown of that; all zeros
    where its size is no longer known."""
    left, top, right, bottom = content.box
    width, height = max(1, right - left), max(1, bottom - top)
    x0, x1 = (min(max((x - left) / width, 0.0), 1.0) for x in box[::2])
    y0, y1 = (min(max((y - top) / height, 0.0), 1.0) for y in box[1::2])
    return (x0, y0, x1, y1) if content.height else (0.0, 0.0, 0.0, 0.0)


def place_in_percent(box: Corners, content: Content) -> dict[str, float]:
    """A box, which is in pixels of the original as it was handed in, in per cent of the part that is shown."""
    x0, y0, x1, y1 = (100 * value for value in place_box(box, content))
    return {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}


def describe_box(box: Corners) -> str:
    """x0, y0, x1, y1 in whole pixels."""
    return ",".join(f"{value:.0f}" for value in box)


def describe_share(share: float) -> str:
    """A share of the picture in per cent."""
    percent = 100 * share
    return "<0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"


def explain_difference(difference: Difference) -> str:
    """Of what it is a part, and what was measured of it."""
    return " ".join(_sentences(difference))


def _sentences(difference: Difference) -> Iterator[str]:
    if difference.partner is not None:
        yield f"Moved {'from' if difference.change == 'ADD' else 'to'} {difference.partner + 1}."
    if difference.rationale:
        yield difference.rationale


def pair_to_dict(
    found: PictureDifferences, original: str | None, edited: str | None, instruction: str | None
) -> dict[str, Any]:
    """The JSON of what changed between two pictures, with what they are called and what was asked for, by which
    `evaluate` tells pairs apart; None: they have no name, nobody said.
    """
    content = found.evidence.content
    asked = {"original": original, "edited": edited, "instruction": instruction}
    return {**asked, "width": content.width, "height": content.height, **found.to_dict()}


def worst_first(differences: Sequence[Difference]) -> list[tuple[int, Difference]]:
    """All with their indices: the worst that was not asked for, then the others as they are."""
    rows = list(enumerate(differences))
    worst = find_worst(differences)
    return rows if worst is None else [rows.pop(worst), *rows]


def list_entries(compared: Compared, asked: bool = True) -> list[dict[str, Any]]:
    """The differences as a page lists and draws them. asked: whether there is an instruction."""
    content = compared.evidence.content
    return [_entry(index, one, content, asked) for index, one in enumerate(compared.differences)]


def _entry(index: int, difference: Difference, content: Content, asked: bool) -> dict[str, Any]:
    return {
        **vars(difference),
        **place_in_percent(difference.box, content),
        "number": index + 1,
        "kind": difference.change.lower(),
        "place": describe_place(difference.box, content),
        "share": describe_share(difference.share),
        "asked": MARKS[difference.coherent] if asked else "",
        "asked_class": {True: "yes", False: "no", None: ""}[difference.coherent],
        "explanation": explain_difference(difference),
    }


def mark_picture(side: str, found: PictureDifferences, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The original or the edited picture with a box for each entry; with an outline too for what lies in it."""
    evidence = found.evidence
    picture = evidence.original if side == "original" else evidence.edited
    marks = []
    for label, entry in enumerate(entries, 1):
        lies_here = (entry["change"] == "REMOVE") == (side == "original")
        path = pictures.outline(evidence.labels == label) if lies_here else ""
        marks.append({"difference": entry, "path": path, "elsewhere": not lies_here})
    (height, width), (mask_height, mask_width) = picture.shape[:2], evidence.labels.shape
    return {
        "side": side,
        "uri": pictures.data_uri(picture),
        "width": width,
        "height": height,
        "mask_width": mask_width,
        "mask_height": mask_height,
        "marks": marks,
    }


def _third(low: float, high: float) -> int:
    """In which third the middle of a span of 0 to 1 lies."""
    return min(int((low + high) / 2 * 3), 2)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
