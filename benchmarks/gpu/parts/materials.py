"""The bundles and checkpoints of a run: those that are measured, or small ones in a rehearsal."""

from __future__ import annotations

from pathlib import Path

from benchmarks.gpu.plan import PHOTO_BUNDLES, STUDIO, GpuRun, GpuRunError
from editjudge.bundles.bundle import Bundle

PRECISION = "fp16"
BOXES = 2
"""That are used of a phrase."""
TINY = "tiny"


def models_folder(run: GpuRun) -> Path:
    """Where checkpoints and bundles are."""
    return run.folder / "models"


def bundle_folder(run: GpuRun, name: str) -> Path:
    """Where a bundle of random weights is, or will be."""
    return models_folder(run) / "bundles" / f"{name}-{PRECISION}"


def open_bundles(run: GpuRun) -> dict[str, Bundle]:
    """The bundles of random weights that were made, by name. Raises GpuRunError where there is none."""
    names = (TINY,) if run.rehearse else PHOTO_BUNDLES
    made = {name: Bundle.load(folder) for name in names if (folder := bundle_folder(run, name)).is_dir()}
    if not made:
        raise GpuRunError("no bundle of photographs was made; see the part bundles")
    return made


def open_studio() -> Bundle:
    """The bundle that comes with the package, of trained models."""
    return Bundle.load(STUDIO)
