"""SAM for windows of a picture, and at another size: against models whose tables and prompts are made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnxruntime as ort
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import SamConfig, SamModel

from editjudge.errors import InputError
from editjudge_export.architectures import sam
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.onnx.export import ExportedFile

pytestmark = pytest.mark.export

WINDOWS = (40, 24)
"""Of 5 and 3 patches a side, beside 8 of the whole: the windows of attention, of 3 patches, are padded in one alone."""
GLOBAL = "vision_encoder.layers.1.attn.rel_pos_"
PIXELS = torch.Generator().manual_seed(3)


def run(file: ExportedFile, inputs: dict[str, Tensor]) -> list[np.ndarray]:
    session = ort.InferenceSession(str(file.path), providers=["CPUExecutionProvider"])
    return session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})


def draw_boxes(side: int) -> Tensor:
    return torch.tensor([[[2.0, 3.0, side - 5.0, side - 2.0], [0.0, 6.5, side / 2, side - 1.0]]])


def make_model(whole: SamModel, size: int, weights: dict[str, Tensor]) -> SamModel:
    """A model of another size, as transformers makes one, with all other weights of the whole's."""
    config = SamConfig(**whole.config.to_dict())
    config.vision_config.image_size = config.prompt_encoder_config.image_size = size
    config.prompt_encoder_config.image_embedding_size = size // config.vision_config.patch_size
    model = SamModel(config)
    model.load_state_dict({**whole.state_dict(), **weights})
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def whole(sam_checkpoint: Path) -> SamModel:
    return load_model(sam_checkpoint, SamModel)


@pytest.fixture(scope="module")
def files(sam_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportedFile]:
    return {file.role: file for file in sam.export(sam_checkpoint, tmp_path_factory.mktemp("out"), windows=WINDOWS)}


@pytest.mark.parametrize(("side", "name"), [(40, "medium"), (24, "small")])
def test_a_window_is_encoded_with_the_positions_of_the_corner_and_the_distances_within_it(
    side: int, name: str, whole: SamModel, files: dict[str, ExportedFile]
) -> None:
    count = side // 8
    weights = {"vision_encoder.pos_embed": whole.vision_encoder.pos_embed[:, :count, :count]}
    state = whole.state_dict()
    for axis in "hw":
        table = state[f"{GLOBAL}{axis}"]  # row 7 + d is of patches that lie d apart
        weights[f"{GLOBAL}{axis}"] = torch.stack([table[7 + apart] for apart in range(1 - count, count)])
    model = make_model(whole, side, weights)
    pixels = torch.randn(2, 3, side, side, generator=PIXELS)
    (embeddings,) = run(files[f"sam_encoder_{name}"], {"pixel_values": pixels})
    np.testing.assert_allclose(embeddings, model.get_image_embeddings(pixels).numpy(), atol=1e-5)


@pytest.mark.parametrize(("side", "name"), [(40, "medium"), (24, "small")])
def test_a_window_is_decoded_as_the_corner_of_a_picture_of_the_whole_size(
    side: int, name: str, whole: SamModel, files: dict[str, ExportedFile]
) -> None:
    count, boxes = side // 8, draw_boxes(side)
    embeddings = torch.randn(1, 32, count, count, generator=PIXELS)
    frequencies = whole.shared_image_embedding.positional_embedding

    def encode(fractions: Tensor) -> Tensor:
        angles = 2 * torch.pi * (2 * fractions - 1) @ frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=-1)

    centres = (torch.arange(count) + 0.5) / 8  # of the patches, in fractions of the whole
    places = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1)
    corners = encode((boxes.view(1, 2, 2, 2) + 0.5) / 64)
    kinds = torch.stack([whole.prompt_encoder.point_embed[index].weight[0] for index in (2, 3)])
    with torch.no_grad():
        output = whole.mask_decoder(
            image_embeddings=embeddings,
            image_positional_embeddings=encode(places).permute(2, 0, 1)[None],
            sparse_prompt_embeddings=corners + kinds,
            dense_prompt_embeddings=whole.prompt_encoder.no_mask_embed.weight.view(1, 32, 1, 1).expand_as(embeddings),
            multimask_output=False,
        )
    masks, scores = run(files[f"sam_decoder_{name}"], {"image_embeddings": embeddings, "input_boxes": boxes})
    assert masks.shape == (1, 2, side // 2, side // 2)
    np.testing.assert_allclose(masks, output[0][:, :, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(scores, output[1][:, :, 0].numpy(), atol=1e-4)


def test_another_size_has_the_positions_interpolated(sam_checkpoint: Path, whole: SamModel, tmp_path: Path) -> None:
    encoder, decoder = sam.export(sam_checkpoint, tmp_path, size=96)
    grid = whole.vision_encoder.pos_embed.permute(0, 3, 1, 2)
    absolute = interpolate(grid, (12, 12), mode="bicubic", align_corners=False).permute(0, 2, 3, 1)
    relative = {
        f"{GLOBAL}{axis}": interpolate(whole.state_dict()[f"{GLOBAL}{axis}"].T[None], 23, mode="linear")[0].T
        for axis in "hw"
    }
    model = make_model(whole, 96, {"vision_encoder.pos_embed": absolute, **relative})
    pixels, boxes = torch.randn(2, 3, 96, 96, generator=PIXELS), draw_boxes(96).expand(2, 2, 4)
    wanted = model(pixel_values=pixels, input_boxes=boxes, multimask_output=False)
    (embeddings,) = run(encoder, {"pixel_values": pixels})
    feed = {"image_embeddings": torch.from_numpy(embeddings), "input_boxes": boxes}
    masks, scores = run(decoder, feed)
    assert masks.shape == (2, 2, 48, 48)
    np.testing.assert_allclose(masks, wanted.pred_masks[:, :, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(scores, wanted.iou_scores[:, :, 0].numpy(), atol=1e-4)


def test_windows_of_another_size_are_cut_from_that(sam_checkpoint: Path, whole: SamModel, tmp_path: Path) -> None:
    files = {file.role: file for file in sam.export(sam_checkpoint, tmp_path, size=96, windows=[64])}
    grid = whole.vision_encoder.pos_embed.permute(0, 3, 1, 2)
    weights = {"vision_encoder.pos_embed": interpolate(grid, (12, 12), mode="bicubic").permute(0, 2, 3, 1)[:, :8, :8]}
    for axis in "hw":
        row = interpolate(whole.state_dict()[f"{GLOBAL}{axis}"].T[None], 23, mode="linear")[0].T
        weights[f"{GLOBAL}{axis}"] = row[11 - 7 : 11 + 8]
    pixels = torch.randn(1, 3, 64, 64, generator=PIXELS)
    (embeddings,) = run(files["sam_encoder_medium"], {"pixel_values": pixels})
    wanted = make_model(whole, 64, weights).get_image_embeddings(pixels)
    np.testing.assert_allclose(embeddings, wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"size": 60}, "a side of SAM's input is 60 pixels; it must be a multiple of 8"),
        ({"windows": [44]}, "44 pixels; it must be a multiple of 8"),
        ({"windows": [0]}, "0 pixels; it must be a multiple of 8"),
        ({"windows": [64]}, r"the windows are \[64\]; they must fall, and be under 64"),
        ({"windows": [24, 40]}, "they must fall, and be under 64"),
        ({"size": 32, "windows": [40]}, "they must fall, and be under 32"),
    ],
)
def test_sizes_that_cannot_be(settings: dict[str, object], found: str, sam_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=found):
        sam.export(sam_checkpoint, tmp_path, **settings)
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_a_checkpoint_give_way_to_another_size(sam_checkpoint: Path) -> None:
    assert sam.config_settings(sam_checkpoint) == {"size": 64, "mask_size": 32}
    assert sam.config_settings(sam_checkpoint, size=96) == {"size": 96, "mask_size": 48}
    assert sam.config_settings(sam_checkpoint, size=60) == {"size": 64, "mask_size": 32}
