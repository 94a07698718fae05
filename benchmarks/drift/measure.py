"""Can pixels alone tell a drift, and another picture, from an edit? On rendered scenes, and on one's photographs.

python -m benchmarks.drift.measure --inputs 100 [--photos FOLDER]

FOLDER holds `pairs.jsonl`, an edit a line: original, edited (files beside it) and quality, "noop" where nothing was
edited. It measures `image.changes`, which every score begins with, by itself: no model runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge.image.changes import find_changes
from editjudge.image.decode import load_image
from editjudge.image.transforms import resize
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.task import EditTask
from editjudge.types import EditIntent, Image
from studio.edits.damage import Flaw, inflict
from studio.edits.drifts import DRIFTS, compress, shift
from studio.edits.edit_set import edit_set

SEED = 77
CANVAS = 512
SQUARE = 16 / 512
"""The side of an inverted square that a person sees at once, as a share of the picture's."""

VISIBLE = 20.0
"""Units of CIE Lab that an inverted square must differ by on average to be seen: on plain gray, nothing is."""
LARGE = 1024
"""Pixels of a side of the pictures that are timed as they are handed in."""


@dataclass(frozen=True)
class PicturePair:
    """An original and a true edit of it, uint8[H, W, 3] of one size; None: there is none. whole: all was to change."""

    original: Image
    edited: Image | None
    whole: bool = False


HARMLESS: Mapping[str, Callable[[Image], Image]] = {
    "grain of 10 levels": lambda picture: inflict(picture, Flaw("grain", seed=SEED, strength=10)),
    "JPEG at 50": lambda picture: compress(picture, 50),
    "blur of 0.7 px": lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), np.uint8),
}
"""What is no edit either."""


class Tally:
    """How often each kind was told of each sort of pair, and how long it took."""

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: list[float] = []

    def add(self, sort: str, original: Image, edited: Image, whole: bool = False) -> None:
        start = time.perf_counter()
        kind = find_changes(original, edited, whole).kind
        self.seconds.append(time.perf_counter() - start)
        self.kinds[sort][kind] += 1

    def share(self, kind: str, *sorts: str) -> float:
        """How often a kind was told of pairs of these sorts."""
        counts = [self.kinds[sort] for sort in sorts]
        return sum(count[kind] for count in counts) / max(1, sum(count.total() for count in counts))

    def rows(self) -> dict[str, dict[str, int]]:
        return {sort: dict(count) for sort, count in self.kinds.items()}


def measure(pairs: list[PicturePair]) -> Tally:
    """Drifts, true edits, another picture and a small inverted square, of every pair."""
    tally, generator = Tally(), np.random.default_rng(SEED)
    for place, pair in enumerate(progress(pairs, len(pairs), "comparing")):
        original = pair.original
        tally.add("the same", original, original.copy())
        for name, change in {**DRIFTS, **HARMLESS}.items():
            tally.add(name, original, change(original))
        if pair.edited is not None:
            tally.add("true edit", original, pair.edited, pair.whole)
        height, width = original.shape[:2]
        another = pairs[(place + len(pairs) // 2) % len(pairs)].original
        tally.add("another picture", original, resize(another, width, height, "area"))
        squared = invert_square(original, generator)
        tally.add("inverted square" if _is_visible(original, squared) else "square on gray", original, squared)
    return tally


def _is_visible(original: Image, squared: Image) -> bool:
    """Whether the part of a picture that differs does so by an amount that can be seen."""
    one, other = (
        cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB) for picture in (original, squared)
    )
    gap = np.linalg.norm(one - other, axis=2)
    return bool(gap[gap > 0].sum() >= VISIBLE * (SQUARE * max(original.shape[:2])) ** 2)


def time_alignment(pairs: list[PicturePair]) -> dict[str, float]:
    """Milliseconds, median, of bringing a large edited picture into the frame of its original, and telling its kind."""
    spent: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        if pair.edited is None:
            continue
        original, edited = (resize(picture, LARGE, LARGE, "bicubic") for picture in (pair.original, pair.edited))
        task = EditTask.of(original, [EditIntent("remove", "object", None)], RULES[None])
        for name, handed_in in {"edit": edited, "shifted": shift(original, 4)}.items():
            start = time.perf_counter()
            task.align(handed_in)
            spent[name].append(time.perf_counter() - start)
    return {name: 1000 * float(np.median(seconds)) for name, seconds in spent.items()}


def invert_square(picture: Image, generator: np.random.Generator) -> Image:
    """A picture with a small square inverted, somewhere."""
    height, width = picture.shape[:2]
    side = max(2, round(SQUARE * max(height, width)))
    top, left = (int(generator.integers(side, length - 2 * side)) for length in (height, width))
    changed = picture.copy()
    changed[top : top + side, left : left + side] = 255 - changed[top : top + side, left : left + side]
    return changed


def rendered_pairs(count: int) -> Iterator[PicturePair]:
    """Held-out scenes with an edit that is well done."""
    for rendered in edit_set(SEED, count, canvas=CANVAS):
        yield PicturePair(rendered.original, rendered.candidates["well_done"], rendered.intent.is_global)


def read_pairs(folder: Path) -> Iterator[PicturePair]:
    """The photographs of a folder; the edited ones at the size of their originals."""
    for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        original = load_image(folder / entry["original"])
        edited = resize(load_image(folder / entry["edited"]), original.shape[1], original.shape[0], "area")
        yield PicturePair(original, None if entry.get("quality") == "noop" else edited)


def summarise(tally: Tally, key: str, name: str, goal: float) -> list[Figure]:
    drifted = tally.share("unchanged", "the same", *DRIFTS)
    milliseconds = 1000 * float(np.median(tally.seconds))
    taken = tally.share("edit", *HARMLESS)
    return [
        Figure(f"{key}_drift", f"{name}: drifted only, known as unchanged", drifted, goal),
        Figure(f"{key}_edit", f"{name}: true edits called an edit", tally.share("edit", "true edit")),
        Figure(f"{key}_other", f"{name}: another picture known", tally.share("other_picture", "another picture")),
        Figure(f"{key}_square", f"{name}: squares of 16 in 512 px seen", tally.share("edit", "inverted square"), 1.0),
        Figure(f"{key}_harmless", f"{name}: grain, JPEG 50, blur taken for an edit", taken, 0.01, at_least=False),
        Figure(f"{key}_ms", f"{name}: a pair, median", milliseconds, unit=" ms"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--inputs", type=int, default=100, help="rendered scenes")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    options.add_argument("--threads", type=int, default=2, help="of OpenCV")
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    pairs = list(rendered_pairs(asked.inputs))
    rendered = measure(pairs)
    figures, tables = summarise(rendered, "studio", "studio", 0.98), {"studio": rendered.rows()}
    for name, milliseconds in time_alignment(pairs).items():
        what = f"aligning 1024 x 1024 pixels and telling the kind: {name}"
        figures.append(Figure(f"{name}_1024_ms", what, milliseconds, 15, at_least=False, unit=" ms"))
    if asked.photos:
        photos = measure(list(read_pairs(asked.photos)))
        figures += summarise(photos, "photos", "photographs", 0.99)
        tables["photographs"] = photos.rows()
    show("drift, told by pixels alone", figures, **tables)


if __name__ == "__main__":
    main()
