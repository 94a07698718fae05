"""Tiny checkpoints and recipes. pytest reads this file in every environment, so it imports no torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import tiny_recipe
from support.fake_hub import COMMIT, FakeHub
from support.hostile_files import TINY_GGUF


@pytest.fixture(scope="session")
def clip_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("clip", tmp_path_factory)


@pytest.fixture(scope="session")
def detector_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("detector", tmp_path_factory)


@pytest.fixture(scope="session")
def omdet_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("omdet", tmp_path_factory)


@pytest.fixture(scope="session")
def sam_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("sam", tmp_path_factory)


@pytest.fixture(scope="session")
def dino_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("dino", tmp_path_factory)


@pytest.fixture(scope="session")
def dinov2_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("dinov2", tmp_path_factory)


@pytest.fixture(scope="session")
def edit_clip_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint("edit_clip", tmp_path_factory)


def save_checkpoint(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from support import tiny_checkpoints  # noqa: PLC0415  (needs torch)

    folder: Path = getattr(tiny_checkpoints, f"save_{name}")(tmp_path_factory.mktemp(name))
    return folder


@pytest.fixture(scope="session")
def checkpoints(clip_checkpoint: Path, detector_checkpoint: Path, sam_checkpoint: Path) -> dict[str, Path]:
    """Those that every bundle has, by architecture."""
    return {"clip": clip_checkpoint, "detector": detector_checkpoint, "segmenter": sam_checkpoint}


@pytest.fixture
def recipe(checkpoints: dict[str, Path], tmp_path: Path) -> Path:
    return tiny_recipe.write_recipe(tmp_path, checkpoints)


@pytest.fixture
def usual(checkpoints: dict[str, Path], tmp_path: Path) -> Path:
    """The recipe with the pre-processing that transformers' processors have by default."""
    return tiny_recipe.write_recipe(tmp_path, checkpoints, tiny_recipe.USUAL)


@pytest.fixture
def from_hub(recipe: Path, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny recipe with its checkpoints and a parser in repositories of the hub."""
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 2**16)
    text = recipe.read_text().replace("[[file]]", "[unused]").split("[unused]", 1)
    before = [line for line in text[0].splitlines() if not line.startswith(("source", "revision"))]
    lines = []
    for line in before:
        if not line.startswith("checkpoint"):
            lines.append(line)
            continue
        name = f"someone/{len(fake_hub.repositories)}"
        fake_hub.add(name, {path.name: path.read_bytes() for path in Path(line.split('"')[1]).iterdir()})
        lines.append(f'hub = "{name}"\nrevision = "{COMMIT}"')
    fake_hub.add("someone/parser", {"model.gguf": TINY_GGUF})
    parser = f'[parser]\nhub = "someone/parser"\nfile = "model.gguf"\nrevision = "{COMMIT}"\nlicence = "gemma"\n'
    settings = text[1].split("\n\n", 1)[1]
    recipe.write_text("\n".join([*lines, parser, settings]))
    return recipe
