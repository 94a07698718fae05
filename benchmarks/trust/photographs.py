"""Photographs with edits, of which the embedded bundle knows nothing: what does it say of them?"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.trust.outcome import Outcome
from editjudge import EditJudgeError, Scorer
from editjudge.image.decode import load_image
from editjudge.image.transforms import resize
from editjudge.types import Image
from studio.edits.drifts import DRIFTS

SEED = 5
NOISE = 25.0
"""The standard deviation of noise, in levels."""
DRAWN = 3
"""Drifts of every original."""


def record(scorer: Scorer, folder: Path) -> list[tuple[str, dict[str, Outcome]]]:
    """For each pair its quality, and the scores of: the edit, unchanged, three drifts, noise, another picture."""
    entries = [json.loads(line) for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    originals = [load_image(folder / entry["original"]) for entry in entries]
    generator, inputs = np.random.default_rng(SEED), []
    for place, entry in enumerate(progress(entries, len(entries), "photographs")):
        original, another = originals[place], originals[(place + len(entries) // 2) % len(entries)]
        pictures = _draw_candidates(original, load_image(folder / entry["edited"]), another, generator)
        try:
            ranked = scorer.prepare(original, entry["instruction"]).scores(pictures.values())
            rows = {name: Outcome.of(one.score) for name, one in zip(pictures, ranked, strict=True)}
        except EditJudgeError:
            continue
        inputs.append((entry["quality"], rows))
    return inputs


def _draw_candidates(
    original: Image, edited: Image, another: Image, generator: np.random.Generator
) -> dict[str, Image]:
    height, width = original.shape[:2]
    noisy = original + generator.normal(0, NOISE, original.shape)
    drawn = generator.choice(len(DRIFTS), DRAWN, replace=False)
    drifted = {f"drift: {name}": DRIFTS[name](original) for name in (list(DRIFTS)[index] for index in drawn)}
    return {
        "edit": edited,
        "unchanged": original.copy(),
        **drifted,
        "noise": np.clip(noisy, 0, 255).astype(np.uint8),
        "another": resize(another, width, height, "area"),
    }


def summarise(inputs: list[tuple[str, dict[str, Outcome]]]) -> tuple[list[Figure], dict[str, int]]:
    true = [rows for quality, rows in inputs if quality == "good"]
    all_rows = [row for _, rows in inputs for row in rows.values()]
    edits = [rows["edit"] for quality, rows in inputs if quality != "noop"]
    drifted = [row.is_no_op for _, rows in inputs for name, row in rows.items() if name.startswith("drift: ")]
    first = [min(rows, key=lambda name, rows=rows: rows[name].place) == "edit" for rows in true]
    known = [not {"unknown_picture", "out_of_domain"} & set(row.flags) for row in edits]
    figures = [
        Figure("photos_drift", "photographs: drifted only, known as no_op", share(drifted), 0.99),
        Figure("photos_first", "photographs: the true edit ranks first of seven", share(first), 0.98),
        Figure(
            "photos_accepted", "photographs: edits accepted without being judged",
            sum(row.decision == "accept" for row in edits), 0, at_least=False,
        ),
        Figure("photos_inside", "photographs: taken for pictures that the bundle knows", share(known)),
        Figure(
            "photos_numbers", "photographs: a number where nothing was measured",
            sum(row.numbers_nothing for row in all_rows), 0, at_least=False,
        ),
        Figure(
            "photos_claims", "photographs: facts stated about what was not seen",
            sum(row.claims_unseen for row in all_rows), 0, at_least=False,
        ),
    ]  # fmt: skip
    return figures, dict(Counter(str(row.decision) for row in edits))
