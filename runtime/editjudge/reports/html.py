"""Scores as one HTML file that needs nothing else: pictures are inlined, and no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from editjudge.image.canvas import Content
from editjudge.metrics.dice.difference import CHANGES, Difference, PictureDifferences
from editjudge.metrics.flags import FLAGS, NOT_FOUND, explain_flag
from editjudge.metrics.registry import SUB_SCORES, EditScore, PartScore
from editjudge.reports import pictures
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.differences import (
    describe_unasked,
    list_entries,
    mark_picture,
    place_in_percent,
    summarise,
)
from editjudge.reports.metrics_table import list_metrics
from editjudge.reports.wording import (
    KINDS,
    describe_drift,
    describe_placements,
    describe_probability,
    explain_further,
    explain_order,
    has_number,
    list_unmeasured,
    name_decision,
)
from editjudge.types import FoundBox, Image
from editjudge.utils.arguments import TEXT, Accepted, instance
from editjudge.utils.text import printable
from editjudge.utils.timing import STAGES

EDITS = Accepted(
    lambda edits: isinstance(edits, list | tuple) and all(isinstance(edit, RankedEdit) for edit in edits),
    "a list of RankedEdit",
)
DIFFERENCES = instance(PictureDifferences, "what Scorer.differences gave")


def render_html(edits: Sequence[RankedEdit], title: str = "Edit report") -> str:
    """The report of one or more edits, whatever their texts hold: they are escaped and shown as they are."""
    EDITS.check(edits=edits)
    TEXT.check(title=title)
    scores = [candidate.score for edit in edits for candidate in edit.candidates if candidate.score]
    return render_template(
        "report.html.j2",
        [score.differences for score in scores],
        title=title,
        groups=[_group(edit) for edit in edits],
        bundle=scores[0].bundle if scores else "",
        version=scores[0].version if scores else "",
        placements=describe_placements(scores[0].models) if scores else "",
        heat_full=pictures.HEAT_FULL,
        sub_scores=[name for names in SUB_SCORES.values() for name in names],
    )


def render_differences_page(found: PictureDifferences, name: str, instruction: str | None = None) -> str:
    """The report of what changed in an edited picture.

    Args:
        found: What changed.
        name: That of the edited picture's file.
        instruction: What was asked for; None: nobody said.
    """
    DIFFERENCES.check(found=found)
    TEXT.check(name=name)
    if instruction is not None:
        TEXT.check(instruction=instruction)
    entries = list_entries(found, asked=instruction is not None)
    return render_template(
        "differences.html.j2",
        [found.differences],
        title="What changed",
        bundle=found.bundle,
        version=found.version,
        placements="",
        detector=found.detector,
        name=name,
        instruction=instruction,
        summary=summarise(found),
        unasked=describe_unasked(found),
        drift=describe_drift(found),
        pictures=[mark_picture(side, found, entries) for side in ("original", "edited")],
        differences=entries,
        left_out=found.left_out,
        element_reason=found.element_reason,
        flags=[_flag(flag) for flag in found.flags],
    )


def render_template(template: str, listed: Sequence[Sequence[Difference]], **values: Any) -> str:
    """A page. listed: the differences of each pair that it shows."""
    environment = Environment(
        loader=PackageLoader("editjudge.reports"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,  # not the markup of macros
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kinds = {difference.change for differences in listed for difference in differences}
    return environment.get_template(template).render(
        changes=[change for change in CHANGES if change in kinds],
        most_differences=max(map(len, listed), default=0),
        **values,
    )


def _group(edit: RankedEdit) -> dict[str, Any]:
    first = next((candidate.score for candidate in edit.candidates if candidate.score), None)
    return {
        "key": edit.key,
        "instruction": edit.instruction,
        "intents": [part.intent for part in first.parts] if first and "parse" not in first.left_out else [],
        "candidates": [_candidate(rank, candidate) for rank, candidate in enumerate(edit.candidates, 1)],
        "order": explain_order(edit.candidates),
    }


def _candidate(rank: int, candidate: Candidate) -> dict[str, Any]:
    score = _score(candidate.score) if candidate.score else {}
    return {**vars(candidate), "rank": rank, "error": candidate.failure, **score}


def _score(score: EditScore) -> dict[str, Any]:
    evidence, rows = score.evidence, score.sub_scores
    whole = _looks_everywhere(score)
    # By the default rules a failed edit has less than the plain sum: then what each part adds cannot be told.
    adds_up = score.value is not None and abs(sum(row.gain for row in rows) - score.value) < 0.005
    return {
        "whole": whole,
        "has_number": has_number(score),
        "unmeasured": list_unmeasured(score),
        "decision": name_decision(score),
        "probability": describe_probability(score),
        "shows": KINDS[score.kind],
        "drift": describe_drift(score),
        "explanation": explain_further(score),
        "slots": [row for row in rows if row.weight] if adds_up else [],
        "parts": [_part(part) for part in score.parts] if len(score.parts) > 1 else [],
        "flags": [_flag(name) for name in score.flags],
        "pictures": [
            _picture("original", score, evidence.original, evidence.original_mask),
            _picture("edited", score, evidence.edited, evidence.edited_mask),
        ],
        "heat": pictures.data_uri(pictures.heat_map(evidence, whole), quality=75),
        "changed": evidence.changed_share(whole),
        "metrics": list_metrics(score),
        "differences": list_entries(score),
        "summary": summarise(score),
        "unasked": describe_unasked(score),
        "thumbnail": pictures.data_uri(pictures.thumbnail(evidence.edited)),
        "stages": [(name, score.timings_ms[name]) for name in STAGES if score.timings_ms.get(name)],
        "total": score.timings_ms.get("total"),
    }


def _looks_everywhere(score: EditScore) -> bool:
    """Whether preservation is judged, and so shown, over the whole picture: no object tells what was to change."""
    is_global = any(part.intent.is_global for part in score.parts)
    return is_global or score.value is None or score.kind != "edit" or not NOT_FOUND.isdisjoint(score.flags)


def _part(part: PartScore) -> dict[str, Any]:
    values = [(name, getattr(getattr(part, group), name)) for group, names in SUB_SCORES.items() for name in names]
    return {"intent": part.intent, "values": values, "flags": [_flag(name) for name in part.flags]}


def _flag(name: str) -> dict[str, Any]:
    note = name in FLAGS and FLAGS[name].is_note
    return {"name": name.replace("_", " "), "meaning": explain_flag(name), "note": note}


def _picture(side: str, score: EditScore, picture: Image, mask: NDArray[np.bool_]) -> dict[str, Any]:
    height, width = picture.shape[:2]
    looked_at = side == "original" or score.kind == "edit"
    return {
        "side": side,
        "uri": pictures.data_uri(picture),
        "width": width,
        "height": height,
        "path": pictures.outline(mask) if looked_at else "",
        "absent": _explain_absence(side, score),
        "boxes": [_box(box, score.evidence.content) for box in score.regions.get(side, ())],
    }


def _explain_absence(side: str, score: EditScore) -> str:
    """Why nothing is marked in a picture."""
    local = [part.intent for part in score.parts if not part.intent.is_global]
    if not local:
        return ""
    if side == "edited" and score.kind != "edit":
        return "no object was looked for"
    wanted = [(intent.source, intent.anchor) if side == "original" else (intent.target,) for intent in local]
    phrases = dict.fromkeys(phrase for phrases in wanted for phrase in phrases if phrase)
    return f"{', '.join(phrases)}: not found by this bundle" if phrases else "no object to look for"


def _box(box: FoundBox, content: Content) -> dict[str, Any]:
    return {"phrase": box.phrase, "score": box.score, **place_in_percent(box.box, content)}
