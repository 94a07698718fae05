"""A table of scores of rendered candidates, with all that is known of them: what `editjudge evaluate` reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from editjudge import EditIntent, Scorer
from editjudge.batch.columns import score_values
from editjudge.metrics.registry import chosen
from studio.candidates import TIERS
from studio.edit_set import RenderedEdit
from studio.ordering import Scored

Row = dict[str, Any]

PRESERVED = {"well_done": 1, "misplaced": 1, "unchanged": 1, "damaged": 0, "noise": 0, "regenerated": 0}
"""Whether the rest was left alone. Of what is wrong it is not known: the rest may be what was edited."""
MODIFIED = {"well_done": 1, "damaged": 1, "misplaced": 1, "wrong": 0, "unchanged": 0, "noise": 0}
"""Whether what was asked for was done. What was painted anew shows it, but did not do it."""
PERFECT = 200.0
"""Stands for the infinite PSNR of equal pictures, which JSON cannot hold; no two that differ come near it."""
FROM_TEXT = ("clip_t", "clip_t_plus_i")
"""Metrics that compare with the instruction as it is written."""


def rows(edit: RenderedEdit, scored: Scored) -> Iterator[Row]:
    """A row per candidate: what it is, what is known of it, and its score."""
    for quality, score in scored.scores.items():
        yield {
            "id": f"{scored.index}-{quality}",
            "group": str(scored.index),
            "edit_type": edit.edit_type,
            "instruction": edit.instruction,
            "kind": quality,
            "model": quality,
            "human": TIERS[quality],
            "human.preserve": None if edit.intent.is_global else PRESERVED.get(quality),
            "human.modify": MODIFIED.get(quality),
            **_geometry(edit, quality),
            **score_values(score),
        }


def _geometry(edit: RenderedEdit, quality: str) -> Row:
    """Whether the edited object has the right size and place, 1 or 0; None where the judges do not look at it."""
    known: Row = {"human.size": None, "human.position": None}
    asked = edit.edit
    if quality not in ("well_done", "damaged", "misplaced") or asked.target is None:
        return known
    wanted = asked.edited.items[asked.target]
    shown = edit.scenes[quality].items[asked.target] if quality == "misplaced" else wanted
    if asked.source is not None:
        known["human.size"] = int(shown.size == wanted.size)
    if asked.source is not None or asked.anchor is not None:
        known["human.position"] = int((shown.x, shown.y) == (wanted.x, wanted.y))
    return known


def released(scorer: Scorer, edit: RenderedEdit, intent: EditIntent) -> dict[str, float]:
    """By quality, BPM by the rules of the code that its authors released."""
    prepared = scorer.prepare(edit.original, intent, compat="released")
    return {quality: prepared.score(picture).bpm for quality, picture in edit.candidates.items()}


def baselines(scorer: Scorer, edit: RenderedEdit) -> dict[str, dict[str, float]]:
    """By quality, the columns of the metrics that BPM is compared with: all that the bundle has the models of."""
    names = chosen(None, scorer.bundle, parsed=True)
    by_intent = [name for name in names if name not in ("bpm", *FROM_TEXT)]
    by_text = [name for name in names if name in FROM_TEXT]
    found = {}
    for quality, picture in edit.candidates.items():
        measured = scorer.metrics(edit.original, picture, edit.intent, by_intent)
        measured |= scorer.metrics(edit.original, picture, edit.instruction, by_text)
        found[quality] = {f"metrics.{name}": min(measured[name], PERFECT) for name in names if name in measured}
    return found
