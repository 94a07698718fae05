"""How well a trained network finds differences: average precision, kinds and false alarms, on pairs held out.

    PYTHONPATH=models:runtime:export python -m studio.difference_detector.evaluate runs/difference/edits/checkpoint

No photograph, cut-out or scene of these pairs was learnt from. They are drawn once, and kept beside the shards.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from editjudge.bundles.settings import DifferenceSettings
from editjudge.evaluation.statistics.average_precision import (
    PictureDetections,
    RankedDetections,
    match_boxes,
)
from editjudge.models.difference_detector import DetectedChanges, DifferenceDetector
from editjudge.types import Placement
from editjudge_export.architectures.difference import OUTPUTS
from editjudge_export.architectures.difference_network import DifferenceModel
from editjudge_export.checkpoints.checkpoint import load_model
from studio.difference_detector.data import Shards
from studio.difference_detector.variation import Sample
from studio.differences.draw import HELD_OUT_COUNTS, held_out_pairs
from studio.differences.write_shards import write_shard

LENIENT = DifferenceSettings(256, "area", confidence=(1.325, 2.807, -3.821), threshold=0.01)
"""The bundle's, but that nearly every box is told, as average precision wants it."""

Found = tuple[Sample, DetectedChanges]


class TorchRunner:
    """The network in PyTorch, in the place of a session."""

    placement = Placement("cpu", "PyTorch")

    def __init__(self, model: DifferenceModel) -> None:
        self._model = model.eval()

    @torch.inference_mode()
    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        outputs = self._model(**{name: torch.from_numpy(values) for name, values in inputs.items()})
        return {name: values.numpy() for name, values in zip(OUTPUTS, outputs, strict=True)}


def open_detector(checkpoint: Path, settings: DifferenceSettings = LENIENT) -> DifferenceDetector:
    """The detector of a checkpoint folder."""
    return DifferenceDetector(TorchRunner(load_model(checkpoint, DifferenceModel)), settings)


def held_out_samples(folder: Path, origin: str) -> list[Sample]:
    """The pairs of one origin that are measured with; they are drawn where the folder has none."""
    path = folder / f"{origin}.npz"
    if not path.is_file():
        write_shard(path, list(held_out_pairs(HELD_OUT_COUNTS[origin], origin)))
    shards = Shards(folder, path.name)
    shards.look()
    return [shards.sample(place) for place in shards.places()]


def detect(detector: DifferenceDetector, samples: Sequence[Sample]) -> list[Found]:
    """What is found in each pair."""
    return [(sample, detector.find(sample.original, sample.edited)) for sample in samples]


def match(found: Found) -> NDArray[np.intp]:
    """int[K, D]: which true box each box that was found takes at each threshold of the IoU; -1 for none."""
    sample, changes = found
    return match_boxes(_double(changes.boxes), _double(changes.scores), _double(sample.boxes))


def measure_precision(found: Sequence[Found]) -> dict[str, float]:
    """Average precision without regard to the kind, recall at an IoU of 0.5, and the share of kinds right of those."""
    matched = [match(one) for one in found]
    ranked = RankedDetections.of(
        PictureDetections(_double(changes.scores), taken >= 0, np.ones_like(taken, dtype=bool), len(sample.boxes))
        for (sample, changes), taken in zip(found, matched, strict=True)
    )
    once = np.ones((1, len(found)))
    average, recall = ranked.average_precision(once)[0], ranked.recall(once)[0]
    right = [
        changes.kinds[index].argmax() == sample.kinds[owner]
        for (sample, changes), taken in zip(found, matched, strict=True)
        for index, owner in enumerate(taken[0])
        if owner >= 0
    ]
    whole = {"ap": float(average.mean()), "ap50": float(average[0]), "ap75": float(average[5])}
    return {**whole, "recall50": float(recall[0]), "kind_right": float(np.mean(right)) if right else float("nan")}


def share_alarmed(found: Sequence[Found], threshold: float) -> float:
    """The share of pairs with anything found of at least a confidence."""
    return float(np.mean([bool((changes.scores >= threshold).any()) for _, changes in found]))


def _double(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return values.astype(np.float64)


def measure(detector: DifferenceDetector, folder: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """The figures by origin."""
    for origin in HELD_OUT_COUNTS:
        found = detect(detector, held_out_samples(folder, origin))
        if origin.startswith("unedited"):
            yield origin, {f"alarms_{at}": share_alarmed(found, at) for at in (0.3, 0.5, 0.7)}
        else:
            yield origin, measure_precision(found)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("checkpoint", type=Path)
    command_line.add_argument("--held-out", type=Path, default=Path("runs/differences/held_out"))
    command_line.add_argument("--threads", type=int, default=1)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    for origin, figures in measure(open_detector(options.checkpoint), options.held_out):
        print(origin, " ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
