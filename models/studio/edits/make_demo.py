"""Renders the pictures of the demo, and writes them with their `demo.toml`.

    PYTHONPATH=models python -m studio.edits.make_demo models/editjudge_models/demo

For every input scenes are drawn from a seed on until one has what the instruction names. The instructions are fixed, as
the parser must get every one of them right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from editjudge.types import EditIntent, Image
from studio.edits.candidates import CandidateScene, candidates
from studio.edits.edit import EDIT_RULES, SceneEdit, random_edit
from studio.renderer.scene import SceneRules, render

CANVAS = 512
WEBP_QUALITY = 88
LABELS = {
    "well_done": "well done",
    "damaged": "well done, with damage elsewhere",
    "misplaced": "right object, wrong place or size",
    "wrong": "wrong object or colour",
    "unchanged": "nothing changed",
    "noise": "only noise added",
    "regenerated": "whole picture painted anew",
}


@dataclass(frozen=True)
class DemoSpec:
    """An input of the demo: its instruction with the true intent, the seed of its scene, and its candidates."""

    instruction: str
    intent: EditIntent
    seed: int
    qualities: tuple[str, ...]


SPECS = (
    DemoSpec(
        "Make the car blue.",
        EditIntent("color", "car", "blue car"),
        2049,
        ("well_done", "damaged", "misplaced", "wrong", "unchanged"),
    ),
    DemoSpec(
        "Add a cat to the right of the sofa.",
        EditIntent("add", None, "cat", "sofa", position="right"),
        3010,
        ("well_done", "damaged", "misplaced", "wrong", "noise"),
    ),
    DemoSpec(
        "Remove the umbrella.",
        EditIntent("remove", "umbrella", None),
        4002,
        ("well_done", "damaged", "wrong", "unchanged", "regenerated"),
    ),
    DemoSpec(
        "Replace the apple with a lemon.",
        EditIntent("replace", "apple", "lemon"),
        6024,
        ("well_done", "damaged", "misplaced", "wrong", "noise"),
    ),
    DemoSpec(
        "Move the dog to the left.",
        EditIntent("move", "dog", "dog", position="left"),
        6030,
        ("well_done", "damaged", "wrong", "unchanged", "regenerated"),
    ),
    DemoSpec(
        "Make the penguin larger.",
        EditIntent("size", "penguin", "penguin", size="larger"),
        3014,
        ("well_done", "misplaced", "wrong", "unchanged"),
    ),
)


def draw(spec: DemoSpec) -> tuple[SceneEdit, dict[str, CandidateScene]]:
    """The first edit from the spec's seed on that is the specified one and has all its candidates, by quality."""
    for rng in _generators(spec.seed):
        edit = random_edit(rng, _rules(rng, spec.intent), spec.intent.edit_type)
        if edit.intent == spec.intent and len(edit.original.items) >= 3:
            by_quality = {candidate.quality: candidate for candidate in candidates(rng, edit, EDIT_RULES)}
            if set(spec.qualities) <= set(by_quality):
                return edit, by_quality
    raise AssertionError("there is no end of seeds")


def _generators(seed: int) -> Iterator[np.random.Generator]:
    while True:
        yield np.random.default_rng([seed, 77])
        seed += 1


def _rules(rng: np.random.Generator, intent: EditIntent) -> SceneRules:
    """Scenes of a few names, including those that are needed, so that not many scenes have to be drawn."""
    needed = {phrase.split()[-1] for phrase in (intent.source, intent.target, intent.anchor) if phrase}
    others = rng.choice([name for name in EDIT_RULES.names if name not in needed], size=4, replace=False)
    return replace(EDIT_RULES, count=(3, 4), painted=0.15, names=(*sorted(needed), *map(str, others)))


def write(folder: Path) -> None:
    """Writes all pictures, and the list of them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["format = 1"]
    for spec in SPECS:
        edit, by_quality = draw(spec)
        name = spec.intent.edit_type
        _save(folder / f"{name}-original.webp", render(edit.original, CANVAS).image)
        lines += ["", "[[input]]", f'id = "{name}"', f"instruction = {json.dumps(spec.instruction)}"]
        lines += [f'original = "{name}-original.webp"']
        # The best candidate does not come first: a ranking that did nothing would look right.
        for number, index in enumerate(np.random.default_rng(spec.seed).permutation(len(spec.qualities)), start=1):
            quality = spec.qualities[index]
            _save(folder / f"{name}-{number}.webp", by_quality[quality].image(CANVAS))
            lines += ["[[input.candidate]]", f'file = "{name}-{number}.webp"', f'label = "{LABELS[quality]}"']
    (folder / "demo.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _save(path: Path, image: Image) -> None:
    _, data = cv2.imencode(".webp", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    path.write_bytes(data.tobytes())


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    write(command_line.parse_args().folder)


if __name__ == "__main__":
    main()
