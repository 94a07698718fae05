"""Batches of training pairs, from the shards that are there by then."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from studio.difference_detector.loss import PairBatch
from studio.difference_detector.variation import Sample, pad, vary

MOST_BOXES = 12
WAIT = 10
"""Seconds between two looks for the first shards."""


class Shards:
    """The pairs of a folder of shards; those that are added to it meanwhile are read when it is looked at again."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self.folder, self.pattern = folder, pattern
        self._shards: dict[Path, dict[str, np.ndarray]] = {}

    @property
    def count(self) -> int:
        """The number of pairs."""
        return sum(len(shard["counts"]) for shard in list(self._shards.values()))

    def look(self) -> None:
        """Reads what is new."""
        for path in sorted(self.folder.glob(self.pattern)):
            if path not in self._shards:
                with np.load(path) as arrays:
                    self._shards[path] = dict(arrays)

    def places(self) -> list[tuple[Path, int]]:
        return [(path, index) for path, shard in self._shards.items() for index in range(len(shard["counts"]))]

    def sample(self, place: tuple[Path, int]) -> Sample:
        path, index = place
        shard = self._shards[path]
        height, width = shard["sizes"][index]
        count = shard["counts"][index]
        return Sample(
            shard["originals"][index][:height, :width],
            shard["aligned"][index][:height, :width],
            shard["boxes"][index][:count].astype(np.float32),
            shard["kinds"][index][:count].astype(np.int64),
            shard["masks"][index],
        )


def stream(shards: Shards, size: int, seed: int) -> Iterator[PairBatch]:
    """Batches without end, made by a thread; shards are looked for again after every round through all pairs."""
    made: queue.Queue[PairBatch] = queue.Queue(maxsize=4)
    threading.Thread(target=_fill, args=(made, shards, size, seed), daemon=True).start()
    while True:
        yield made.get()


def _fill(made: queue.Queue[PairBatch], shards: Shards, size: int, seed: int) -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    while True:
        shards.look()
        places = shards.places()
        if len(places) < size:
            time.sleep(WAIT)
        order = rng.permutation(len(places))
        for start in range(0, len(order) - size + 1, size):
            made.put(to_batch([vary(shards.sample(places[index]), rng) for index in order[start : start + size]]))


def to_batch(samples: list[Sample]) -> PairBatch:
    """The samples as tensors; pixels lie in memory as they do in pictures, which is fastest on a CPU."""
    boxes = np.zeros((len(samples), MOST_BOXES, 4), np.float32)
    kinds = np.full((len(samples), MOST_BOXES), -1, np.int64)
    for index, sample in enumerate(samples):
        boxes[index, : len(sample.boxes)] = sample.boxes
        kinds[index, : len(sample.kinds)] = sample.kinds
    original, edited = (
        torch.from_numpy(np.stack([pad(picture) for picture in pictures])).permute(0, 3, 1, 2).float().div_(255)
        for pictures in zip(*((sample.original, sample.edited) for sample in samples), strict=True)
    )
    mask = torch.from_numpy(np.stack([sample.mask for sample in samples]))[:, None].float().div_(255)
    return PairBatch(original, edited, torch.from_numpy(boxes), torch.from_numpy(kinds), mask)
