"""Large graphs have their weights in a file beside them, of which ONNX Runtime maps what it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnx
import onnxruntime as ort

from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge_export.architectures import clip, omdet_turbo
from editjudge_export.build import build
from editjudge_export.onnx import export
from editjudge_export.onnx.precision import Precision
from support import tiny_recipe

pytestmark = pytest.mark.export

SIZES = {"height": 96, "width": 128, "text_length": 16}


def outside(path: Path) -> set[str]:
    """The files that the weights of a graph are in, but for its own."""
    weights = onnx.load(path, load_external_data=False).graph.initializer
    return {entry.value for weight in weights for entry in weight.external_data if entry.key == "location"}


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_a_large_graph_computes_the_same_with_its_weights_outside(
    precision: Precision, clip_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {file.role: file for file in clip.export(clip_checkpoint, tmp_path / "alone", precision)}
    size = alone["clip_text"].path.stat().st_size
    assert {file.data for file in alone.values()} == {None}
    monkeypatch.setattr(export, "LARGE", size)
    large = {file.role: file for file in clip.export(clip_checkpoint, tmp_path / "large", precision)}
    text = large["clip_text"]
    assert text.data == tmp_path / "large" / "clip_text.onnx.data"
    assert outside(text.path) == {text.data.name}
    assert text.path.stat().st_size + text.data.stat().st_size < 1.2 * size
    ids = np.random.default_rng(0).integers(0, 99, (2, 12))
    answers = []
    for file in (alone["clip_text"], text):
        session = ort.InferenceSession(str(file.path), providers=["CPUExecutionProvider"])
        feeds = {tensor.name: ids if "ids" in tensor.name else np.ones_like(ids) for tensor in session.get_inputs()}
        answers.append(session.run(None, feeds))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)  # sums in another order, as weights are aligned


def test_the_detector_of_texts_has_its_own_beside_those_that_the_windows_share(
    omdet_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LARGE", 1)
    files = {file.role: file for file in omdet_turbo.export(omdet_checkpoint, tmp_path, **SIZES, windows=[64])}
    names = {role: file.data.name for role, file in files.items() if file.data is not None}
    whole, text = "detector.onnx.data", "detector_text.onnx.data"
    assert names == {"detector": whole, "detector_medium": whole, "detector_text": text}
    assert {path.name for path in tmp_path.glob("*.data")} == {whole, text}


def test_a_bundle_of_large_graphs(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe.write_recipe(tmp_path, checkpoints)
    build(recipe, tmp_path / "small", report=lambda _: None)
    monkeypatch.setattr(export, "LARGE", 1)
    build(recipe, tmp_path / "large", report=lambda _: None)
    small, large = Bundle.load(tmp_path / "small"), Bundle.load(tmp_path / "large")
    data = {"clip_text_data", "clip_vision_data", "detector_data", "sam_encoder_data", "sam_decoder_data"}
    assert set(large.manifest.files) - set(small.manifest.files) == data
    texts = ["a red car", "a dog"]
    one, other = (ModelSet(bundle, "cpu", 1).model(Clip).texts(texts) for bundle in (small, large))
    np.testing.assert_allclose(one, other, atol=1e-5)
