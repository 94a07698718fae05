"""The exported graphs: their inputs and outputs, what they compute, and how their weights are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnx
import onnxruntime as ort
import torch
from transformers import CLIPModel, GroundingDinoForObjectDetection, SamModel

from editjudge_export.architectures import clip, grounding_dino, sam
from editjudge_export.architectures.grounding_dino_text import caption_inputs
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.onnx.fp16_weights import round_weights

pytestmark = pytest.mark.export

DETECTOR = {"height": 64, "width": 96, "text_length": 16}


def session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def signature(path: Path) -> dict[str, tuple[str, list[int | str]]]:
    opened = session(path)
    return {one.name: (one.type, one.shape) for one in (*opened.get_inputs(), *opened.get_outputs())}


@pytest.fixture(scope="module")
def clip_files(clip_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ExportedFile]:
    return clip.export(clip_checkpoint, tmp_path_factory.mktemp("out"), "fp16-weights", context=8)


@pytest.fixture(scope="module")
def sam_files(sam_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ExportedFile]:
    return sam.export(sam_checkpoint, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def detector_files(detector_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ExportedFile]:
    return grounding_dino.export(detector_checkpoint, tmp_path_factory.mktemp("out"), "fp16-weights", **DETECTOR)


def test_clip_has_its_contract(clip_files: list[ExportedFile]) -> None:
    vision, text, tokenizer = clip_files
    assert [file.path.name for file in clip_files] == ["clip_vision.onnx", "clip_text.onnx", "clip_tokenizer.json"]
    assert signature(vision.path) == {
        "pixel_values": ("tensor(float)", ["n", 3, 32, 32]),
        "image_embeds": ("tensor(float)", ["n", 16]),
    }
    assert signature(text.path) == {
        "input_ids": ("tensor(int64)", ["n", 8]),
        "attention_mask": ("tensor(int64)", ["n", 8]),
        "text_embeds": ("tensor(float)", ["n", 16]),
    }
    assert 0 < vision.parity < 1e-4
    assert 0 < text.parity < 1e-4
    assert tokenizer.parity is None


def test_clip_embeds_a_text_of_its_tokenizer_as_pytorch_does(
    clip_checkpoint: Path, clip_files: list[ExportedFile]
) -> None:
    ids = load_tokenizer(clip_checkpoint).encode("red fire hydrant").ids
    padded = np.array([ids + [0] * (8 - len(ids))])
    mask = np.array([[1] * len(ids) + [0] * (8 - len(ids))])
    got = session(clip_files[1].path).run(None, {"input_ids": padded, "attention_mask": mask})[0]
    model = round_weights(load_model(clip_checkpoint, CLIPModel))
    # Causal attention: what follows the end cannot matter, so the text by itself must give the same.
    wanted = model.get_text_features(torch.tensor([ids]))
    np.testing.assert_allclose(got, wanted.numpy(), atol=1e-5)


def test_fp16_storage_halves_the_file_and_keeps_fp32_arithmetic(
    clip_checkpoint: Path, clip_files: list[ExportedFile], tmp_path: Path
) -> None:
    whole = clip.export(clip_checkpoint, tmp_path, "fp32", context=8)[1]
    half = clip_files[1]
    assert half.path.stat().st_size < 0.6 * whole.path.stat().st_size
    assert (whole.precision, half.precision) == ("fp32", "fp16-weights")
    assert whole.rounding is None
    assert 1e-6 < half.rounding.mean <= half.rounding.largest < 0.1
    graph = onnx.load(half.path).graph
    stored = {weight.name for weight in graph.initializer if weight.data_type == onnx.TensorProto.FLOAT16}
    readers = {node.op_type for node in graph.node if stored & set(node.input)}
    assert stored
    assert readers == {"Cast"}


def test_sam_has_its_contract(sam_files: list[ExportedFile]) -> None:
    encoder, decoder = (signature(file.path) for file in sam_files)
    assert encoder == {
        "pixel_values": ("tensor(float)", ["batch", 3, 64, 64]),
        "image_embeddings": ("tensor(float)", ["batch", 32, 8, 8]),
    }
    assert decoder == {
        "image_embeddings": ("tensor(float)", ["batch", 32, 8, 8]),
        "input_boxes": ("tensor(float)", ["batch", "boxes", 4]),
        "pred_masks": ("tensor(float)", ["batch", "boxes", 32, 32]),
        "iou_scores": ("tensor(float)", ["batch", "boxes"]),
    }
    assert all(0 < file.parity < 1e-4 for file in sam_files)


def test_sam_segments_as_the_whole_model_does_for_counts_that_the_gate_never_saw(
    sam_checkpoint: Path, sam_files: list[ExportedFile]
) -> None:
    generator = torch.Generator().manual_seed(9)
    pixels = torch.randn(2, 3, 64, 64, generator=generator)
    boxes = torch.rand(2, 5, 4, generator=generator) * 32 + torch.tensor([0.0, 0.0, 32.0, 32.0])
    embeddings = session(sam_files[0].path).run(None, {"pixel_values": pixels.numpy()})[0]
    feed = {"image_embeddings": embeddings, "input_boxes": boxes.numpy()}
    masks, scores = session(sam_files[1].path).run(["pred_masks", "iou_scores"], feed)
    model = load_model(sam_checkpoint, SamModel)
    with torch.inference_mode():
        wanted = model(pixel_values=pixels, input_boxes=boxes, multimask_output=False)
    assert masks.shape == (2, 5, 32, 32)
    np.testing.assert_allclose(masks, wanted.pred_masks[:, :, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(scores, wanted.iou_scores[:, :, 0].numpy(), atol=1e-4)


def test_the_detector_has_its_contract(detector_files: list[ExportedFile]) -> None:
    detector, tokenizer = detector_files
    assert signature(detector.path) == {
        "pixel_values": ("tensor(float)", ["batch", 3, 64, 96]),
        "input_ids": ("tensor(int64)", ["batch", 16]),
        "attention_mask": ("tensor(int64)", ["batch", 16]),
        "token_type_ids": ("tensor(int64)", ["batch", 16]),
        "position_ids": ("tensor(int64)", ["batch", 16]),
        "text_self_attention_mask": ("tensor(bool)", ["batch", 16, 16]),
        "logits": ("tensor(float)", ["batch", 6, 16]),
        "pred_boxes": ("tensor(float)", ["batch", 6, 4]),
    }
    assert 0 < detector.parity < 1e-4
    assert tokenizer.path.name == "detector_tokenizer.json"
    assert {opset.version for opset in onnx.load(detector.path).opset_import if not opset.domain} == {17}


@pytest.mark.parametrize(
    "captions",
    [["cat ."], ["red fire hydrant . blue truck . moon ."], ["cat . dog . bus . boat . car .", "green apple ."]],
)
def test_the_detector_takes_captions_it_was_not_traced_with(
    captions: list[str], detector_checkpoint: Path, detector_files: list[ExportedFile]
) -> None:
    tokenizer = load_tokenizer(detector_checkpoint)
    model = round_weights(load_model(detector_checkpoint, GroundingDinoForObjectDetection))
    texts = caption_inputs(captions, tokenizer, 16)
    pixels = torch.randn(len(captions), 3, 64, 96, generator=torch.Generator().manual_seed(5))
    feed = {"pixel_values": pixels.numpy(), **{name: tensor.numpy() for name, tensor in texts.items()}}
    logits, boxes = session(detector_files[0].path).run(["logits", "pred_boxes"], feed)
    inputs = {name: texts[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    with torch.inference_mode():
        wanted = model(pixel_values=pixels, **inputs)
    np.testing.assert_allclose(boxes, wanted.pred_boxes.numpy(), atol=1e-4)
    np.testing.assert_allclose(
        torch.from_numpy(logits).sigmoid().numpy(), wanted.logits[..., :16].sigmoid().numpy(), atol=1e-4
    )
    assert np.isneginf(logits[texts["attention_mask"].numpy()[:, None].repeat(6, 1) == 0]).all()


def test_the_phrases_of_a_caption_matter(detector_checkpoint: Path, detector_files: list[ExportedFile]) -> None:
    """The masks are inputs indeed: the same tokens under another mask give another answer."""
    texts = caption_inputs(["red car . blue dog ."], load_tokenizer(detector_checkpoint), 16)
    feed = {name: tensor.numpy() for name, tensor in texts.items()} | {
        "pixel_values": np.ones((1, 3, 64, 96), np.float32)
    }
    opened = session(detector_files[0].path)
    logits = opened.run(["logits"], feed)[0][..., :8]
    feed["text_self_attention_mask"] = np.ones((1, 16, 16), bool)
    feed["position_ids"] = np.arange(16)[None]
    assert np.abs(opened.run(["logits"], feed)[0][..., :8] - logits).max() > 1e-3
