"""What does not matter does not matter: changes that leave the meaning of an edit as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.trust.outcome import Outcome
from editjudge import EditIntent, EditJudgeError, Scorer
from editjudge.types import Image
from studio.edits.drifts import compress, shift
from studio.edits.edit_set import edit_set

SEED = 52
OTHERS = ("damaged", "wrong")
FLIPPED = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Handed:
    """What is handed in: an original, an edited picture, and what was asked for."""

    original: Image
    edited: Image
    asked: EditIntent | str

    def repaint(self, change: Callable[[Image], Image]) -> Handed:
        return Handed(change(self.original), change(self.edited), self.asked)


def add_border(width: int) -> Callable[[Image], Image]:
    """A white border of so many pixels."""
    return lambda picture: np.asarray(
        cv2.copyMakeBorder(picture, *[width] * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8
    )


def flip(handed: Handed) -> Handed:
    """Both pictures mirrored, and left and right in what was asked for."""
    mirrored = handed.repaint(lambda picture: np.ascontiguousarray(picture[:, ::-1]))
    if isinstance(mirrored.asked, str):
        return mirrored
    asked = replace(mirrored.asked, position=FLIPPED.get(mirrored.asked.position, mirrored.asked.position))
    return replace(mirrored, asked=asked)


def enlarge(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


CHANGES: Mapping[str, Callable[[Handed], Handed]] = {
    "white border of 16 px": lambda handed: handed.repaint(add_border(16)),
    "white border of 48 px": lambda handed: handed.repaint(add_border(48)),
    "both flipped": flip,
    "both shifted by 3 px": lambda handed: handed.repaint(lambda picture: shift(picture, 3)),
    "both twice as large": lambda handed: handed.repaint(enlarge),
    "both JPEG at 90": lambda handed: handed.repaint(lambda picture: compress(picture, 90)),
    "quotes around the instruction": lambda handed: replace(handed, asked=f'"{handed.asked}"'),
    "spaces and capitals": lambda handed: replace(handed, asked=f"  {str(handed.asked).capitalize()}  "),
}
"""By what is done; the last two are of the words."""
OF_WORDS = tuple(CHANGES)[-2:]


def record(scorer: Scorer, count: int) -> list[dict[str, dict[str, Outcome]]]:
    """For each edit and candidate, the score as it is, by intent ("plain") and by "words", and after each change."""
    inputs = []
    for edit in progress(edit_set(SEED, count), count, "invariances"):
        candidates = {name: edit.candidates[name] for name in ("well_done", *OTHERS) if name in edit.candidates}
        try:
            inputs.append({name: _score_all(scorer, edit.original, picture, edit.intent, edit.instruction)
                           for name, picture in candidates.items()})  # fmt: skip
        except EditJudgeError:
            continue
    return inputs


def _score_all(scorer: Scorer, original: Image, edited: Image, intent: EditIntent, text: str) -> dict[str, Outcome]:
    plain, words = Handed(original, edited, intent), Handed(original, edited, text)
    handed = {"plain": plain, "words": words}
    handed |= {name: change(words if name in OF_WORDS else plain) for name, change in CHANGES.items()}
    return {name: Outcome.of(scorer.score(one.original, one.edited, one.asked)) for name, one in handed.items()}


def summarise(inputs: Sequence[dict[str, dict[str, Outcome]]]) -> tuple[list[Figure], dict[str, dict[str, float]]]:
    """The figures, and by change how often it moves the good edit and turns an order around."""
    moved = {name: [_moves(rows["well_done"], name) for rows in inputs] for name in CHANGES}
    flips = {name: sum(_flips(rows, name) for rows in inputs) for name in CHANGES}
    everything = [one for outcomes in moved.values() for one in outcomes]
    figures = [
        Figure("invariance", "meaning kept (8 ways): moves by more than 0.15", share(everything), 0.02, at_least=False),
        Figure("flips", "meaning kept: orders turned around", sum(flips.values()), 0, at_least=False),
    ]
    return figures, {name: {"moved": share(moved[name]), "flips": flips[name]} for name in CHANGES}


def _moves(rows: dict[str, Outcome], change: str) -> bool:
    return rows[change].moved_from(rows["words" if change in OF_WORDS else "plain"])


def _flips(candidates: dict[str, dict[str, Outcome]], change: str) -> int:
    """How many candidates that the good edit was ranked before now stand before it."""
    before = "words" if change in OF_WORDS else "plain"
    good = candidates["well_done"]
    return sum(
        good[before].place < rows[before].place and good[change].place > rows[change].place
        for name, rows in candidates.items()
        if name != "well_done"
    )
