"""The losses of the studio's CLIP, on features whose angles are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from studio.clip import losses  # noqa: E402
from studio.clip.crops import CHOICES, Batch  # noqa: E402
from studio.clip.phrases import NOTHING, phrase_id, style_id  # noqa: E402
from studio.renderer.world import NAMES  # noqa: E402

pytestmark = pytest.mark.export


def batch_of_one() -> Batch:
    """An apple turned blue, in a picture of its own."""
    picture = np.full((64, 64, 3), 128, np.uint8)
    batch = Batch()
    before, after = batch.add_image(picture, phrase_id("apple")), batch.add_image(picture, phrase_id("apple", "blue"))
    wrong = [(phrase_id("apple"), phrase_id(name)) for name in NAMES[3 : 2 + CHOICES]]
    batch.add_pair("color", before, after, [(phrase_id("apple"), phrase_id("apple", "blue")), *wrong])
    batch.contents.append((before, (phrase_id("apple"),)))
    return batch


def test_phrases_that_are_true_of_a_crop_are_not_held_against_it():
    tensors = losses.to_tensors(batch_of_one())
    phrases = tensors.phrases.tolist()
    plain, blue = phrases.index(phrase_id("apple")), phrases.index(phrase_id("apple", "blue"))
    assert tensors.allowed[0, plain]
    assert not tensors.allowed[0, blue]
    assert tensors.allowed[1, blue]
    assert not tensors.allowed[1, plain]
    assert tensors.allowed[:, phrases.index(phrase_id("car"))].all()


def test_directions_of_adds_and_removes_start_and_end_at_zero():
    batch = batch_of_one()
    batch.choices[0][0] = (NOTHING, style_id("sepia"))
    tensors = losses.to_tensors(batch)
    texts = torch.eye(len(tensors.phrases))
    sepia = tensors.phrases.tolist().index(style_id("sepia"))
    images = torch.zeros(2, len(texts))
    images[1, sepia] = 100.0
    assert losses.direction_cosines(images, texts, tensors)[0, 0].item() == pytest.approx(1.0, abs=2e-3)


def test_the_cosine_is_that_of_the_differences():
    tensors = losses.to_tensors(batch_of_one())
    generator = torch.Generator().manual_seed(0)
    images, texts = (torch.randn(count, 128, generator=generator) for count in (2, len(tensors.phrases)))
    moved = (images[1] - images[0]).numpy()
    wanted = (texts[tensors.target[0, 0]] - texts[tensors.source[0, 0]]).numpy()
    by_hand = float(moved @ wanted) / math.sqrt(float(moved @ moved) * float(wanted @ wanted))
    assert losses.direction_cosines(images, texts, tensors)[0, 0].item() == pytest.approx(by_hand, abs=1e-3)


def test_perfect_features_cost_nothing_along_the_direction():
    tensors = losses.to_tensors(batch_of_one())
    texts = torch.eye(len(tensors.phrases)) * 10
    parts = losses.losses(texts[tensors.labels], texts, torch.tensor(3.0), tensors)
    assert parts["along"].item() == pytest.approx(0.0, abs=1e-3)
    assert parts["name"].item() < parts["phrase"].item() < 1.0 or parts["phrase"].item() < 1e-3
