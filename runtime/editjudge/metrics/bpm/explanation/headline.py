"""The one sentence that a user must read first: what to do with the edit, or why nothing can be said of it."""

from __future__ import annotations

import numpy as np

from editjudge.metrics.bpm.explanation.explain import describe_kind, percent, place
from editjudge.metrics.bpm.explanation.noun_phrase import Noun
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.bpm.verdict import is_unread
from editjudge.metrics.flags import UNREAD
from editjudge.metrics.intents import asks_nothing, is_clearance

BUNDLE_FOR_PHOTOGRAPHS = "photo-lite"
"""Of the recipes for photographs the one that runs everywhere."""
DECISIONS = {"accept": "Accept", "reject": "Reject", "unsure": "Unsure", "not_judged": "Scored, but without a verdict"}


def write_headline(score: EditScore) -> str:
    """One sentence; the score's explanation must be there already."""
    if score.kind != "edit" and not is_unread(score):
        return f"Reject: {describe_kind(score)}."
    if score.bpm is None or not score.confidence:
        return f"Not scored: {explain_unmeasured(score)}; {describe_change(score)}{_remedy(score)}."
    news = score.explanation.split(". ")[0].rstrip(".")
    return f"{DECISIONS[score.verdict.decision]}: {news[0].lower()}{news[1:]}."


def describe_change(score: EditScore) -> str:
    """Where the pixels changed and how much, or that they show no edit, which needs no model."""
    if score.kind != "edit":
        return f"what can be trusted is that {describe_kind(score).replace(': ', ', as ')}"
    changed = score.evidence.changes.mask
    where = f", {place(changed.astype(np.float32))}" if changed.any() else ""
    return f"what can be trusted is where it changed: {percent(score.changed_share)} of the picture{where}"


UNREAD_REASONS = {
    "not_english": "the instruction is in another language than English; write it in English",
    "parse_uncertain": "the instruction was not understood; say in English what is to be changed into what",
    "not_an_edit": "the instruction asks for no edit that can be told; say what is to be changed into what",
}
"""Why no edit can be told from an instruction, and what to do, by flag."""
REASONS = {
    "unknown_picture": "the original looks like a photograph, or another kind of picture that {bundle} does not know",
    "unknown_words": "the instruction names things that {bundle} has not learned",
    "source_not_found": "{bundle} did not find {source} in the original",
    "target_not_found": "{bundle} did not find {target} in the edited picture",
    "anchor_not_found": "{bundle} did not find {anchor}, which the place refers to",
    "keep_not_found": "{bundle} did not find {keep} in the original, which the edit was to spare",
    "nothing_outside": "the objects of the edit fill the whole picture, so there is no rest to be preserved",
}
"""Why there is no number, by flag; the first that a score has is told."""
UNDONE = {
    "parse": "the instruction was read",
    "detect": "the objects of the edit were looked for",
    "embed": "the change was compared with the words",
    "segment": "the objects of the edit were cut out",
}
"""What there was no time for, by stage; the first that was left out is told."""


def explain_unmeasured(score: EditScore) -> str:
    """Why there is no number, in a clause."""
    undone = next((clause for stage, clause in UNDONE.items() if stage in score.left_out), None)
    if "parse" not in score.left_out and any(asks_nothing(part.intent) for part in score.parts):
        return UNREAD_REASONS[next((flag for flag in UNREAD if flag in score.flags), UNREAD[-1])]
    flag = next((flag for flag in REASONS if flag in score.flags), None)
    if flag is None and undone is not None:
        return f"the time that was allowed was up before {undone}"
    if flag is None and any(is_clearance(part.intent) for part in score.parts):
        return "what was removed cannot be told from a background with so many edges of its own"
    if flag is None:
        return "the instruction gives no direction to judge the change by"
    part = next((part for part in score.parts if flag in part.flags), score.parts[0])
    names = {name: Noun.of(getattr(part.intent, name)).the for name in ("source", "target", "anchor", "keep")}
    return REASONS[flag].format(bundle=f"bundle {score.bundle}", **names)


def _remedy(score: EditScore) -> str:
    """The command to a bundle that knows photographs; for a bundle that says of itself that it does not."""
    if "unknown_picture" not in score.flags:
        return ""
    return f"; for photographs: editjudge bundle build {BUNDLE_FOR_PHOTOGRAPHS}, then --bundle {BUNDLE_FOR_PHOTOGRAPHS}"
