"""Mask guidance of a diffusers pipeline: a tiny one of random weights, denoised by equation 4 of the paper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editjudge import EditScore, InputError, Scorer
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo
from editjudge.guidance import guidance
from editjudge.study.database import StudyDatabase
from editjudge.study.design import default_design
from editjudge.study.items import read_items
from editjudge.study.summary import count_preferences

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
SCALES = {"guidance_scale": 7.5, "image_guidance_scale": 1.5}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """InstructPix2Pix with latents of an eighth, its U-Net of random weights that listen to the text."""
    from support.tiny_pipeline import make_pipeline  # noqa: PLC0415

    return make_pipeline(tmp_path_factory.mktemp("tokenizer"))


def latents(pipeline: Any, text: str, **options: Any) -> np.ndarray:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    generator = torch.Generator("cpu").manual_seed(1)
    settings = {"num_inference_steps": 3, "output_type": "latent", **SCALES, **options}
    return pipeline(text, image=picture, generator=generator, **settings).images.numpy()


def test_numpy_and_torch_alike() -> None:
    arrays = np.random.default_rng(0).normal(size=(3, 2, 4, 8, 12)).astype(np.float32)
    mask = np.random.default_rng(1).random((8, 12)) > 0.5
    expected = guidance(*arrays, mask, image_scale=1.5, text_scale=7.5)
    tensors = torch.from_numpy(arrays)
    guided = guidance(*tensors, torch.from_numpy(mask), image_scale=1.5, text_scale=7.5)
    np.testing.assert_allclose(guided.numpy(), expected, rtol=1e-6, atol=1e-6)
    half = guidance(*tensors.half(), torch.from_numpy(mask), image_scale=1.5, text_scale=7.5)
    assert half.dtype == torch.float16


def test_the_pipeline_denoises_by_equation_4(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mask_guidance import guided  # noqa: PLC0415

    mask = np.zeros((8, 12), bool)
    mask[2:5, 3:9] = True
    predicted, denoised = [], []
    step = pipeline.scheduler.step
    monkeypatch.setattr(
        pipeline.scheduler, "step", lambda noise, *a, **k: (denoised.append(noise), step(noise, *a, **k))[1]
    )
    hook = pipeline.unet.register_forward_hook(lambda _, __, out: predicted.append(out[0].clone()))  # before the mask
    try:
        with guided(pipeline, mask):
            latents(pipeline, "make it blue")
    finally:
        hook.remove()
    assert len(predicted) == len(denoised) == 3
    for raw, noise in zip(predicted, denoised, strict=True):
        text, image, empty = raw.double().numpy().reshape(3, 1, 4, 8, 12)
        expected = empty + 1.5 * (image - empty) + 7.5 * (text - image) * mask
        assert np.abs(text - image).max() > 1e-3  # the text has something to say
        np.testing.assert_allclose(noise.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_the_text_has_no_say_outside_the_mask(pipeline: Any) -> None:
    from mask_guidance import guided  # noqa: PLC0415

    free = [latents(pipeline, text) for text in ("make it blue", "add a cat")]
    assert np.abs(free[0] - free[1]).max() > 1e-3
    with guided(pipeline, np.zeros((8, 12), bool)):
        np.testing.assert_array_equal(*(latents(pipeline, text) for text in ("make it blue", "add a cat")))
    with guided(pipeline, np.ones((8, 12), bool)):
        np.testing.assert_allclose(latents(pipeline, "add a cat"), free[1], atol=1e-4)
    np.testing.assert_array_equal(latents(pipeline, "add a cat"), free[1])  # and afterwards it is as before


class Recorded:
    """A scorer that judges a recorded edit, whatever the pipeline of random weights makes."""

    def __init__(self, edited: Image.Image) -> None:
        self._scorer, self._edited = Scorer.load("studio", "cpu"), edited

    def score(self, original: Image.Image, _: Image.Image, instruction: str) -> EditScore:
        return self._scorer.score(original, self._edited, instruction)


def test_edit_twice(pipeline: Any) -> None:
    from mask_guidance import edit_twice  # noqa: PLC0415

    color = next(demo for demo in load_demo() if demo.id == "color")
    done = next(candidate.file for candidate in color.candidates if candidate.label == "well done")
    original, edited = (Image.open(path).convert("RGB").resize((256, 200)) for path in (color.original, done))
    first, second, score = edit_twice(
        pipeline, Recorded(edited), original, color.instruction, num_inference_steps=2, **SCALES
    )
    assert first.size == second.size == (256, 200)
    assert score.intent.source == "car"
    assert not np.array_equal(np.asarray(first), np.asarray(second))


def test_an_edit_without_a_region_is_not_done_again(pipeline: Any) -> None:
    from mask_guidance import edit_twice  # noqa: PLC0415

    color = next(demo for demo in load_demo() if demo.id == "color")
    original = Image.open(color.original).convert("RGB").resize((256, 200))
    scorer = Scorer.load("studio", "cpu")
    first, second, score = edit_twice(pipeline, scorer, original, color.instruction, num_inference_steps=2, **SCALES)
    assert score.kind == "other_picture"  # the weights are random
    assert second is first


def test_both_edits_of_a_table_are_a_study_of_preferences(
    pipeline: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mask_guidance import edit_data  # noqa: PLC0415

    color = next(demo for demo in load_demo() if demo.id == "color")
    done = next(candidate.file for candidate in color.candidates if candidate.label == "well done")
    for name, path in (("a.png", color.original), ("b.png", done)):
        Image.open(path).convert("RGB").resize((256, 200)).save(tmp_path / name)
    rows = [{"original": "a.png", "edited": "b.png", "instruction": color.instruction}] * 2
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recorded = Recorded(Image.open(tmp_path / "b.png"))
    folder = tmp_path / "both"
    assert edit_data(pipeline, recorded, data, folder, num_inference_steps=2, **SCALES) == (1, 0)
    with pytest.raises(InputError, match="exists already"):
        edit_data(pipeline, recorded, data, folder)
    dataset = open_dataset(folder / "edits.jsonl")
    (item,), fingerprint = read_items(dataset, "prefer")
    assert [candidate.model for candidate in item.candidates] == ["plain", "guided"]
    pictures = [np.asarray(Image.open(folder / f"0-{model}.png")) for model in ("plain", "guided")]
    assert not np.array_equal(*pictures)
    with StudyDatabase.open_or_create(
        folder / "r.sqlite", default_design("prefer", 0, 0), (item,), fingerprint
    ) as study:
        rater = study.join("anna")
        (left, _) = study.page(rater, 1).candidates
        guided_is_left = study.picture(left.picture).row == 1
        study.answer(rater, 1, {1: dict.fromkeys(study.design.side_names, 1.0 if guided_is_left else -1.0)})
        found = count_preferences(study)
    assert {(one.first, one.second, one.better, one.worse) for one in found} == {("guided", "plain", 1, 0)}


def test_the_example_explains_itself(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import mask_guidance  # noqa: PLC0415

    monkeypatch.setattr("sys.argv", [str(Path(mask_guidance.__file__)), "--help"])
    with pytest.raises(SystemExit, match="0"):
        mask_guidance.main()
    assert "editjudge[guidance]" in capsys.readouterr().out
