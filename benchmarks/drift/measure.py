"""Can pixels alone tell a drift, and another picture, from an edit? On rendered scenes, and on one's photographs.

python -m benchmarks.drift.measure --inputs 100 [--photos FOLDER]

FOLDER holds `pairs.jsonl`, an edit a line: original, edited (files beside it) and quality, "noop" where nothing was
edited. Nothing here is part of a score yet: it says what an alignment before the score would be worth.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.drift.changes import find_changes
from benchmarks.drift.drifts import DRIFTS
from editjudge.image.decode import load_image
from editjudge.image.transforms import resize
from editjudge.types import Image
from studio.edits.edit_set import edit_set

SEED = 77
SQUARE = 16 / 512
"""The side of an inverted square that a person sees at once, as a share of the picture's."""

PicturePair = tuple[Image, Image | None]
"""An original and a true edit of it, uint8[H, W, 3] of one size; None: there is none."""


class Tally:
    """How often each kind was told of each sort of pair, and how long it took."""

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: list[float] = []

    def add(self, sort: str, original: Image, edited: Image) -> None:
        start = time.perf_counter()
        kind = find_changes(original, edited).kind
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
    for place, (original, edited) in enumerate(progress(pairs, len(pairs), "comparing")):
        tally.add("the same", original, original.copy())
        for name, drift in DRIFTS.items():
            tally.add(name, original, drift(original))
        if edited is not None:
            tally.add("true edit", original, edited)
        height, width = original.shape[:2]
        another = pairs[(place + len(pairs) // 2) % len(pairs)][0]
        tally.add("another picture", original, resize(another, width, height, "area"))
        tally.add("inverted square", original, invert_square(original, generator))
    return tally


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
    for rendered in edit_set(SEED, count):
        yield rendered.original, rendered.candidates["well_done"]


def read_pairs(folder: Path) -> Iterator[PicturePair]:
    """The photographs of a folder; the edited ones at the size of their originals."""
    for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        original = load_image(folder / entry["original"])
        edited = resize(load_image(folder / entry["edited"]), original.shape[1], original.shape[0], "area")
        yield original, None if entry.get("quality") == "noop" else edited


def summarise(tally: Tally, key: str, name: str, goal: float) -> list[Figure]:
    drifted = tally.share("unchanged", "the same", *DRIFTS)
    milliseconds = 1000 * float(np.median(tally.seconds))
    return [
        Figure(f"{key}_drift", f"{name}: drifted only, known as unchanged", drifted, goal),
        Figure(f"{key}_edit", f"{name}: true edits called an edit", tally.share("edit", "true edit")),
        Figure(f"{key}_other", f"{name}: another picture known", tally.share("other_picture", "another picture")),
        Figure(f"{key}_square", f"{name}: squares of 16 in 512 px seen", tally.share("edit", "inverted square")),
        Figure(f"{key}_ms", f"{name}: a pair, median", milliseconds, unit=" ms"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--inputs", type=int, default=100, help="rendered scenes")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    options.add_argument("--threads", type=int, default=2, help="of OpenCV")
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    rendered = measure(list(rendered_pairs(asked.inputs)))
    figures, tables = summarise(rendered, "studio", "studio", 0.98), {"studio": rendered.rows()}
    if asked.photos:
        photos = measure(list(read_pairs(asked.photos)))
        figures += summarise(photos, "photos", "photographs", 0.99)
        tables["photographs"] = photos.rows()
    show("drift, told by pixels alone", figures, **tables)


if __name__ == "__main__":
    main()
