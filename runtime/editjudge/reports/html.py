"""Scores as one HTML file that needs nothing else: pictures are inlined, and no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from editjudge.metrics.flags import FLAGS, NOT_FOUND, explain_flag
from editjudge.metrics.registry import SUB_SCORES, EditScore
from editjudge.reports import pictures
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.metrics_table import list_metrics
from editjudge.reports.placement import describe_placements
from editjudge.types import FoundBox, Image
from editjudge.utils.text import printable
from editjudge.utils.timing import STAGES


def render_html(edits: Sequence[RankedEdit], title: str = "Edit report") -> str:
    """The report of one or more edits, whatever their texts hold: they are escaped and shown as they are."""
    environment = Environment(
        loader=PackageLoader("editjudge.reports"),
        autoescape=True,
        finalize=lambda value: printable(value) if type(value) is str else value,  # not the markup of macros
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scores = [candidate.score for edit in edits for candidate in edit.candidates if candidate.score]
    return environment.get_template("report.html.j2").render(
        title=title,
        groups=[_group(edit) for edit in edits],
        bundle=scores[0].bundle if scores else "",
        version=scores[0].version if scores else "",
        placements=describe_placements(scores[0].models) if scores else "",
        heat_full=pictures.HEAT_FULL,
        parts=[name for names in SUB_SCORES.values() for name in names],
    )


def _group(edit: RankedEdit) -> dict[str, Any]:
    first = next((candidate.score for candidate in edit.candidates if candidate.score), None)
    return {
        "key": edit.key,
        "instruction": edit.instruction,
        "intent": first and first.intent,
        "candidates": [_candidate(rank, candidate) for rank, candidate in enumerate(edit.candidates, 1)],
    }


def _candidate(rank: int, candidate: Candidate) -> dict[str, Any]:
    score = _score(candidate.score) if candidate.score else {}
    return {**vars(candidate), "rank": rank, "error": candidate.failure, **score}


def _score(score: EditScore) -> dict[str, Any]:
    evidence, parts = score.evidence, score.parts
    # Where an object was not found, preservation is judged over the whole picture, and so it is shown.
    whole = score.intent.is_global or not NOT_FOUND.isdisjoint(score.flags)
    adds_up = abs(sum(part.gain for part in parts) - score.value) < 0.005
    return {
        "whole": whole,
        "slots": [part for part in parts if part.weight] if adds_up else [],
        "flags": [_flag(name) for name in score.flags],
        "pictures": [
            _picture("original", score, evidence.original, evidence.original_mask),
            _picture("edited", score, evidence.edited, evidence.edited_mask),
        ],
        "heat": pictures.data_uri(pictures.heat_map(evidence, whole), quality=75),
        "changed": evidence.changed_share(whole),
        "metrics": list_metrics(score),
        "thumbnail": pictures.data_uri(pictures.thumbnail(evidence.edited)),
        "stages": [(name, score.timings_ms[name]) for name in STAGES if score.timings_ms.get(name)],
        "total": score.timings_ms.get("total"),
    }


def _flag(name: str) -> dict[str, Any]:
    note = name in FLAGS and FLAGS[name].is_note
    return {"name": name.replace("_", " "), "meaning": explain_flag(name), "note": note}


def _picture(side: str, score: EditScore, picture: Image, mask: NDArray[np.bool_]) -> dict[str, Any]:
    height, width = picture.shape[:2]
    full_height, full_width = score.evidence.original_size or (height, width)
    return {
        "side": side,
        "uri": pictures.data_uri(picture),
        "width": width,
        "height": height,
        "path": "" if score.intent.is_global else pictures.outline(mask),
        "absent": "" if score.intent.is_global else "nothing found",
        "boxes": [_box(box, full_width, full_height) for box in score.regions.get(side, ())],
    }


def _box(box: FoundBox, width: int, height: int) -> dict[str, Any]:
    """A box in per cent of the picture."""
    x0, y0, x1, y1 = (
        100 * min(max(value / length, 0.0), 1.0) for value, length in zip(box.box, (width, height) * 2, strict=True)
    )
    return {"phrase": box.phrase, "score": box.score, "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}
