"""Edits that stop early: previews against what schedulers predict, and decisions of the real Scorer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editjudge import InputError, Scorer
from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
from editjudge_integrations.editing_pipelines.early_stop import EarlyStop  # noqa: E402
from editjudge_integrations.editing_pipelines.preview import estimate_clean, find_levels  # noqa: E402
from support.tiny_editors import embed_nothing, make_image_to_image, make_kontext  # noqa: E402

COLOR = next(demo for demo in load_demo() if demo.id == "color")
SIZE = (128, 96)
STEPS = 8


def ddim(**options: Any) -> Any:
    return diffusers.DDIMScheduler(
        beta_schedule="scaled_linear", **{"clip_sample": False, "steps_offset": 1, **options}
    )


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio")


@pytest.fixture(scope="module")
def original() -> Image.Image:
    return Image.open(COLOR.original).convert("RGB")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_image_to_image(tmp_path_factory.mktemp("tokenizer"), ddim())


def edit(pipeline: Any, original: Image.Image, stop: Any, **options: Any) -> Any:
    generator = torch.Generator("cpu").manual_seed(4)
    settings = {"num_inference_steps": STEPS, "strength": 1.0, "prompt": COLOR.instruction, **options}
    image = original.resize(SIZE)
    return pipeline(image=image, generator=generator, callback_on_step_end=stop, **settings).images[0]


def edit_with_kontext(original: Image.Image, stop: Any) -> Any:
    return make_kontext()(
        image=original.resize(SIZE), num_inference_steps=STEPS, height=SIZE[1], width=SIZE[0],
        max_area=SIZE[0] * SIZE[1], _auto_resize=False, generator=torch.Generator("cpu").manual_seed(4),
        callback_on_step_end=stop, **embed_nothing(),
    ).images[0]  # fmt: skip


def find_file(label: str) -> Image.Image:
    return Image.open(next(one.file for one in COLOR.candidates if one.label == label)).convert("RGB")


def show(*labels: str) -> Callable[[Any, Any], Image.Image]:
    """Previews that have been made before, in the place of those of random weights; the last one stays."""
    left = list(labels)
    return lambda pipeline, latents: find_file(left.pop(0) if len(left) > 1 else left[0])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' own code
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", ["DDIMScheduler", "EulerDiscreteScheduler"])
def test_the_estimate_is_what_the_scheduler_predicts(name: str, prediction: str) -> None:
    scheduler = (ddim if name == "DDIMScheduler" else diffusers.EulerDiscreteScheduler)(prediction_type=prediction)
    scheduler.set_timesteps(10)
    draw = torch.Generator("cpu").manual_seed(0)
    latents = torch.randn(1, 4, 6, 5, generator=draw) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scheduler.scale_model_input(latents, timestep)
        output = scheduler.step(torch.randn(1, 4, 6, 5, generator=draw), timestep, latents)
        estimate = estimate_clean(latents, output.prev_sample, find_levels(scheduler, timestep))
        scale = output.pred_original_sample.abs().max().item()
        torch.testing.assert_close(estimate, output.pred_original_sample, atol=1e-4 * scale, rtol=1e-3)
        latents = output.prev_sample


def test_the_estimate_of_a_flow() -> None:
    """latents = (1 - sigma) picture + sigma noise, and the model predicts noise - picture."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(6)
    draw = torch.Generator("cpu").manual_seed(0)
    picture, noise = torch.randn(2, 1, 4, 6, 5, generator=draw)
    latents = noise  # as it begins with noise alone
    for timestep in scheduler.timesteps:
        after = scheduler.step(noise - picture, timestep, latents).prev_sample
        estimate = estimate_clean(latents, after, find_levels(scheduler, timestep))
        torch.testing.assert_close(estimate, picture, atol=1e-4, rtol=1e-4)
        latents = after


def test_it_stops_once_the_edit_is_done(pipeline: Any, scorer: Scorer, original: Image.Image) -> None:
    asked = []
    hook = pipeline.unet.register_forward_hook(lambda *_: asked.append(1))
    previews = show("nothing changed", "well done")
    stop = EarlyStop(scorer, original, COLOR.instruction, first_look=0.5, every=1, decode=previews)
    edit(pipeline, original, stop)
    hook.remove()
    assert stop.reason == "done"
    assert [look.step for look in stop.looks] == [3, 4]
    assert [look.score.verdict.decision for look in stop.looks] == ["reject", "accept"]
    assert len(asked) == 5  # of 8 steps
    strict = EarlyStop(scorer, original, COLOR.instruction, accept_at=0.99, decode=show("well done"))
    edit(pipeline, original, strict)
    assert strict.reason is None
    assert [look.step for look in strict.looks] == [3, 5]


def test_it_gives_up_where_it_may(pipeline: Any, scorer: Scorer, original: Image.Image) -> None:
    previews = show("wrong object or colour", "right object, wrong place or size", "wrong object or colour")
    stop = EarlyStop(scorer, original, COLOR.instruction, first_look=0, every=1, give_up_at=0.05, decode=previews)
    edit(pipeline, original, stop)
    assert stop.reason == "hopeless"
    assert [look.step for look in stop.looks] == [1, 2, 3, 4]  # the second look was no hopeless one
    patient = EarlyStop(scorer, original, COLOR.instruction, decode=show("wrong object or colour"))
    edit(pipeline, original, patient)
    assert patient.reason is None


def test_what_was_not_measured_stops_nothing(pipeline: Any, scorer: Scorer, original: Image.Image) -> None:
    unknown = "make the hippopotamus blue"
    stop = EarlyStop(scorer, original, unknown, every=1, give_up_at=1.0, accept_at=0.0, decode=show("well done"))
    edit(pipeline, original, stop)
    assert stop.reason is None
    assert all(look.score.verdict.probability is None for look in stop.looks)


@pytest.mark.parametrize("kind", ["stable diffusion", "kontext"])
def test_what_a_stopped_pipeline_gives_is_the_last_preview(
    kind: str, pipeline: Any, scorer: Scorer, original: Image.Image
) -> None:
    """Decoded by the pipeline itself; every preview of random weights is another picture, which is hopeless."""
    stop = EarlyStop(scorer, original.resize(SIZE), COLOR.instruction, every=1, give_up_at=0.05, size=SIZE)
    image = edit_with_kontext(original, stop) if kind == "kontext" else edit(pipeline, original, stop)
    assert stop.reason == "hopeless"
    assert len(stop.looks) == 2
    assert image.size == SIZE
    np.testing.assert_array_equal(np.asarray(image), np.asarray(stop.looks[-1].picture))


def test_a_run_begins_anew(pipeline: Any, scorer: Scorer, original: Image.Image) -> None:
    stop = EarlyStop(scorer, original, COLOR.instruction, decode=show("well done", "nothing changed"))
    edit(pipeline, original, stop)
    assert stop.reason == "done"
    edit(pipeline, original, stop)
    assert stop.reason is None
    assert len(stop.looks) == 2


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' own code
def test_pipelines_that_it_cannot_stop(pipeline: Any, scorer: Scorer, original: Image.Image, tmp_path: Any) -> None:
    from support.tiny_pipeline import make_pipeline  # noqa: PLC0415

    stop = EarlyStop(scorer, original, COLOR.instruction)
    with pytest.raises(InputError, match="StableDiffusionInstructPix2PixPipeline of diffusers cannot be stopped"):
        make_pipeline(tmp_path)(COLOR.instruction, image=original.resize(SIZE), callback_on_step_end=stop)
    with pytest.raises(InputError, match="several edits are made at once"):
        pipeline([COLOR.instruction] * 2, image=[original.resize(SIZE)] * 2, callback_on_step_end=stop)
    with pytest.raises(InputError, match="the callback needs the latents"):
        edit(pipeline, original, stop, callback_on_step_end_tensor_inputs=["prompt_embeds"])
    ancestral = make_image_to_image(tmp_path, diffusers.EulerAncestralDiscreteScheduler(steps_offset=1))
    with pytest.raises(InputError, match="no preview can be made with EulerAncestralDiscreteScheduler; set pipeline"):
        edit(ancestral, original, stop)
    clipping = make_image_to_image(tmp_path, ddim())
    clipping.scheduler = ddim(clip_sample=True)
    with pytest.raises(InputError, match="no preview can be made with clip_sample"):
        edit(clipping, original, stop)
    packed = EarlyStop(scorer, original.resize(SIZE), COLOR.instruction)
    with pytest.raises(InputError, match="FluxKontextPipeline packs its latents; hand in size"):
        edit_with_kontext(original, packed)
    with pytest.raises(InputError, match="first_look is 2; give a number from 0 to 1"):
        EarlyStop(scorer, original, COLOR.instruction, first_look=2)
