"""Graphs for windows of pictures: what they compute, the file of weights that they share, and a bundle of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnx
import onnxruntime as ort
import torch
from onnx.external_data_helper import ExternalDataInfo
from transformers import GroundingDinoForObjectDetection

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge_export.architectures import grounding_dino, sam
from editjudge_export.architectures.grounding_dino_text import caption_inputs
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.build import build
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.cli import main
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.onnx.fp16_weights import round_weights
from editjudge_export.onnx.precision import Precision
from editjudge_export.onnx.shared_weights import ALIGNMENT, SMALLEST
from editjudge_export.preflight.plan import check_settings
from editjudge_export.preflight.recipe_check import check_recipe
from editjudge_export.recipe import read_recipe
from editjudge_export.verification.numeric_gate import GateError
from support import tiny_recipe

pytestmark = pytest.mark.export

DETECTOR = {"height": 96, "width": 128, "text_length": 16}


def run(path: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, inputs)


def read_places(path: Path) -> dict[str, tuple[str, int, int]]:
    """File, offset and length of the weights of a graph that are outside it, by name."""
    infos = {
        weight.name: ExternalDataInfo(weight)
        for weight in onnx.load(path, load_external_data=False).graph.initializer
        if weight.data_location == onnx.TensorProto.EXTERNAL
    }
    return {name: (info.location, info.offset or 0, info.length) for name, info in infos.items()}


@pytest.fixture(scope="module")
def detector_files(detector_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ExportedFile]:
    folder = tmp_path_factory.mktemp("out")
    return grounding_dino.export(detector_checkpoint, folder, "fp16-weights", **DETECTOR, windows=[64])


def test_a_window_that_is_the_whole_picture_is_seen_as_a_picture(
    detector_checkpoint: Path, detector_files: list[ExportedFile]
) -> None:
    whole, window, _ = detector_files
    assert (whole.role, window.role) == ("detector", "detector_medium")
    assert 0 < window.parity < 1e-4
    texts = caption_inputs(["red car . dog .", "fire hydrant ."], load_tokenizer(detector_checkpoint), 16)
    pixels = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    feed = {"pixel_values": pixels.numpy(), **{name: tensor.numpy() for name, tensor in texts.items()}}
    logits, boxes = run(window.path, {**feed, "whole_size": np.full((2, 2), 64.0, np.float32)})
    inputs = {name: texts[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    model = round_weights(load_model(detector_checkpoint, GroundingDinoForObjectDetection))
    with torch.inference_mode():
        wanted = model(pixel_values=pixels, **inputs)
    np.testing.assert_allclose(boxes, wanted.pred_boxes.numpy(), atol=1e-4)
    expected = wanted.logits[..., :16].sigmoid().numpy()
    np.testing.assert_allclose(torch.from_numpy(logits).sigmoid().numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "fp16-weights"])
def test_the_graphs_of_a_model_share_its_weights(precision: Precision, sam_checkpoint: Path, tmp_path: Path) -> None:
    alone = sam.export(sam_checkpoint, tmp_path / "alone", precision)
    assert [file.data for file in alone] == [None, None]
    files = {file.role: file for file in sam.export(sam_checkpoint, tmp_path / "out", precision, windows=[40, 24])}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *(f"{role}.onnx" for role in files),
        *("sam_encoder.onnx.data", "sam_decoder.onnx.data"),
    }
    pixels = np.random.default_rng(0).standard_normal((1, 3, 64, 64), np.float32)
    for before in alone:
        whole = files[before.role]
        assert whole.data == whole.path.with_name(f"{before.role}.onnx.data")
        stored = {weight.name: weight for weight in onnx.load(before.path).graph.initializer}
        large = {name for name, weight in stored.items() if len(weight.raw_data) >= SMALLEST}
        places = read_places(whole.path)
        assert set(places) == large
        assert {place[0] for place in places.values()} == {whole.data.name}
        assert all(offset % ALIGNMENT == 0 for _, offset, _ in places.values())
        content = whole.data.read_bytes()
        for name, (_, offset, length) in places.items():
            assert content[offset : offset + length] == stored[name].raw_data
        for size in ("medium", "small"):
            window = files[f"{before.role}_{size}"]
            assert window.data == whole.data
            assert window.path.stat().st_size < before.path.stat().st_size
            shared = set(read_places(window.path).values()) & set(places.values())
            assert len(shared) > 0.6 * len(places)
    inputs = {"pixel_values": pixels}
    before, after = (run(path, inputs)[0] for path in (alone[0].path, files["sam_encoder"].path))
    assert np.array_equal(before, after)


def test_weights_that_are_the_same_stand_once(detector_files: list[ExportedFile]) -> None:
    """What the sizes have of their own are positions of places, and the shapes of feature maps."""
    whole, window, _ = detector_files
    own = set(read_places(window.path).values()) - set(read_places(whole.path).values())
    size = whole.data.stat().st_size
    assert sum(length for _, _, length in own) < 0.2 * size
    places = {*read_places(whole.path).values(), *read_places(window.path).values()}
    spans = sorted((offset, offset + length) for _, offset, length in places)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] == size
    content = whole.data.read_bytes()
    assert len({content[start:end] for start, end in spans}) == len(spans)


def test_a_gate_that_a_window_fails_leaves_no_shared_file(
    sam_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = sam.Encoder.forward

    def encode_windows_wrongly(self: sam.Encoder, pixels: torch.Tensor) -> torch.Tensor:
        return encode(self, pixels) + (0.01 if pixels.shape[-1] == 40 else 0.0)

    monkeypatch.setattr(sam.Encoder, "forward", encode_windows_wrongly)
    with pytest.raises(GateError, match="sam_encoder_medium differs from PyTorch by"):
        sam.export(sam_checkpoint, tmp_path, windows=[40])
    assert not list(tmp_path.glob("*.data"))


@pytest.mark.parametrize(
    ("windows", "found"),
    [([96], "96 pixels"), ([48], "48 pixels"), ([32], "32 pixels, and 5 places .* must be .* with at least 6 places")],
)
def test_windows_that_the_detector_cannot_have(
    windows: list[int], found: str, detector_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=found):
        grounding_dino.export(detector_checkpoint, tmp_path, **DETECTOR, windows=windows)


WINDOWS = {"detector": {"height": 96, "width": 128, "windows": [64]}, "segmenter": {"windows": [40, 24]}}


def test_a_bundle_has_them(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    recipe = tiny_recipe.write_recipe(tmp_path, checkpoints, WINDOWS)
    files = build(recipe, tmp_path / "made", report=lambda _: None)
    bundle = Bundle.load(tmp_path / "made")
    graphs = [f"sam_{part}_{size}" for size in ("medium", "small") for part in ("encoder", "decoder")]
    data = ["detector_data", "sam_encoder_data", "sam_decoder_data"]
    assert {"detector_medium", *graphs, *data} < set(bundle.manifest.files)
    assert {file.role for file in files} == set(bundle.manifest.files) - {*data, "parser", "domain", "vocabulary"}
    assert (bundle.detector.windows, bundle.segmenter.windows) == ((64,), (40, 24))
    for role in ("detector_medium", *graphs):
        assert 0 < bundle.manifest.files[role].parity < 1e-4
        run_path = bundle.graph(role).path
        assert ort.InferenceSession(str(run_path), providers=["CPUExecutionProvider"]).get_outputs()
    whole, window = bundle.graph("sam_encoder"), bundle.graph("sam_encoder_small")
    assert whole.digest.split()[1] == window.digest.split()[1] == bundle.manifest.files["sam_encoder_data"].sha256
    assert len({whole.digest, window.digest}) == 2


def test_a_bundle_at_another_size(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    changes = {"segmenter": {"size": 96, "mask_size": 48}}
    build(tiny_recipe.write_recipe(tmp_path, checkpoints, changes), tmp_path / "made", report=lambda _: None)
    path = Bundle.load(tmp_path / "made").graph("sam_encoder").path
    assert ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_inputs()[0].shape[1:] == [3, 96, 96]


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ({"size": 96, "mask_size": 32}, "the recipe says 32 for mask_size in [segmenter]; the checkpoint says 48"),
        ({"size": 100, "mask_size": 32}, "the recipe says 100 for size in [segmenter]; the checkpoint says 64"),
    ],
)
def test_a_size_and_its_masks_belong_together(section: dict[str, int], found: str, sam_checkpoint: Path) -> None:
    with pytest.raises(InputError) as caught:
        check_settings("segmenter", sam_checkpoint, section)
    assert str(caught.value) == found


@pytest.mark.parametrize(
    ("windows", "found"),
    [
        ({"detector": {"windows": [96]}}, r"windows must fall, and be under 64, not \[96\]"),
        ({"segmenter": {"windows": [32, 48]}}, r"windows must fall, and be under 64, not \[32, 48\]"),
        ({"segmenter": {"windows": [48, 32, 16]}}, "windows must be at most 2, not 3"),
        ({"segmenter": {"windows": [33]}}, "windows must be multiples of 2"),
        ({"segmenter": {"windows": 32}}, "must be a list"),
    ],
)
def test_a_recipe_with_windows_that_cannot_be_is_refused_at_once(
    windows: dict[str, dict[str, object]], found: str, checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    path = tiny_recipe.write_recipe(tmp_path, checkpoints, windows)
    with pytest.raises(InputError, match=found):
        check_recipe(read_recipe(path), path)


def test_the_roles_that_a_section_makes() -> None:
    segmenter = ARCHITECTURES["segmenter"]
    assert segmenter.list_roles({}) == ["sam_encoder", "sam_decoder"]
    assert segmenter.list_roles({"windows": [40]})[2:] == ["sam_encoder_medium", "sam_decoder_medium"]
    assert ARCHITECTURES["clip"].list_roles({"windows": [40]}) == list(ARCHITECTURES["clip"].roles)


def test_the_command_line_takes_sizes(sam_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sam", str(sam_checkpoint), str(tmp_path), "--size", "48", "--windows", "32", "--windows", "16"]
    assert main(arguments) == 0
    roles = ("sam_encoder", "sam_decoder", "sam_encoder_medium", "sam_decoder_medium", "sam_encoder_small")
    printed = capsys.readouterr().out
    assert all(f"{role}.onnx: fp32, " in printed for role in roles)
    inputs = ort.InferenceSession(str(tmp_path / "sam_encoder_small.onnx")).get_inputs()
    assert inputs[0].shape[1:] == [3, 16, 16]
