"""BPM as a metric: what it is, and its score of an edit that the models have looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import editjudge
from editjudge.metrics.base import MetricResult, MetricSpec
from editjudge.metrics.bpm.aggregate import Assessment, assess, in_order
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.explanation.explain import explain
from editjudge.metrics.bpm.explanation.headline import write_headline
from editjudge.metrics.bpm.measure import EditPart
from editjudge.metrics.bpm.released import ReleasedRules
from editjudge.metrics.bpm.rules import Compat, PaperRules, Rules
from editjudge.metrics.bpm.score import EditScore, PartScore, RegionScore, SemanticScore, Verdict
from editjudge.metrics.bpm.verdict import decide, expect_rating
from editjudge.metrics.context import EditContext
from editjudge.metrics.dice.located import LOCATED, locate_by_change
from editjudge.metrics.looking.looked_at import LookedAt
from editjudge.types import FoundBox
from editjudge.utils.timing import STAGES

RULES: dict[Compat | None, PaperRules] = {None: Rules(), "paper": PaperRules(), "released": ReleasedRules()}
"""By the name that `--compat` gives them."""


class Bpm:
    """Balancing Preservation and Modification, by one set of rules.

    Args:
        compat: The rules.
        accept_at: The probability from which an edit is accepted; None: the bundle's.
    """

    spec = MetricSpec(
        "bpm",
        "BPM",
        "0 to 2: the asked is done, and the rest left alone",
        range=(0.0, 2.0),
        aspect="overall",
        roles=("detector", "sam_encoder", "sam_decoder", "clip_vision", "clip_text"),
        reads_intent=True,
    )

    def __init__(self, compat: Compat | None = None, accept_at: float | None = None) -> None:
        self.rules: PaperRules = RULES[compat]
        self._accept_at = accept_at

    def compute(self, context: EditContext) -> MetricResult:
        return self.score(context).as_result()

    def score(self, context: EditContext) -> EditScore:
        """The score of an edit; how long it took and what the models ran on is left for its owner to say."""
        contexts = (context, *context.more)
        parts = [_as_part(one) for one in contexts]
        aligned, manifest = context.aligned, context.models.bundle.manifest
        judged = self._assess(context, parts)
        original_mask, edited_mask = (
            np.logical_or.reduce(side) for side in zip(*(part.where.masks for part in parts), strict=True)
        )
        content, (height, width) = context.task.content, context.original.shape[:2]
        factor = (content.box[2] - content.box[0]) / width
        evidence = Evidence(
            context.original,
            aligned.picture,
            original_mask,
            edited_mask,
            judged.change,
            aligned.changes,
            content,
            aligned.tone,
        )
        regions = _report_regions(contexts)
        listed = context.timely_differences
        left_out = _join_left_out(contexts, lists=listed is not None)
        is_known = any(regions.values()) or "detect" in left_out
        located = None if is_known or not listed else locate_by_change(context.intent, listed)
        flags = {*judged.flags, *([LOCATED] if located else []), *(["out_of_time"] if left_out else [])}
        score = EditScore(
            bpm=judged.bpm,
            semantic=_mean_semantic(judged.parts),
            region=_mean_region(judged.parts),
            confidence=judged.confidence,
            verdict=Verdict("not_judged", None),
            headline="",
            kind=aligned.changes.kind,
            changed_share=aligned.changes.share,
            alignment=aligned.changes.alignment.measure_drift(height, width, factor),
            flags=in_order(flags),
            explanation="",
            intent=context.intent,
            parts=judged.parts,
            regions=located or regions,
            timings_ms={},
            bundle=context.models.bundle.name,
            version=editjudge.__version__,
            evidence=evidence,
            differences=listed.differences if listed else (),
            unasked_share=listed.unasked_share if listed else None,
            looked_at=_report_looked_at(contexts),
            left_out=left_out,
        )
        score = replace(score, verdict=decide(score, manifest.verdict, self._accept_at))
        score = replace(score, expected_rating=expect_rating(score, manifest.quality_scale))
        score = replace(score, explanation=explain(score))
        return replace(score, headline=write_headline(score))

    def bound(self, context: EditContext) -> float | None:
        """The most that the score of an edit can be by what was observed so far; None: it will be no number."""
        return self._assess(context, [_as_part(one) for one in (context, *context.more)]).bound

    def _assess(self, context: EditContext, parts: Sequence[EditPart]) -> Assessment:
        known = [flag for one in (context, *context.more) if one.known for flag in one.known.flags]
        ranges = context.models.bundle.manifest.norm
        return assess(
            parts,
            original=context.original,
            aligned=context.aligned,
            ranges=ranges,
            raised=(*known, *context.aligned.flags),
            rules=self.rules.for_ranges(ranges),
        )


def _as_part(context: EditContext) -> EditPart:
    observed = context.observation
    is_placed = "embed" not in observed.left_out or (context.known is not None and context.known.embedded)
    return EditPart(context.intent, observed.grounding, observed.features, _list_left_out(context), is_placed)


def _list_left_out(context: EditContext) -> tuple[str, ...]:
    """The stages that there was no time for, the reading of the instruction among them."""
    return (*(["parse"] if context.task.not_read else []), *context.observation.left_out)


def _join_left_out(contexts: Sequence[EditContext], *, lists: bool) -> tuple[str, ...]:
    """The stages that there was no time for with any part, in their order; lists: whether differences are listed."""
    undone = {stage for context in contexts for stage in _list_left_out(context)}
    is_edit = contexts[0].aligned.changes.kind == "edit"
    return (*(stage for stage in STAGES if stage in undone), *([] if lists or not is_edit else ["differences"]))


def _report_regions(contexts: Sequence[EditContext]) -> dict[str, tuple[FoundBox, ...]]:
    regions: dict[str, tuple[FoundBox, ...]] = {"original": (), "edited": ()}
    for context in contexts:
        where = context.observation.grounding
        regions["original"] += context.task.report_boxes(where.source, where.anchor, where.keep)
        regions["edited"] += context.task.report_boxes(where.target, where.kept_edited)
    return regions


def _report_looked_at(contexts: Sequence[EditContext]) -> LookedAt:
    """For all that is asked for; boxes in pixels of the original as it was handed in."""
    task, (height, width) = contexts[0].task, contexts[0].original.shape[:2]
    joined = LookedAt.join(context.observation.looked_at for context in contexts)
    return replace(joined, boxes=tuple(task.to_original(box, height, width) for box in joined.boxes))


def _mean_semantic(parts: Sequence[PartScore]) -> SemanticScore:
    return parts[0].semantic if len(parts) == 1 else SemanticScore(**_means([part.semantic for part in parts]))


def _mean_region(parts: Sequence[PartScore]) -> RegionScore:
    return parts[0].region if len(parts) == 1 else RegionScore(**_means([part.region for part in parts]))


def _means(scores: Sequence[SemanticScore] | Sequence[RegionScore]) -> dict[str, float | None]:
    """The mean of each field; None where it is unknown of one of them."""
    rows = [vars(score) for score in scores]
    return {
        name: None if any(row[name] is None for row in rows) else sum(row[name] for row in rows) / len(rows)
        for name in rows[0]
    }
