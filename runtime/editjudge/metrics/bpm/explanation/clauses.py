"""Whether an edit did what was asked, as a clause per edit type: what is said when it did, and when it did not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from editjudge.image.boxes import MOVED, Box, iou, offset
from editjudge.metrics.bpm.explanation.noun_phrase import Noun, attribute
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.intents import is_clearance
from editjudge.types import EditType

DONE = 0.5  # the normalised modification from which an edit counts as done where the rules do not say so
HALF_DONE = 0.25  # and from which it counts as done, though not clearly
SAME_AREA = 0.1  # a smaller relative change of an area is not spoken of

ALONE = {"left": "to the left", "right": "to the right", "up": "up", "down": "down"}
ASIDE = {
    "left": "to the left of {}",
    "right": "to the right of {}",
    "up": "above {}",
    "down": "below {}",
    "inside": "inside {}",
    "near": "next to {}",
}
HALVES = {"left": "on the left", "right": "on the right", "up": "at the top", "down": "at the bottom"}

Clauses = tuple[str, str]
"""When it was done, and when not."""


def describe_outcome(score: EditScore) -> str:
    """The clause that says whether the edit was done."""
    if score.semantic.modify is None:
        if "parse" in score.left_out:
            return "whether the edit was done is not known"
        if score.intent.is_global:
            return "whether the picture was changed as asked is not known"
        unknown = Noun.of(score.intent.source or score.intent.target)
        return f"what became of {unknown.the} is not known"
    done, failed = OUTCOMES[effective_type(score)](score)
    if not is_done(score):
        return failed
    # What is accepted was clear enough to decide, whatever the modification alone says.
    clear = score.verdict.decision == "accept" or _done(score, DONE) >= 1
    return done if clear else f"{done}, though not clearly"


def is_done(score: EditScore) -> bool:
    """Whether the edit counts as done, clearly or not."""
    return "target_not_found" not in score.flags and _done(score, HALF_DONE) > 0


def _done(score: EditScore, enough: float) -> float:
    """How far the one part of a score counts as done; where the rules do not ask, all or nothing from `enough` on."""
    done = score.parts[0].done
    return float((score.semantic.modify or 0.0) >= enough) if done is None else done


def effective_type(score: EditScore) -> EditType:
    """The edit's type, or the one that it amounts to."""
    intent = score.intent
    if intent.is_global:
        return "remove" if is_clearance(intent) else "style"
    if intent.source is None:
        return "add"
    return "remove" if intent.target is None else intent.edit_type


def growth(score: EditScore) -> str | None:
    """ "grew by 40 %" or "shrank by 40 %", by the areas of the masks; None when it did neither."""
    before, after = (int(np.count_nonzero(mask)) for mask in (score.evidence.original_mask, score.evidence.edited_mask))
    change = after / before - 1 if before and after else 0.0
    if abs(change) < SAME_AREA:
        return None
    return f"grew by {change:.0%}".replace("%", " %") if change > 0 else f"shrank by {-change:.0%}".replace("%", " %")


def _missing(score: EditScore) -> str:
    target = Noun.of(score.intent.target)
    return f": this bundle found no {target.words} in the edited picture" if "target_not_found" in score.flags else ""


def _relation(score: EditScore) -> str:
    """Where the object was to be or to go, in words; empty when that was not said."""
    intent = score.intent
    if intent.anchor is not None:
        return ASIDE.get(intent.position, "").format(Noun.of(intent.anchor).the)
    return (HALVES if effective_type(score) == "add" else ALONE).get(intent.position, "")


def _add(score: EditScore) -> Clauses:
    target, where = Noun.of(score.intent.target), _relation(score)
    placement = {1.0: f" {where}", 0.5: f", but not all of it {where}", 0.0: f", but not {where}"}
    done = f"{target.a} {target.was} added" + (placement[score.region.position or 0.0] if where else "")
    if "target_not_found" in score.flags:
        return done, f"{target.a} {target.was} asked for{_missing(score).replace(':', ', but')}"
    return done, f"what is new does not look like {target.a}"


def _remove(score: EditScore) -> Clauses:
    intent = score.intent
    source = Noun.of("everything" if intent.is_global else intent.source)
    removed = f"{source.the} except {Noun.of(intent.keep).the}" if intent.keep else source.the
    return f"{removed} {source.was} removed", f"{removed} {source.does} not seem to have been removed"


def _replace(score: EditScore) -> Clauses:
    source, target = Noun.of(score.intent.source), Noun.of(score.intent.target)
    done = f"{source.the} {source.was} replaced with {target.a}"
    return done, f"{source.the} {source.was} not replaced with {target.a}{_missing(score)}"


def _become(past: str, present: str) -> Callable[[EditScore], Clauses]:
    """For edits of an object's looks: it turned blue, it did not turn blue."""

    def clauses(score: EditScore) -> Clauses:
        source, target = Noun.of(score.intent.source), Noun.of(score.intent.target)
        looks = attribute(source, target)
        if looks is None:
            return f"{source.the} became {target.a}", f"{source.the} did not become {target.a}{_missing(score)}"
        return f"{source.the} {past} {looks}", f"{source.the} did not {present} {looks}{_missing(score)}"

    return clauses


def _size(score: EditScore) -> Clauses:
    source, change, wanted = Noun.of(score.intent.source), growth(score), score.intent.size
    if wanted == "unchanged":
        return _some_size(score)
    did = change or (f"got {wanted}" if score.region.size else f"got a little {wanted}")
    if score.region.size and "target_not_found" not in score.flags:
        return f"{source.the} {did}, as asked", f"{source.the} {did}, but {source.does} not look the same any more"
    # Without masks, as in a compound, how it went instead cannot be told.
    instead = change or (f"kept {source.its} size" if score.evidence.original_mask.any() else "")
    why = _gone(score) or (f": {source.it} {instead}" if instead else "")
    return f"{source.the} {did}", f"{source.the} did not get {wanted}{why}"


def _some_size(score: EditScore) -> Clauses:
    """Of an edit of the size that does not say to which: what happened, as none of it is known to be as asked."""
    source = Noun.of(score.intent.source)
    if "target_not_found" in score.flags:
        lost = f"{source.the} {source.was} to change {source.its} size{_gone(score).replace(':', ', but')}"
        return lost, lost
    did = growth(score) or (f"kept {source.its} size" if score.region.size else f"changed {source.its} size")
    return f"{source.the} {did}", f"{source.the} {did}, but {source.does} not look the same any more"


def _move(score: EditScore) -> Clauses:
    source, where = Noun.of(score.intent.source), _relation(score) or "to another place"
    done = f"{source.the} moved {where}, as asked"
    if score.region.position and "target_not_found" not in score.flags:
        return done, f"{source.the} moved {where}, but {source.does} not look the same any more"
    return done, f"{source.the} did not move {where}{_gone(score) or f': {source.it} {_went(score)}'}"


def _gone(score: EditScore) -> str:
    source = Noun.of(score.intent.source)
    again = f": this bundle did not find {'them' if source.plural else 'it'} again"
    return again if "target_not_found" in score.flags else ""


def _went(score: EditScore) -> str:
    """Where an object went instead, by its best box in either picture."""
    source = Noun.of(score.intent.source)
    before, after = _best(score, "original", score.intent.source), _best(score, "edited", score.intent.target)
    if before is None or after is None or iou(before, after) > MOVED:
        return f"{source.is_} still about where {source.it} {source.was}"
    right, down = offset(after, before)
    if abs(right) > abs(down):
        return "went right" if right > 0 else "went left"
    return "went down" if down > 0 else "went up"


def _best(score: EditScore, side: str, phrase: str | None) -> Box | None:
    boxes = [found.box for found in score.regions[side] if found.phrase == phrase]
    return np.array(boxes[0], dtype=np.float32) if boxes else None


def _style(score: EditScore) -> Clauses:
    target = score.intent.target
    wanted = f": {Noun.of(target).words}" if target and target != "all" else ""
    return f"the picture was changed as asked{wanted}", f"the picture was not changed as asked{wanted}"


OUTCOMES: dict[EditType, Callable[[EditScore], Clauses]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "color": _become("turned", "turn"),
    "texture": _become("became", "become"),
    "size": _size,
    "move": _move,
    "action": _become("became", "become"),
    "style": _style,
    "other": _become("became", "become"),
}
