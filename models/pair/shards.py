"""Training examples of the pair model on disk: the features of edits, so that no picture is looked at twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.views import stack_inputs, view_pair
from editjudge.types import EditIntent, Image
from editjudge.utils import atomic_file


@dataclass(frozen=True, eq=False)
class ExamplePair:
    """An original and an edited picture.

    Attributes:
        original, edited: uint8[H, W, 3], of one size.
        tier: How well the second does what was asked: 2 well done, 1 with faults, 0 not at all.
        asked: What was asked for, as an intent or in words.
        scene: A number that edits of the same original share, where there may be several.
    """

    original: Image
    edited: Image
    tier: int
    asked: EditIntent | str
    scene: int | None = None


def write_shard(path: Path, edits: Iterable[Sequence[ExamplePair]], bundle: str | os.PathLike[str]) -> None:
    """Writes the features of E edits, each of one or more pairs of one original, the well done first.

    Arrays of N pairs: features float16[N, P, 2, D], details uint8[N, P, 2, 3, T, T], boxes float16[N, P, 4], seen
    uint8[N, P] (`editjudge.models.pair.views.PairInputs`); tier int8[N]; edit int32[N], from 0; asked: E texts, a JSON
    object of an intent, or a JSON string; where scenes are known, group: int64[E]; clip: which CLIP it was, a text.

    Raises InputError where it cannot be written, and BundleError for what is no bundle.
    """
    clip, mark = _open_clip(bundle)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in ("features", "details", "boxes", "seen", "tier", "edit")}
    asked, scenes = [], []
    for index, pairs in enumerate(edits):
        views = [view_pair(pair.original, pair.edited) for pair in pairs]
        features = clip.images([picture for view in views for picture in view.all])
        inputs = stack_inputs(views, features)
        rows["features"].append(inputs.features.astype(np.float16))
        rows["details"].append(np.rint((inputs.details + 0.5) * 255).astype(np.uint8))
        rows["boxes"].append(inputs.boxes.astype(np.float16))
        rows["seen"].append(inputs.seen.astype(np.uint8))
        rows["tier"].append(np.array([pair.tier for pair in pairs], np.int8))
        rows["edit"].append(np.full(len(pairs), index, np.int32))
        wanted = pairs[0].asked
        asked.append(json.dumps(wanted if isinstance(wanted, str) else asdict(wanted)))
        scenes += [] if pairs[0].scene is None else [pairs[0].scene]
    groups = {"group": np.array(scenes, np.int64)} if scenes else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.concatenate(parts) for name, parts in rows.items()}
    with atomic_file.replace_file(path) as fresh, fresh.open("wb") as file:
        np.savez(file, asked=np.array(asked), clip=np.array(mark), **groups, **arrays)


def mark_clip(bundle: Bundle) -> str:
    """The sha256 of a bundle's CLIP, which tells whose features are in a shard."""
    return bundle.graph("clip_vision").digest


@cache
def _open_clip(bundle: str | os.PathLike[str]) -> tuple[Clip, str]:
    opened = Bundle.load(bundle)
    return ModelSet(opened, "cpu", 1).model(Clip), mark_clip(opened)
