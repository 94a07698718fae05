"""The segmenter's training: what it starts from, what it is shown and what it is punished for."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs editjudge[studio]")
pytest.importorskip("transformers", reason="needs editjudge[studio]")

from studio.segmenter import examples, train  # noqa: E402

pytestmark = pytest.mark.export


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return train.micro_sam().eval()


def test_weights_are_drawn_for_training(model):
    assert sum(p.numel() for p in model.parameters()) < 2_000_000
    assert model.vision_encoder.layers[0].attn.qkv.weight.std() > 0.01
    image, prompt = model.shared_image_embedding, model.prompt_encoder.shared_embedding
    assert 0.5 < image.positional_embedding.std() < 1.5
    torch.testing.assert_close(image.positional_embedding, prompt.positional_embedding)


def test_one_mask_of_96_per_box(model):
    with torch.no_grad():
        out = model(
            pixel_values=torch.zeros(2, 3, 192, 192), input_boxes=torch.rand(2, 3, 4) * 192, multimask_output=False
        )
    assert out.pred_masks.shape == (2, 3, 1, 96, 96)
    assert out.iou_scores.shape == (2, 3, 1)


def test_loss_is_least_for_the_true_mask():
    low = torch.zeros(1, 1, 96, 96)
    low[..., 20:50, 30:60] = 1
    boxes = torch.tensor([[[60.0, 40.0, 120.0, 100.0]]])
    sure = torch.where(low > 0, 20.0, -20.0)
    perfect = train.losses(sure, torch.ones(1, 1), boxes, low)
    assert perfect == pytest.approx(0, abs=1e-3)
    shifted = train.losses(sure.roll(4, dims=-1), torch.ones(1, 1), boxes, low)
    unsure = train.losses(torch.zeros_like(low), torch.zeros(1, 1), boxes, low)
    assert perfect < shifted
    # By hand: BCE of ln 2 over 96 x 96 cells per 30 x 30 of the box; dice of 0.5 everywhere; no error of the head.
    dice = 1 - (900 + 1) / (0.5 * 96 * 96 + 900 + 1)
    assert unsure == pytest.approx(math.log(2) * 96 * 96 / 900 + dice, rel=1e-5)


def test_jitter_moves_sides_by_no_more_than_asked_and_stays_inside():
    boxes = np.float32([[0, 10, 100, 60], [150, 150, 192, 192]])
    rng = np.random.default_rng(0)
    for _ in range(50):
        moved = examples.jitter_boxes(boxes, rng, 0.08)
        assert (np.abs(moved - boxes) <= np.float32([[8, 4, 8, 4], [3.36] * 4]) + 1e-4).all()
        assert moved.min() >= 0
        assert moved.max() <= 192


def test_rate_warms_up_then_falls_to_a_hundredth():
    assert train.rate(0.0, 1.0) == 0
    assert train.rate(0.02, 1.0) == pytest.approx(1, abs=0.01)
    assert train.rate(1.0, 1.0) == pytest.approx(0.01)
    assert train.rate(1.3, 1.0) == pytest.approx(0.01)
