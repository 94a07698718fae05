"""BPM and its parts as a module of Hugging Face evaluate, which copies this file before it imports it."""

from __future__ import annotations

from typing import Any

import evaluate

import datasets
from editjudge_integrations.kept_scorers import ScorerOptions, open_scorer
from editjudge_integrations.measured_parts import PARTS, add_up_parts
from editjudge_integrations.scored_rows import score_rows

DESCRIPTION = "How well edits of pictures did what was asked and left the rest alone."
INPUTS = """
Args:
    originals: Paths of the pictures before the edits.
    edited: Paths of the pictures after them.
    instructions: What was asked for.
    bundle, device, threads, compat: As of a Scorer; "studio" and "auto" where they are left out.

Returns for bpm, semantic, region (0 to 2), modify, preserve, position and size (0 to 1) the mean over the edits of
which it was measured, None where there are none; in "measured", how many those are; in "edits", how many there are.
"""
CITATION = "BPM: balancing preservation and modification (see docs/score.md for how it is measured here)."


class EditBpm(evaluate.Metric):
    """Means over all edits; what was not measured is left out, and counted."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"originals": text, "edited": text, "instructions": text}),
        )

    def _compute(
        self, originals: list[str], edited: list[str], instructions: list[str], **options: Any
    ) -> dict[str, Any]:
        """Raises TypeError for an option that is none, and what a Scorer raises, with the number of the edit."""
        scorer = open_scorer(ScorerOptions(**options))
        sums = add_up_parts(score_rows(scorer, list(originals), list(edited), list(instructions)))
        rows = zip(PARTS, sums.totals, sums.measured, strict=True)
        means = {part: total / measured if measured else None for part, total, measured in rows}
        return {**means, "measured": dict(zip(PARTS, sums.measured, strict=True)), "edits": sums.edits}
