"""Assembles a bundle: exports its models, copies its files, hashes them all, and writes bundle.toml."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomli_w
from transformers import CLIPModel, SamModel

from editjudge.errors import BundleError, InputError
from editjudge.manifest import FILE_NAME, FORMAT, read_manifest

from . import clip, grounding_dino, sam
from .checkpoint import load_config
from .export import Exported
from .recipe import Checkpoint, Copy, Recipe, read_recipe


def build_bundle(recipe_path: Path, folder: Path) -> list[Exported]:
    """Builds the bundle of a recipe in `folder`, which is replaced only once the new one is whole.

    Returns what was exported. Raises InputError for a wrong recipe or checkpoint, and GateError.
    """
    recipe = read_recipe(recipe_path)
    folder = folder.resolve()
    if folder.exists() and not (folder / FILE_NAME).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is neither empty nor a bundle; it will not be replaced.")
    for copy in recipe.copies:
        if not copy.origin.is_file():
            raise InputError(f"There is no file {copy.origin}, which the recipe copies to {copy.path}.")
    _check_settings(recipe)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        exported = _export(recipe, part)
        files = [*_exported_entries(recipe, exported), *_copied_entries(recipe.copies, part), *recipe.listed]
        content = {"format": FORMAT, **recipe.head, **recipe.sections, "file": files}
        (part / FILE_NAME).write_text(tomli_w.dumps(content), encoding="utf-8")
        try:
            read_manifest(part)
        except BundleError as error:
            raise InputError(f"The recipe {recipe_path} does not make a bundle: {error}.") from None
        _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [
        Exported(each.role, folder / each.path.name, each.precision, each.parity, each.rounding) for each in exported
    ]


def _export(recipe: Recipe, folder: Path) -> list[Exported]:
    detector, segmenter, text = recipe.models["detector"], recipe.models["segmenter"], recipe.models["clip"]
    settings = recipe.sections["detector"]
    try:
        sizes = {key: int(settings[key]) for key in ("height", "width", "text_length")}
        context = int(recipe.sections["clip"]["context"])
    except KeyError as error:
        raise InputError(f"The recipe's settings lack {error.args[0]}.") from None
    except (TypeError, ValueError):
        raise InputError("The recipe's height, width, text_length and context must be whole numbers.") from None
    return [
        *clip.export(text.checkpoint, folder, text.storage, context),
        *grounding_dino.export(detector.checkpoint, folder, detector.storage, **sizes),
        *sam.export(segmenter.checkpoint, folder, segmenter.storage),
    ]


def _check_settings(recipe: Recipe) -> None:
    """What the checkpoints decide and the settings repeat has to be the same."""
    crops = load_config(recipe.models["clip"].checkpoint, CLIPModel).vision_config
    pictures = load_config(recipe.models["segmenter"].checkpoint, SamModel).vision_config
    decided = {
        ("clip", "size"): crops.image_size,
        ("segmenter", "size"): pictures.image_size,
        # The mask decoder upsamples twice by two.
        ("segmenter", "mask_size"): 4 * pictures.image_size // pictures.patch_size,
    }
    for (section, key), size in decided.items():
        given = recipe.sections[section].get(key)
        if given != size:
            raise InputError(f"The recipe says {given} for {key} in [{section}]; the checkpoint says {size}.")


def _exported_entries(recipe: Recipe, exported: Iterable[Exported]) -> Iterable[dict[str, Any]]:
    of_model = {"clip": "clip", "detector": "detector", "sam": "segmenter"}
    for each in exported:
        model: Checkpoint = recipe.models[of_model[each.role.split("_")[0]]]
        yield _entry(each.role, each.path, each.path.name, model, precision=each.precision, parity=each.parity)


def _copied_entries(copies: Iterable[Copy], folder: Path) -> Iterable[dict[str, Any]]:
    for copy in copies:
        place = (folder / copy.path).resolve()
        if not place.is_relative_to(folder) or place.exists():
            raise InputError(f"The recipe's copy to {copy.path} leads out of the bundle or onto another of its files.")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy.origin, place)
        if copy.role is not None:
            yield _entry(copy.role, place, copy.path, copy)


def _entry(
    role: str, file: Path, path: str, about: Checkpoint | Copy, *, precision: str = "", parity: float | None = None
) -> dict[str, Any]:
    content = file.read_bytes()
    entry: dict[str, Any] = {
        "role": role,
        "path": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "precision": precision,
        "source": about.source,
        "revision": about.revision,
        "licence": about.licence,
    }
    if parity is not None:
        entry["parity"] = float(f"{parity:.2e}")
    return {key: value for key, value in entry.items() if value != ""}


def _put_in_place(part: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
