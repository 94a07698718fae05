"""What BPM, CLIP and encoders say of candidates of known quality.

BPM and CLIP take much longer than an encoder: what they said can be kept in a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.common.reporting import progress
from benchmarks.differences.cases import state_request
from benchmarks.pair.encoders import Encoders
from editjudge import EditScore, Scorer
from editjudge.models.pair.edit_clip import EditClip
from editjudge.types import CHANGE_KINDS, ChangeKind
from studio.edits.edit_set import RenderedEdit, edit_set

CLIP_METRICS = ("clip_i", "clip_t", "clip_directional", "clip_t_plus_i")
STRANGE = "out_of_domain"
"""The flag with which the metric of a directed encoder measures nothing."""


@dataclass(frozen=True)
class JudgedCandidate:
    """A candidate.

    Attributes:
        values: What each metric says, by name; None: it was not measured.
        part: What BPM rests on, as `PartScore.to_dict` writes it.
        kind, changed_share: What the pixels show, by which a ranking puts those in order that no number does.
        flags: Those of the score.
    """

    values: Mapping[str, float | None]
    part: Mapping[str, Any]
    kind: ChangeKind
    changed_share: float
    flags: tuple[str, ...]

    @classmethod
    def of(cls, score: EditScore) -> JudgedCandidate:
        values = {name: result.value for name, result in score.metrics.items()}
        part = score.parts[0].to_dict()
        return cls({"bpm": score.bpm, **values}, part, score.kind, score.changed_share, score.flags)

    def place(self, value: float | None) -> tuple[float, ...]:
        """Where a ranking by this value puts it, the best lowest."""
        known = (1, 0.0) if value is None else (0, -value)
        return *known, CHANGE_KINDS.index(self.kind), self.changed_share


Candidates = Mapping[str, JudgedCandidate]
"""Those of one input, by quality."""


def judge_set(
    scorer: Scorer, encoders: Encoders, seed: int, count: int, *, held_out: bool, kept: Path | None = None
) -> list[Candidates]:
    """The candidates of `count` inputs, by the true intents; the folder `kept` holds those that were judged before."""
    path = None if kept is None else kept / f"{seed}.jsonl"
    known = read_kept(path) if path is not None and path.is_file() else []
    label = "held-out inputs" if held_out else "training inputs"
    inputs = []
    for index, edit in enumerate(progress(edit_set(seed, count, held_out), count, label)):
        if index < len(known):
            candidates = known[index]
        else:
            candidates = judge(scorer, edit)
            if path is not None:
                add_kept(path, candidates)
        inputs.append(embed_candidates(encoders, edit, candidates))
    return inputs


def judge(scorer: Scorer, edit: RenderedEdit) -> Candidates:
    """What BPM and CLIP's metrics say of every candidate."""
    request = state_request(edit.instruction, edit.intent)
    assert request is not None
    ranked = scorer.prepare(edit.original, request, metrics=CLIP_METRICS).scores(edit.candidates.values())
    scores = zip(edit.candidates, (one.score for one in ranked), strict=True)
    return {quality: JudgedCandidate.of(score) for quality, score in scores if score is not None}


def embed_candidates(encoders: Encoders, edit: RenderedEdit, candidates: Candidates) -> Candidates:
    """The candidates with the cosines of their embeddings and the instruction's, as the metrics measure them."""
    pairs = [(edit.original, edit.candidates[quality]) for quality in candidates]
    cosines = {
        name: dict(zip(candidates, (encoder.edits(pairs) @ encoder.texts([edit.instruction])[0]).tolist(), strict=True))
        for name, encoder in encoders.items()
    }
    made: dict[str, JudgedCandidate] = {}
    for quality, candidate in candidates.items():
        values = {
            name: None if isinstance(encoders[name], EditClip) and STRANGE in candidate.flags else by_quality[quality]
            for name, by_quality in cosines.items()
        }
        made[quality] = replace(candidate, values={**candidate.values, **values})
    return made


def read_kept(path: Path) -> list[Candidates]:
    """An input a line."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        {quality: JudgedCandidate(**{**fields, "flags": tuple(fields["flags"])}) for quality, fields in row.items()}
        for row in rows
    ]


def add_kept(path: Path, candidates: Candidates) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({quality: asdict(candidate) for quality, candidate in candidates.items()}) + "\n")
