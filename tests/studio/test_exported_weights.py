"""Weights that are read back from a bundle's graphs: the models compute what the graphs do."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="needs editjudge[studio]")
pytest.importorskip("transformers", reason="needs editjudge[studio]")

from editjudge.bundles.bundle import Bundle  # noqa: E402
from editjudge.models.grounding_dino_text import CaptionTokenizer  # noqa: E402
from studio.clip.train import new_model  # noqa: E402
from studio.detector.model import new_detector  # noqa: E402
from studio.exported_weights import load_weights  # noqa: E402
from studio.segmenter.train import micro_sam  # noqa: E402

pytestmark = pytest.mark.export


def run(bundle: Bundle, graph: str, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    return onnxruntime.InferenceSession(str(bundle.folder / graph)).run(None, inputs)


def pixels(side: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 3, side, side)).astype(np.float32)


@torch.no_grad()
def test_clip(studio):
    model = new_model()
    missing = load_weights(model, [studio.folder / "clip_vision.onnx", studio.folder / "clip_text.onnx"])
    assert {name for name in missing if "position_ids" not in name} == {"logit_scale"}
    seen = pixels(64)
    (features,) = run(studio, "clip_vision.onnx", {"pixel_values": seen})
    expected = model.eval().get_image_features(torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(features, expected, atol=1e-4)


@torch.no_grad()
def test_detector(studio):
    model = new_detector()
    assert load_weights(model, [studio.folder / "detector.onnx"]) == []
    tokenizer = CaptionTokenizer(studio.folder / "detector_tokenizer.json", 24)
    texts = tokenizer.inputs([tokenizer.caption(["red car", "dog"])] * 2)
    seen = pixels(160)
    logits, boxes = run(studio, "detector.onnx", {"pixel_values": seen, **texts})
    inputs = {name: torch.from_numpy(texts[name]) for name in ("input_ids", "attention_mask")}
    out = model.eval()(pixel_values=torch.from_numpy(seen), **inputs)
    np.testing.assert_allclose(boxes, out.pred_boxes.numpy(), atol=1e-4)
    words = slice(1, 4)
    np.testing.assert_allclose(logits[..., words], out.logits[..., words].numpy(), atol=1e-3)


@torch.no_grad()
def test_segmenter(studio):
    model = micro_sam()
    missing = load_weights(model, [studio.folder / "sam_encoder.onnx", studio.folder / "sam_decoder.onnx"])
    unused = ("prompt_encoder.mask_embed", "prompt_encoder.point_embed", "prompt_encoder.not_a_point_embed")
    assert all(name.startswith(unused) for name in missing)
    seen = pixels(192)
    (embeddings, *_) = run(studio, "sam_encoder.onnx", {"pixel_values": seen})
    expected = model.eval().get_image_embeddings(torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-3)
