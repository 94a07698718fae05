"""Draws checkpoints of the published architectures and builds bundles of them, on the CPU; each is whole or missing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.gpu.parts.materials import PRECISION, TINY, bundle_folder, models_folder
from benchmarks.gpu.plan import PHOTO_BUNDLES, GpuPart, GpuRun, GpuRunError, Keep
from benchmarks.gpu.work import describe_error
from editjudge.bundles.bundle import Bundle
from editjudge.errors import EditJudgeError

PAPER = "paper's checkpoints"


def measure(run: GpuRun, _: GpuPart, keep: Keep) -> dict[str, Any]:
    """The seconds and bytes of each, or why it is missing. Raises GpuRunError at the end if anything is."""
    makers = _rehearsed_makers(run) if run.rehearse else _makers(run)
    made: dict[str, Any] = {}
    for name, make in makers.items():
        start = time.monotonic()
        try:
            folders = make()
        except (EditJudgeError, GpuRunError, OSError, KeyError) as error:
            made[name] = {"missing": describe_error(error)}
        else:
            size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
            made[name] = {"seconds": round(time.monotonic() - start, 1), "bytes": size}
        keep(made)
    missing = [f"{name} could not be made ({what['missing']})" for name, what in made.items() if "missing" in what]
    if missing:
        raise GpuRunError("; ".join(missing))
    return made


def paper_checkpoints(run: GpuRun) -> Mapping[str, Path]:
    """The checkpoints of the paper's models by role, drawn unless they are there; in a rehearsal tiny ones."""
    if run.rehearse:
        return draw_tiny(models_folder(run) / "hub" / TINY)
    from benchmarks.speedup import bundles  # noqa: PLC0415 (needs PyTorch)

    folder = models_folder(run)
    # What was cut off while it was drawn would be taken for whole.
    for name in ("grounding-dino-tiny", bundles.SAM[bundles.PAPER_SAM], bundles.CLIP[bundles.PAPER_CLIP]):
        draw_whole(name, folder)
    return bundles.paper_checkpoints(folder)


def draw_whole(name: str, folder: Path) -> Path:
    """Draws a checkpoint under another name, and gives it its own once it is whole."""
    from benchmarks.common.random_checkpoints import MODELS, save  # noqa: PLC0415 (needs PyTorch)

    if name not in MODELS:
        raise GpuRunError(f"benchmarks.common.random_checkpoints draws no {name}; add it there")
    place, part = folder / "hub" / name, folder / ".part"
    if not place.is_dir():
        shutil.rmtree(part, ignore_errors=True)
        save(name, part)
        place.parent.mkdir(parents=True, exist_ok=True)
        (part / name).rename(place)
    return place


def draw_tiny(folder: Path) -> Mapping[str, Path]:
    """Checkpoints that are as small as they come, by role."""
    from support import tiny_checkpoints  # noqa: PLC0415 (needs PyTorch)

    savers = {"clip": "save_clip", "detector": "save_detector", "segmenter": "save_sam"}
    if not folder.is_dir():
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        for role, saver in savers.items():
            (part / role).mkdir(parents=True)
            getattr(tiny_checkpoints, saver)(part / role)
        part.rename(folder)
    return {role: folder / role for role in savers}


def _makers(run: GpuRun) -> dict[str, Callable[[], list[Path]]]:
    return {
        PHOTO_BUNDLES[0]: lambda: [_build_photo(run, PHOTO_BUNDLES[0])],
        PAPER: lambda: list(paper_checkpoints(run).values()),
        PHOTO_BUNDLES[1]: lambda: [_build_photo(run, PHOTO_BUNDLES[1])],
    }


def _rehearsed_makers(run: GpuRun) -> dict[str, Callable[[], list[Path]]]:
    return {
        PAPER: lambda: list(paper_checkpoints(run).values()),
        TINY: lambda: [_build_tiny(run)],
    }


def _build_photo(run: GpuRun, name: str) -> Path:
    import tomllib  # noqa: PLC0415

    import editjudge_models  # noqa: PLC0415
    from benchmarks.speedup.bundles import build_bundle  # noqa: PLC0415 (needs PyTorch)
    from editjudge_export.architectures.registry import REQUIRED  # noqa: PLC0415

    folder = models_folder(run)
    recipe = tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))
    for role in REQUIRED:
        draw_whole(recipe["export"][role]["hub"].split("/")[1], folder)
    place = build_bundle(name, folder, PRECISION)
    Bundle.load(place).verify()
    return place


def _build_tiny(run: GpuRun) -> Path:
    from editjudge_export.build import build  # noqa: PLC0415 (needs PyTorch)
    from editjudge_export.options import BuildOptions  # noqa: PLC0415
    from support.tiny_recipe import DOMAIN, USUAL, write_recipe  # noqa: PLC0415

    place = bundle_folder(run, TINY)
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        recipe = write_recipe(models_folder(run), paper_checkpoints(run), USUAL)
        text = recipe.read_text(encoding="utf-8").replace(DOMAIN, "")
        # The bundles of photographs have no probe either.
        probe = text.index('[[copy]]\nrole = "domain"')
        recipe.write_text(text[:probe] + text[text.index("[[copy]]", probe + 1) :], encoding="utf-8")
        build(recipe, place, BuildOptions(precision="fp32", pairs=0))
    return place
