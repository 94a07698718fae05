"""The rearranged attention of Grounding DINO computes what transformers' own does."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
import torch
from transformers import GroundingDinoConfig
from transformers.models.grounding_dino.modeling_grounding_dino import (
    GroundingDinoBiMultiHeadAttention,
    GroundingDinoMultiscaleDeformableAttention,
)

from editjudge_export.architectures.grounding_dino_attention import rearrange_attention

pytestmark = pytest.mark.export

CONFIG = GroundingDinoConfig(
    d_model=16, encoder_ffn_dim=48, encoder_attention_heads=4, num_feature_levels=2, disable_custom_kernels=True
)
BATCH, TOKENS, SHAPES = 2, 5, [(3, 4), (2, 2)]
PLACES = sum(height * width for height, width in SHAPES)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def randomise(module: torch.nn.Module) -> torch.nn.Module:
    """In float64, so that rounding hides nothing; transformers begins with some weights at zero."""
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module.double().eval()


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_between_picture_and_text(masked: bool) -> None:
    module = randomise(GroundingDinoBiMultiHeadAttention(CONFIG))
    padding = torch.zeros(BATCH, PLACES, dtype=torch.bool), torch.zeros(BATCH, TOKENS, dtype=torch.bool)
    padding[0][1, -4:], padding[1][0, -2:] = True, True
    masks = padding if masked else (None, None)
    inputs = draw(BATCH, PLACES, 16), draw(BATCH, TOKENS, 16)
    with torch.no_grad():
        (vision, _), (text, _) = module(*inputs, *masks)
        with rearrange_attention():
            (vision_again, by_place), (text_again, by_token) = module(*inputs, *masks)
    torch.testing.assert_close(vision_again, vision, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(text_again, text, rtol=1e-10, atol=1e-10)
    heads = CONFIG.encoder_attention_heads // 2
    assert by_place.shape == (BATCH, PLACES, heads, TOKENS)
    assert by_token.shape == (BATCH, heads, TOKENS, PLACES)


@pytest.mark.parametrize("coordinates", [2, 4])
@pytest.mark.parametrize("masked", [False, True])
def test_deformable_attention(coordinates: int, masked: bool) -> None:
    """Of the encoder, whose queries have a place, and of the decoder, whose have a box; places outside too."""
    module = randomise(GroundingDinoMultiscaleDeformableAttention(CONFIG, num_heads=4, n_points=3))
    inputs = {
        "hidden_states": draw(BATCH, 7, 16),
        "attention_mask": torch.rand(BATCH, PLACES) < 0.7 if masked else None,
        "encoder_hidden_states": draw(BATCH, PLACES, 16),
        "position_embeddings": draw(BATCH, 7, 16),
        "reference_points": torch.rand(BATCH, 7, len(SHAPES), coordinates, dtype=torch.float64) * 1.2,
        "spatial_shapes": torch.tensor(SHAPES),
        "spatial_shapes_list": SHAPES,
        "level_start_index": torch.tensor([0, 12]),
    }
    with torch.no_grad():
        looked, weights = module(**inputs)
        with rearrange_attention():
            looked_again, weights_again = module(**inputs)
    torch.testing.assert_close(looked_again, looked, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(weights_again, weights, rtol=1e-10, atol=1e-10)


def test_transformers_has_its_own_again() -> None:
    own = GroundingDinoBiMultiHeadAttention.forward
    with rearrange_attention():
        assert GroundingDinoBiMultiHeadAttention.forward is not own
    assert GroundingDinoBiMultiHeadAttention.forward is own
