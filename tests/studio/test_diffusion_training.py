"""The small Stable Diffusion is trained, resumed, and written as a pipeline that finds masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs editjudge[studio]")
pytest.importorskip("diffusers", reason="needs editjudge[guidance]")

import PIL.Image  # noqa: E402

from diffedit_mask import find_diffedit_mask, open_pipeline  # noqa: E402
from studio.diffusion.train import DiffusionTraining, draw_picture, name_objects  # noqa: E402

pytestmark = pytest.mark.export


def test_what_is_learnt_is_kept_and_written(tmp_path: Path) -> None:
    training = DiffusionTraining(tmp_path, seed=0)
    before = training.unet.conv_in.weight.clone()
    errors = [training.learn_autoencoder() for _ in range(12)]
    assert errors[-1] < errors[0]
    training.measure_scale()
    training.learn_denoiser()
    assert not torch.equal(training.unet.conv_in.weight, before)
    training.save()
    training.export()
    resumed = DiffusionTraining(tmp_path, seed=0)
    assert (resumed.step, resumed.scale) == ({"vae": 12, "unet": 1}, training.scale)
    for name, value in training.unet.state_dict().items():
        torch.testing.assert_close(resumed.unet.state_dict()[name], value)
    pipeline = open_pipeline(str(tmp_path / "pipeline"))
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.vae.config.scaling_factor == pytest.approx(training.scale)
    picture, _ = draw_picture(np.random.default_rng(0))
    mask = find_diffedit_mask(pipeline, PIL.Image.fromarray(picture), "car", "blue car")
    assert (mask.shape, mask.dtype) == (picture.shape[:2], np.bool_)


def test_captions_name_what_is_to_be_seen() -> None:
    random = np.random.default_rng(1)
    captions = []
    for _ in range(200):
        _, items = draw_picture(random)
        caption = name_objects(random, items)
        names = caption.split(", ") if caption else []
        assert len(names) <= len(items)
        assert all(any(name in (item.name, item.phrase) for item in items) for name in names)
        captions.append(len(names))
    assert {0, 1, 2} <= set(captions)
