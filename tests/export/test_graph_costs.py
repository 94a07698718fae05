"""The count of operations and bytes, against graphs worked out by hand and against PyTorch's own counter."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxslim")
pytest.importorskip("torch")
import numpy as np
import torch
from onnx import helper
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPModel, SamModel

from benchmarks.roofline import graph_costs
from editjudge.errors import InputError
from editjudge_export.architectures import clip, sam
from editjudge_export.checkpoints.checkpoint import load_model
from support.onnx_graphs import save_graph

pytestmark = pytest.mark.export


def test_worked_by_hand(tmp_path: Path) -> None:
    """n = 3; float32.

    c = conv(x[3, 2, 8, 8], k[4, 2, 3, 3]), no padding: [3, 4, 6, 6], 432 values of 2 x 3 x 3 products: 15,552 FLOP
    r = c as [3, 144]                                                  a view: nothing is moved
    g = r m[144, 10] + v[10]: 30 values of 144 products                                                 8,640 FLOP
    y = relu(g)                                                                                             0 FLOP
    Bytes: x 1536, k 288, c 1728, m 5760, v 40, g 120, y 120.
    """
    path = save_graph(
        tmp_path / "a.onnx",
        [
            helper.make_node("Conv", ["x", "k"], ["c"]),
            helper.make_node("Reshape", ["c", "shape"], ["r"]),
            helper.make_node("Gemm", ["r", "m", "v"], ["g"]),
            helper.make_node("Relu", ["g"], ["y"]),
        ],
        {"x": ["n", 2, 8, 8]},
        ["y"],
        {
            "k": np.ones((4, 2, 3, 3), np.float32),
            "shape": np.array([-1, 144]),
            "m": np.ones((144, 10), np.float32),
            "v": np.ones(10, np.float32),
        },
    )
    cost = graph_costs.count(path, {"x": (3, 2, 8, 8)})
    assert [(step.flops, step.moved) for step in cost.steps] == [
        (15_552, 1536 + 288 + 1728),
        (8_640, 1728 + 5760 + 40 + 120),
        (0, 240),
    ]
    assert cost.flops == 24_192
    assert cost.ends == 1536 + 120
    assert cost.needed - cost.ends == 288 + 5760 + 40 + 16  # 16: the two whole numbers of the shape
    assert cost.needed_in_half == (cost.needed - 16) // 2 + 16
    assert cost.bound(24_192, 1e9) == 1
    assert cost.bound(1e9, cost.needed / 2) == 2
    assert cost.bound_unfused(24_192, 240) == pytest.approx(3552 / 240 + 7648 / 240 + 1)


# Of the transposed convolution each of 12 input values is multiplied with 5 x 2 x 2 weights; the other one has 6
# channels of 2 x 2 values, each of 3 x 3 products of its own channel.
@pytest.mark.parametrize(
    ("operator", "attributes", "x", "z", "flops"),
    [
        ("MatMul", {}, (5, 2, 3), (5, 3, 4), 2 * 5 * 2 * 3 * 4),
        ("MatMul", {}, (5, 2, 3), (3,), 2 * 5 * 2 * 3),
        ("Gemm", {"transA": 1}, (3, 2), (3, 4), 2 * 2 * 3 * 4),
        ("ConvTranspose", {"strides": [2, 2]}, (1, 3, 2, 2), (3, 5, 2, 2), 2 * 12 * 20),
        ("Conv", {"group": 6}, (1, 6, 4, 4), (6, 1, 3, 3), 2 * 24 * 9),
        ("Einsum", {"equation": "bhwc,hkc->bhwk"}, (2, 3, 4, 5), (3, 6, 5), 2 * 2 * 3 * 4 * 5 * 6),
    ],
)
def test_products(
    *,
    tmp_path: Path,
    operator: str,
    attributes: dict[str, object],
    x: tuple[int, ...],
    z: tuple[int, ...],
    flops: int,
) -> None:
    node = helper.make_node(operator, ["x", "z"], ["y"], **attributes)
    path = save_graph(tmp_path / "a.onnx", [node], {"x": list(x), "z": list(z)}, ["y"], {})
    assert graph_costs.count(path, {"x": x, "z": z}).flops == flops


def test_what_is_not_counted_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Einsum", ["x", "x", "x"], ["y"], equation="ij,jk,kl->il")
    path = save_graph(tmp_path / "a.onnx", [node], {"x": [4, 4]}, ["y"], {})
    with pytest.raises(InputError, match="'ij,jk,kl->il' is not counted"):
        graph_costs.count(path, {"x": (4, 4)})


def test_as_pytorch_counts(tmp_path: Path, clip_checkpoint: Path, sam_checkpoint: Path) -> None:
    vision, *_ = clip.export(clip_checkpoint, tmp_path)
    encoder, decoder = sam.export(sam_checkpoint, tmp_path)
    whole, segmenter = load_model(clip_checkpoint, CLIPModel), load_model(sam_checkpoint, SamModel)
    pixels, pictures = torch.rand(3, 3, 32, 32), torch.rand(1, 3, *[segmenter.config.vision_config.image_size] * 2)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        clip.Vision(whole)(pixels)
    assert graph_costs.count(vision.path, {"pixel_values": pixels.shape}).flops == counter.get_total_flops()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        features = sam.Encoder(segmenter)(pictures)
    assert graph_costs.count(encoder.path, {"pixel_values": pictures.shape}).flops == counter.get_total_flops()
    boxes = torch.rand(1, 5, 4)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        sam.Decoder(segmenter)(features, boxes)
    fed = {"image_embeddings": features.shape, "input_boxes": boxes.shape}
    # PyTorch computes the places of the 8 x 8 features each time, [64, 2] times [2, 16]: they hang on weights alone.
    assert graph_costs.count(decoder.path, fed).flops == counter.get_total_flops() - 2 * 64 * 2 * 16
