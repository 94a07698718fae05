"""Shards of examples in memory, and the batches that training takes from them."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editjudge.errors import InputError
from editjudge.models.pair.views import PairInputs
from pair.loss import NOT_AT_ALL
from pair.wording import meaning

ARRAYS = tuple(field.name for field in fields(PairInputs))


@dataclass(frozen=True, eq=False)
class PairTensors:
    """`PairInputs` as tensors."""

    features: Tensor
    details: Tensor
    boxes: Tensor
    seen: Tensor

    def reversed(self) -> PairTensors:
        """The edited pictures as originals, and the originals as edited."""
        return replace(self, features=self.features.flip(2), details=self.details.flip(2))

    def unchanged(self) -> PairTensors:
        """The originals as edited pictures too."""
        seen = torch.zeros_like(self.seen)
        seen[:, 0] = 1.0
        features, details = (array[:, :, :1].expand_as(array) for array in (self.features, self.details))
        return PairTensors(features, details, self.boxes, seen)

    def mirrored(self, which: Tensor) -> PairTensors:
        """With some of the pairs, bool[N], mirrored; their features are taken for the same."""
        left, top, right, bottom = self.boxes.unbind(-1)
        boxes = torch.stack([1 - right, top, 1 - left, bottom], dim=-1)
        details = torch.where(which[:, None, None, None, None, None], self.details.flip(-1), self.details)
        return replace(self, boxes=torch.where(which[:, None, None], boxes, self.boxes), details=details)

    def __len__(self) -> int:
        return len(self.seen)


@dataclass(frozen=True, eq=False)
class Examples:
    """E edits, of each of which there is one pair or more.

    Attributes:
        arrays: Those of a shard by name (`pair.shards.write_shard`), of all shards.
        asked: What each edit was asked for: an intent as a dict, or a text.
        pairs: The indices of each edit's pairs, the well done first.
        scenes: The indices of the edits of the same original, of each edit that has some.
        shards: How many there were.
        clip: The mark of the CLIP that saw the pictures (`pair.shards.mark_clip`); None where no shard has one.
    """

    arrays: dict[str, NDArray[Any]]
    asked: list[Any]
    pairs: list[NDArray[np.int64]]
    scenes: dict[int, NDArray[np.int64]]
    shards: int
    clip: str | None

    @classmethod
    def load(cls, folders: Sequence[Path], most: int | None = None) -> Examples:
        """All shards of some folders, or the first `most` of each.

        Raises InputError for a folder without shards, a file that is none, and shards that do not go together.
        """
        paths = [path for folder in folders for path in _find_shards(folder)[:most]]
        shards = [_read_shard(path) for path in paths]
        clip = _check_agreement(paths, shards)
        arrays = {name: np.concatenate([shard[name] for shard in shards]) for name in (*ARRAYS, "tier")}
        asked = [json.loads(text) for shard in shards for text in shard["asked"]]
        starts = np.cumsum([0, *(len(shard["asked"]) for shard in shards)])
        owner = np.concatenate([shard["edit"] + start for shard, start in zip(shards, starts, strict=False)])
        order = np.argsort(owner, kind="stable")
        bounds = np.searchsorted(owner[order], np.arange(len(asked) + 1))
        pairs = [order[start:end] for start, end in pairwise(bounds)]
        return cls(arrays, asked, pairs, _find_scenes(shards, starts), len(shards), clip)

    def __len__(self) -> int:
        return len(self.asked)

    @property
    def width(self) -> int:
        """Numbers of a feature."""
        return int(self.arrays["features"].shape[-1])

    def find_others(self, edit: int) -> list[tuple[int, int]]:
        """(pair, tier) of what else was done to an edit's original, by its tier for what the edit was asked for.

        Another edit of it that was asked for the same is none: it does well what was asked for.
        """
        own, asked = self.pairs[edit][1:], meaning(self.asked[edit])
        others = [other for other in self.scenes.get(edit, ()) if meaning(self.asked[other]) != asked]
        return [
            *((int(row), int(self.arrays["tier"][row])) for row in own),
            *((int(self.pairs[other][0]), NOT_AT_ALL) for other in others),
        ]

    def take(self, pairs: NDArray[np.int64]) -> PairTensors:
        """The pairs of these indices."""
        features, details, boxes, seen = (torch.from_numpy(self.arrays[name][pairs]).float() for name in ARRAYS)
        return PairTensors(features, details / 255 - 0.5, boxes, seen)


def _find_shards(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*.npz") if path.stem.isdecimal())
    if not paths:
        remedy = "write some with pair.studio_examples or pair.dataset_examples"
        if any((folder / "train").glob("*.npz")):
            remedy = f"those to train on are in {folder / 'train'}"
        raise InputError(f"there are no shards in {folder}; {remedy}")
    return paths


def _read_shard(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            shard = dict(arrays)
    except (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read; remove it and write it again") from error
    lacking = {*ARRAYS, "tier", "edit", "asked"} - set(shard)
    if lacking:
        raise InputError(f"{path} is no shard of edits: it has no array {min(lacking)!r}; remove it")
    return shard


def _check_agreement(paths: Sequence[Path], shards: Sequence[dict[str, NDArray[Any]]]) -> str | None:
    """The mark of the CLIP that all shards are of. Raises InputError where they are not of the same one."""
    marked = {str(shard["clip"]): path for path, shard in zip(paths, shards, strict=True) if "clip" in shard}
    widths = {shard["features"].shape[1:]: path for path, shard in zip(paths, shards, strict=True)}
    for places in (marked, widths):
        if len(places) > 1:
            one, other, *_ = places.values()
            raise InputError(f"{one} and {other} hold features of different CLIPs; train on one bundle's at a time")
    return next(iter(marked), None)


def _find_scenes(shards: Sequence[dict[str, NDArray[Any]]], starts: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """The indices of the edits of the same original, of each edit that has some."""
    edits: defaultdict[int, list[int]] = defaultdict(list)
    for shard, start in zip(shards, starts, strict=False):
        for index, scene in enumerate(shard.get("group", ())):
            edits[int(scene)].append(int(start) + index)
    return {edit: np.array(members) for members in edits.values() if len(members) > 1 for edit in members}
