"""Writes pairs to train on, aligned as at runtime.

    PYTHONPATH=models:runtime python -m studio.differences.write_shards --out runs/differences/pairs --count 10000

as .npz of SHARD pairs each (`write_shard`), and says of each what it holds.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.aligned_image import compare, undo_drift
from editjudge.metrics.dice.difference import CHANGES
from editjudge.types import Image
from studio.differences.draw import ALIKE, EDITS, ORIGINS, draw_pair
from studio.differences.pair import LabelledPair

SIDE, CELLS = 256, 64
"""Pixels of the frame's side, and its cells, of 4 x 4 pixels."""
MOST = 12
"""Changes that a pair may have: of more, the largest are kept."""
SHARD = 500


def write_shard(path: Path, pairs: Sequence[LabelledPair]) -> None:
    """Writes pairs as one .npz, not compressed, each aligned as at runtime and scaled to a longest side of SIDE.

    Arrays of N pairs, padded with zeros right and below: originals, aligned uint8[N, 256, 256, 3]; sizes int32[N, 2],
    height and width in the frame; counts int32[N]; boxes float32[N, 12, 4] in pixels of the frame; kinds int8[N, 12],
    indices of CHANGES; coherent int8[N, 12]: 1, 0, or -1 where nothing was asked; masks uint8[N, 64, 64], the share of
    each cell that some change altered, of 255; owners uint8[N, 64, 64], one more than the index of the change that
    altered most of it, 0 where none did; origin, of "studio/wrong" and the like.
    """
    count = len(pairs)
    arrays: dict[str, NDArray[np.generic]] = {
        "originals": np.zeros((count, SIDE, SIDE, 3), np.uint8),
        "aligned": np.zeros((count, SIDE, SIDE, 3), np.uint8),
        "sizes": np.zeros((count, 2), np.int32),
        "counts": np.zeros(count, np.int32),
        "boxes": np.zeros((count, MOST, 4), np.float32),
        "kinds": np.zeros((count, MOST), np.int8),
        "coherent": np.full((count, MOST), -1, np.int8),
        "masks": np.zeros((count, CELLS, CELLS), np.uint8),
        "owners": np.zeros((count, CELLS, CELLS), np.uint8),
        "origin": np.array([pair.origin for pair in pairs]),
    }
    for index, pair in enumerate(pairs):
        original, aligned = align(pair)
        height, width = original.shape[:2]
        arrays["originals"][index, :height, :width] = original
        arrays["aligned"][index, :height, :width] = aligned
        arrays["sizes"][index] = height, width
        changes = sorted(pair.changes, key=lambda change: -np.count_nonzero(change.mask))[:MOST]
        arrays["counts"][index] = len(changes)
        scale = np.tile([width / pair.original.shape[1], height / pair.original.shape[0]], 2)
        shares = np.zeros((len(changes) + 1, CELLS, CELLS), np.float32)
        for number, change in enumerate(changes):
            arrays["boxes"][index, number] = np.array(change.box) * scale
            arrays["kinds"][index, number] = CHANGES.index(change.change)
            arrays["coherent"][index, number] = -1 if change.coherent is None else change.coherent
            shares[number + 1] = _share_cells(change.mask, height, width)
        total = np.minimum(shares.sum(axis=0), 1)
        arrays["masks"][index] = np.rint(255 * total)
        arrays["owners"][index] = np.where(total > 0, shares.argmax(axis=0), 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    unfinished.rename(path)


def align(pair: LabelledPair) -> tuple[Image, Image]:
    """Both pictures uint8[h, w, 3] in the frame, the edited one in the place of the original.

    And in its tone, but where the whole picture changed: as at runtime where that was asked for.
    """
    height, width = pair.original.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    original, edited = (
        np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8) for picture in (pair.original, pair.edited)
    )
    whole = any(change.mask.all() for change in pair.changes)
    return original, undo_drift(compare(original, edited, whole), original, whole).picture


def _share_cells(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.float32]:
    """float32[CELLS, CELLS]: the share of each cell that is changed, of a mask of the picture as it was."""
    framed = np.zeros((SIDE, SIDE), np.float32)
    framed[:height, :width] = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(framed, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)


def draw_shard(seed: int, number: int, count: int, shares: dict[str, float]) -> list[LabelledPair]:
    """The pairs of one shard, of these shares of origins; the same for the same seed and number."""
    pairs = []
    for index in range(count):
        rng = np.random.default_rng([seed, number, index, 0])
        pairs.append(draw_pair(rng, str(rng.choice(list(shares), p=list(shares.values())))))
    return pairs


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--out", type=Path, required=True)
    command_line.add_argument("--count", type=int, default=10_000)
    command_line.add_argument("--seed", type=int, default=0)
    command_line.add_argument("--alike", action="store_true", help="pairs that are merely alike: the first stage")
    options = command_line.parse_args()
    cv2.setNumThreads(1)
    stage, shares = ("alike", ALIKE) if options.alike else ("edits", EDITS)
    assert set(shares) <= set(ORIGINS)
    for number in range(-(-options.count // SHARD)):
        start = time.perf_counter()
        pairs = draw_shard(options.seed, number, min(SHARD, options.count - number * SHARD), shares)
        path = options.out / f"{stage}-{options.seed}-{number:04d}.npz"
        write_shard(path, pairs)
        kinds = Counter(change.change for pair in pairs for change in pair.changes)
        print(path.name, len(pairs), dict(kinds), f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
