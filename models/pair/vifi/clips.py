"""Edits as clips of two frames, prepared once: as ViFi-CLIP sees them, but not yet normalised."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editjudge.datasets.dataset import Dataset
from editjudge.errors import InputError
from editjudge.image.transforms import resize_and_center_crop
from pair.commands.state import write_folder
from pair.dataset_edits import read_edits
from pair.wording import can_mirror

FRAMES = 2
RESAMPLE = "bilinear"
CAPTIONS, PIXELS = "captions.json", "frames.bin"
log = logging.getLogger("pair.vifi")


@dataclass(frozen=True, eq=False)
class Clips:
    """N clips.

    Attributes:
        frames: uint8[N, FRAMES, S, S, 3], read from the disk as they are needed: the original, then the edited picture.
        captions: The instructions.
    """

    frames: NDArray[np.uint8]
    captions: list[str]

    @classmethod
    def open(cls, folder: Path, side: int) -> Clips:
        """Those that were written there, of `side` pixels."""
        captions = json.loads((folder / CAPTIONS).read_text(encoding="utf-8"))
        shape = (len(captions), FRAMES, side, side, 3)
        if not captions:  # an empty file cannot be mapped
            return cls(np.zeros(shape, np.uint8), captions)
        return cls(np.memmap(folder / PIXELS, np.uint8, "r", shape=shape), captions)

    def __len__(self) -> int:
        return len(self.captions)

    def take(self, chosen: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """uint8[M, FRAMES, 3, S, S] of the clips `chosen`, some of them mirrored from left to right.

        Args:
            chosen: int64[M], which.
            mirrored: bool[M], which of these to mirror, unless it would belie the caption.
        """
        frames = np.moveaxis(self.frames[chosen], -1, 2)
        for place, index in enumerate(chosen):
            if mirrored[place] and can_mirror(self.captions[index]):
                frames[place] = frames[place, ..., ::-1].copy()
        return frames


def shorter_side(side: int) -> int:
    """Pixels of the shorter side of a picture before its middle, of `side` pixels, is cut out: 256 for 224."""
    return round(side * 256 / 224)


def prepare_clips(dataset: Dataset, folder: Path, side: int, held_out: float) -> tuple[Clips, Clips]:
    """The clips to train on and those held out, of `side` pixels; written into the folder once, later only opened.

    Raises InputError where there are fewer than two to train on, and where they cannot be written.
    """
    if not folder.exists():
        with write_folder(folder) as fresh:
            _write_clips(dataset, fresh, side, held_out)
    clips, apart = Clips.open(folder / "train", side), Clips.open(folder / "held_out", side)
    if len(clips) < 2:
        raise InputError(f"{dataset.path} has {len(clips)} edits to train on; two are the least that can be told apart")
    return clips, apart


def _write_clips(dataset: Dataset, folder: Path, side: int, held_out: float) -> None:
    captions: dict[str, list[str]] = {"train": [], "held_out": []}
    for part in captions:
        (folder / part).mkdir()
    with (folder / "train" / PIXELS).open("wb") as train, (folder / "held_out" / PIXELS).open("wb") as apart:
        for edit in read_edits(dataset):
            part, file = ("held_out", apart) if edit.is_held_out(held_out) else ("train", train)
            for picture in (edit.original, edit.edited):
                file.write(resize_and_center_crop(picture, side, RESAMPLE, shorter_side(side)).tobytes())
            captions[part].append(edit.instruction)
    for part, texts in captions.items():
        (folder / part / CAPTIONS).write_text(json.dumps(texts), encoding="utf-8")
        log.info("%s: %d clips", part, len(texts))
