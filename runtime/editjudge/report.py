"""Scores as one HTML file that needs nothing else: pictures are inlined, and no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from editjudge import draw, flags
from editjudge.judged import Candidate, Judged, parts, printable
from editjudge.placed import placed
from editjudge.types import EditScore, FoundBox, Image
from editjudge.watch import STAGES


def report_html(judged: Sequence[Judged], title: str = "Edit report") -> str:
    """The report of one or more inputs, whatever their texts hold: they are escaped and shown as they are."""
    environment = Environment(
        loader=PackageLoader("editjudge"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scores = [each.score for one in judged for each in one.candidates if each.score]
    return environment.get_template("report.html.j2").render(
        title=printable(title),
        groups=[_group(one) for one in judged],
        bundle=scores[0].bundle if scores else "",
        version=scores[0].version if scores else "",
        placed=placed(scores[0].models) if scores else "",
        heat_full=draw.HEAT_FULL,
        noticed=draw.NOTICED,
    )


def _group(judged: Judged) -> dict[str, Any]:
    scored = [each.score for each in judged.candidates if each.score]
    return {
        "key": judged.key,
        "instruction": printable(judged.instruction),
        "intent": _intent(scored[0]) if scored else None,
        "original": draw.data_uri(draw.thumbnail(scored[0].evidence.original)) if scored else None,
        "candidates": [_candidate(rank, each) for rank, each in enumerate(judged.candidates, 1)],
    }


def _intent(score: EditScore) -> dict[str, str | None]:
    return {name: printable(value) if value else None for name, value in score.intent.to_dict().items()}


def _candidate(rank: int, candidate: Candidate) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "rank": rank,
        "name": printable(candidate.name),
        "quality": printable(candidate.quality) if candidate.quality else None,
        "error": printable(candidate.error or "could not be scored"),
        "score": None,
    }
    return shown if candidate.score is None else shown | _scored(candidate.score)


def _scored(score: EditScore) -> dict[str, Any]:
    evidence = score.evidence
    # Where an object was not found, preservation is judged over the whole picture, and so it is shown.
    whole = score.intent.is_global or not {"source_not_found", "target_not_found"}.isdisjoint(score.flags)
    shares = parts(score)
    adds_up = abs(sum(part.gain for part in shares) - score.bpm) < 0.005
    return {
        "score": score,
        "explanation": printable(score.explanation),
        "whole": whole,
        "parts": shares,
        "slots": [part for part in shares if part.weight] if adds_up else [],
        "flags": [
            {"name": flag.replace("_", " "), "meaning": flags.meaning(flag), "note": flag in flags.NOTES}
            for flag in score.flags
        ],
        "pictures": [
            _picture("original", score, evidence.original, evidence.original_mask),
            _picture("edited", score, evidence.edited, evidence.edited_mask),
        ],
        "heat": draw.data_uri(draw.heat_map(evidence, whole), quality=75),
        "changed": draw.changed_share(evidence, whole),
        "thumbnail": draw.data_uri(draw.thumbnail(evidence.edited)),
        "stages": [(name, score.timings_ms[name]) for name in STAGES if score.timings_ms.get(name)],
        "total": score.timings_ms.get("total"),
    }


def _picture(side: str, score: EditScore, picture: Image, mask: NDArray[np.bool_]) -> dict[str, Any]:
    height, width = picture.shape[:2]
    full_height, full_width = score.evidence.original_size or (height, width)
    return {
        "side": side,
        "uri": draw.data_uri(picture),
        "width": width,
        "height": height,
        "path": "" if score.intent.is_global else draw.outline(mask),
        "absent": "" if score.intent.is_global else "nothing found",
        "boxes": [_box(found, full_width, full_height) for found in score.regions.get(side, ())],
    }


def _box(found: FoundBox, width: int, height: int) -> dict[str, Any]:
    """A box in per cent of the picture."""
    x0, y0, x1, y1 = (
        100 * min(max(value / length, 0.0), 1.0) for value, length in zip(found.box, (width, height) * 2, strict=True)
    )
    return {
        "phrase": printable(found.phrase),
        "score": found.score,
        "x": x0,
        "y": y0,
        "width": x1 - x0,
        "height": y1 - y0,
    }
