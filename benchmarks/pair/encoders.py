"""The encoders that are compared: those of a bundle, and checkpoints of other forms, which run in PyTorch."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip, TextEncoder
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.edit_clip import EditClip
from editjudge.models.pair.encoder import EDIT_CLIP, ENCODERS, PairEncoder, open_pair_encoder
from editjudge.models.tokenizer_file import open_tokenizer
from editjudge.types import Placement

Encoders = Mapping[str, PairEncoder]
"""By name."""


def add_encoder_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument(
        "--forms", nargs="+", default=[], metavar="NAME=FOLDER",
        help="checkpoints of pair.train to compare with, trained on features of the bundle's CLIP; need torch",
    )  # fmt: skip
    options.add_argument("--threads", type=int, default=2, help="of OpenCV, and of each model")


def open_encoders(asked: argparse.Namespace) -> tuple[ModelSet, Encoders]:
    """The models of the bundle; its encoders, and those of the checkpoints."""
    cv2.setNumThreads(asked.threads)
    models = ModelSet(Bundle.load(asked.bundle), "cpu", asked.threads)
    there = [name for name in ENCODERS if name != EDIT_CLIP or models.bundle.has(EDIT_CLIP)]
    encoders = {name: open_pair_encoder(models, name) for name in there}
    for form in asked.forms:
        name, _, folder = form.partition("=")
        encoders[name] = open_checkpoint(models.model(Clip), Path(folder), asked.threads)
    return models, encoders


def open_checkpoint(clip: Clip, folder: Path, threads: int) -> EditClip:
    """What `pair.train` saved, on the features of this CLIP."""
    import torch  # noqa: PLC0415  (most of these benchmarks run without it)

    from editjudge_export.architectures.edit_network import EditClipModel  # noqa: PLC0415

    torch.set_num_threads(threads)
    model = EditClipModel.from_pretrained(folder).eval()
    texts = TextEncoder(TorchGraph(model.embed_texts, "text_embeds"), open_tokenizer(folder / "tokenizer.json"))
    return EditClip(clip, TorchGraph(model.forward, "edit_embeds"), texts)


class TorchGraph:
    """Stands in for a session: runs a function of PyTorch that has the inputs of a graph as its arguments."""

    placement = Placement("cpu", "PyTorch")

    def __init__(self, compute: Callable[..., Any], output: str) -> None:
        self._compute = compute
        self._output = output

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            made = self._compute(**{name: torch.from_numpy(array) for name, array in feeds.items()})
        return {self._output: made.numpy()}


def directed(encoders: Encoders) -> dict[str, EditClip]:
    """Those that may tell an edit from its reversal."""
    return {name: encoder for name, encoder in encoders.items() if isinstance(encoder, EditClip)}


def with_interval(
    name: str, value: float, interval: Sequence[float], columns: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Columns of a table: a figure, and the ends of its 95 % interval."""
    low, high = interval
    return {**(columns or {}), name: value, f"{name}, from": float(low), f"{name}, to": float(high)}
