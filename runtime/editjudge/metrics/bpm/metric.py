"""BPM as a metric: what it is, and its score of an edit that the models have looked at."""

from __future__ import annotations

from dataclasses import replace

import editjudge
from editjudge.metrics.base import MetricResult, MetricSpec
from editjudge.metrics.bpm.aggregate import assess
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.explanation.explain import explain
from editjudge.metrics.bpm.released import ReleasedRules
from editjudge.metrics.bpm.rules import Compat, Rules
from editjudge.metrics.bpm.score import EditScore
from editjudge.metrics.context import EditContext

RULES: dict[Compat | None, Rules] = {None: Rules(), "released": ReleasedRules()}
"""By the name that `--compat` gives them."""


class Bpm:
    """Balancing Preservation and Modification, by one set of rules."""

    spec = MetricSpec(
        "bpm",
        "BPM",
        "0 to 2: the asked is done, and the rest left alone",
        range=(0.0, 2.0),
        aspect="overall",
        roles=("detector", "sam_encoder", "sam_decoder", "clip_vision", "clip_text"),
        reads_intent=True,
    )

    def __init__(self, compat: Compat | None = None) -> None:
        self.rules: Rules = RULES[compat]

    def compute(self, context: EditContext) -> MetricResult:
        return self.score(context).as_result()

    def score(self, context: EditContext) -> EditScore:
        """The score of an edit; how long it took and what the models ran on is left for its owner to say."""
        task, observed = context.task, context.observation
        known = context.known.flags if context.known else ()
        where = observed.grounding
        judged = assess(
            task.intent,
            where,
            observed.features,
            original=context.original,
            edited=context.edited,
            ranges=context.models.bundle.manifest.norm,
            raised=(*known, *context.aligned.flags),
            rules=self.rules,
        )
        score = EditScore(
            bpm=judged.bpm,
            semantic=judged.semantic,
            region=judged.region,
            confidence=judged.confidence,
            flags=judged.flags,
            explanation="",
            intent=task.intent,
            regions={
                "original": task.report_boxes(where.source, where.anchor),
                "edited": task.report_boxes(where.target),
            },
            timings_ms={},
            bundle=context.models.bundle.name,
            version=editjudge.__version__,
            evidence=Evidence(context.original, context.edited, *where.masks, judged.change, task.size),
        )
        return replace(score, explanation=explain(score))
