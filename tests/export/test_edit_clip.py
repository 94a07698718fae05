"""The directed embedding of edits: its export, and both pair models in a bundle against PyTorch."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch")
import torch
from skimage import data
from tokenizers import Tokenizer
from transformers import CLIPModel

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge.models.clip import picture_inputs
from editjudge.models.pair.views import PLACES, stack_inputs, view_pair
from editjudge.scorer import Scorer
from editjudge_export import build
from editjudge_export.architectures import edit_clip
from editjudge_export.architectures.edit_network import FORMS, EditClipModel, Form
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.checkpoints.processors import dino_processor
from editjudge_export.onnx.precision import Precision
from editjudge_export.options import BuildOptions
from support.tiny_checkpoints import save_edit_clip
from support.tiny_recipe import write_recipe

pytestmark = pytest.mark.export


@pytest.fixture(scope="module")
def pair_bundle(
    checkpoints: dict[str, Path], edit_clip_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    """With both; the metric's own is asked for."""
    folder = tmp_path_factory.mktemp("recipe")
    recipe = write_recipe(folder, {**checkpoints, "edit_clip": edit_clip_checkpoint, "vifi_clip": checkpoints["clip"]})
    build.build(recipe, folder / "tiny", BuildOptions(pairs=0, precision="fp32", metrics=("vifi_clip",)))
    return Bundle.load(folder / "tiny")


def pair() -> tuple[np.ndarray, np.ndarray]:
    """A photograph, and the same with a part of itself pasted elsewhere."""
    original = np.ascontiguousarray(data.chelsea()[:, :300])
    edited = original.copy()
    edited[20:100, 30:110] = original[180:260, 160:240]
    return original, edited


def unit(vectors: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(vectors, dim=-1).numpy()


def test_edits_and_instructions_in_the_runtime_are_those_of_pytorch(
    pair_bundle: Bundle, clip_checkpoint: Path, edit_clip_checkpoint: Path
) -> None:
    scorer = Scorer.load(pair_bundle.folder, "cpu", 1)
    clip, model = load_model(clip_checkpoint, CLIPModel), load_model(edit_clip_checkpoint, EditClipModel)
    original, edited = pair()
    tokenizer = Tokenizer.from_file(str(edit_clip_checkpoint / "tokenizer.json"))
    tokens = torch.tensor([tokenizer.encode("red car").ids])

    def embed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        view = view_pair(one, other)
        assert len(view.boxes) > 1  # what was pasted is looked at
        pixels = torch.from_numpy(picture_inputs(view.all, pair_bundle.clip)["pixel_values"])
        inputs = stack_inputs([view], clip.get_image_features(pixels).numpy())
        return unit(model(**{name: torch.from_numpy(value) for name, value in inputs.feeds().items()})[0])

    with torch.inference_mode():
        forth, back = embed(original, edited), embed(edited, original)
        words = unit(model.embed_texts(tokens, torch.ones_like(tokens))[0])
    np.testing.assert_allclose(scorer.embed_edit(original, edited), forth, atol=1e-5)
    np.testing.assert_allclose(scorer.embed_edit(edited, original), back, atol=1e-5)
    assert np.abs(forth - back).max() > 1e-3
    np.testing.assert_allclose(scorer.embed_instruction("red car"), words, atol=1e-5)


def test_clips_in_the_runtime_are_those_of_pytorch(pair_bundle: Bundle, clip_checkpoint: Path) -> None:
    """Prepared by transformers: the shorter side, the middle, ImageNet's mean and deviation."""
    scorer, clip = Scorer.load(pair_bundle.folder, "cpu", 1), load_model(clip_checkpoint, CLIPModel)
    original, edited = pair()
    pixels = dino_processor(32, 40)([original, edited], return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        wanted = unit(clip.get_image_features(pixels).mean(dim=0))
    given = scorer.embed_edit(original, edited, encoder="vifi_clip")
    np.testing.assert_allclose(given, wanted, atol=1e-4)
    np.testing.assert_allclose(scorer.embed_edit(edited, original, encoder="vifi_clip"), given, atol=1e-6)
    entry = {file.role: file for file in pair_bundle.files}["vifi_clip"]
    assert 0 < entry.parity < 1e-5


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("precision", ["fp32", "fp16-weights"])
def test_the_graph_agrees_with_pytorch(form: Form, precision: Precision, tmp_path: Path) -> None:
    checkpoint = save_edit_clip(tmp_path, form)
    file, text, tokenizer = edit_clip.export(checkpoint, tmp_path / "out", precision)
    assert (file.path.name, text.path.name) == ("edit_clip.onnx", "edit_clip_text.onnx")
    assert tokenizer.path.read_bytes() == (checkpoint / "tokenizer.json").read_bytes()
    generator = torch.Generator().manual_seed(9)
    shapes = {"features": (3, PLACES, 2, 16), "details": (3, PLACES, 2, 3, 12, 12), "boxes": (3, PLACES, 4)}
    inputs = {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}
    inputs["seen"] = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]).float()
    session = onnxruntime.InferenceSession(str(file.path), providers=["CPUExecutionProvider"])
    [given] = session.run(["edit_embeds"], {name: value.numpy() for name, value in inputs.items()})
    with torch.inference_mode():
        wanted = load_model(checkpoint, EditClipModel)(**inputs).numpy()
    np.testing.assert_allclose(given, wanted, atol=1e-5 if precision == "fp32" else 5e-3)


def test_one_that_is_for_another_clip(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    other = save_edit_clip(tmp_path / "other", features=128)
    recipe = write_recipe(tmp_path, {**checkpoints, "edit_clip": other})
    with pytest.raises(
        InputError, match="reads features of 128 numbers, and those of the bundle's CLIP have 16; train it"
    ):
        build.build(recipe, tmp_path / "tiny", BuildOptions(pairs=0))
    assert not (tmp_path / "tiny").exists()


def test_wrong_checkpoints(clip_checkpoint: Path, edit_clip_checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="holds a model of type 'clip'; EditClipModel needs 'editjudge-edit-clip'"):
        edit_clip.export(clip_checkpoint, out)
    with pytest.raises(InputError, match="the context is 24 tokens; this CLIP takes 2 to 12"):
        edit_clip.export(edit_clip_checkpoint, out, context=24)
    folder = Path(shutil.copytree(edit_clip_checkpoint, tmp_path / "copy"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(10)
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(InputError, match=r"tokenizer.json cuts texts at 10 tokens, and the context is 12"):
        edit_clip.export(folder, out)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        edit_clip.export(folder, out)
    assert not out.exists()
