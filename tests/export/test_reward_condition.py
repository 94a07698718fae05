"""InstructPix2Pix conditioned on rewards: a tiny pipeline of random weights, trained by steps and asked for an edit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editjudge import InputError
from editjudge.batch import score_dataset
from editjudge.datasets import open_dataset
from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
SIZE = 32
NONE = ("None",) * 3


@pytest.fixture
def pipeline(tmp_path: Path) -> Any:
    from support.tiny_pipeline import make_pipeline  # noqa: PLC0415

    return make_pipeline(tmp_path)


@pytest.fixture
def condition(pipeline: Any) -> Any:
    from reward_condition import RewardCondition  # noqa: PLC0415

    torch.manual_seed(1)
    return RewardCondition.fit(pipeline)


def picture(shade: int) -> Image.Image:
    return Image.fromarray(np.full((SIZE, SIZE, 3), shade, np.uint8))


def pair(shade: int, scores: Sequence[float], feedback: Sequence[str] = NONE) -> Any:
    from reward_pairs import RewardedPair  # noqa: PLC0415

    return RewardedPair(picture(128), picture(shade), "make it so", scores, feedback)


def step(
    pipeline: Any, condition: Any, pairs: Sequence[Any], seed: int = 0, frozen: bool = False, **options: Any
) -> float:
    """One of plain descent, by which a weight moves only where a gradient reaches it."""
    from reward_condition import training_step  # noqa: PLC0415

    pipeline.unet.requires_grad_(not frozen)
    weights = [weight for part in (condition, pipeline.unet) for weight in part.parameters() if weight.requires_grad]
    generator = torch.Generator().manual_seed(seed)
    return training_step(pipeline, condition, torch.optim.SGD(weights, lr=0.1), pairs, generator, **options)


def latents(pipeline: Any, condition: Any, **options: Any) -> np.ndarray:
    from reward_condition import edit  # noqa: PLC0415

    original = Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIZE, 2 * SIZE, 3), np.uint8))
    settings = {"num_inference_steps": 2, "output_type": "latent", "guidance_scale": 7.5, "image_guidance_scale": 1.5}
    return edit(pipeline, condition, original, "make it blue", **settings, **options).numpy()


def plain_latents(pipeline: Any) -> np.ndarray:
    original = Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIZE, 2 * SIZE, 3), np.uint8))
    settings = {"num_inference_steps": 2, "output_type": "latent", "guidance_scale": 7.5, "image_guidance_scale": 1.5}
    generator = torch.Generator("cpu").manual_seed(0)
    return pipeline("make it blue", image=original, generator=generator, **settings).images[0].numpy()


def test_untrained_it_leaves_the_pipeline_as_it_is(pipeline: Any, condition: Any) -> None:
    plain = plain_latents(pipeline)
    np.testing.assert_allclose(latents(pipeline, condition), plain, atol=1e-6)
    np.testing.assert_allclose(latents(pipeline, condition, scores=(0, 0, 0), feedback=("bad",) * 3), plain, atol=1e-6)


def test_after_one_step_the_reward_has_a_say(pipeline: Any, condition: Any) -> None:
    step(pipeline, condition, [pair(200, (5, 5, 5)), pair(60, (0, 2, 4), ("the car is red", "None", "blurred"))])
    best = latents(pipeline, condition)
    assert np.abs(best - latents(pipeline, condition, scores=(0, 0, 0))).max() > 1e-4
    assert np.abs(best - latents(pipeline, condition, feedback=("the car is red", "None", "None"))).max() > 1e-4
    np.testing.assert_array_equal(latents(pipeline, condition, scores=(5, 5, 5), feedback=NONE), best)
    assert np.abs(best - plain_latents(pipeline)).max() > 1e-4  # and outside of the block it has none
    np.testing.assert_array_equal(plain_latents(pipeline), plain_latents(pipeline))


@pytest.mark.parametrize("frozen", [False, True])
def test_what_a_step_moves(pipeline: Any, condition: Any, frozen: bool) -> None:
    parts = {"new": condition, "unet": pipeline.unet, "vae": pipeline.vae, "text": pipeline.text_encoder}
    before = {name: [weight.clone() for weight in part.parameters()] for name, part in parts.items()}
    batch = [pair(200, (5, 5, 5)), pair(60, (0, 1, 2))]
    first = step(pipeline, condition, batch, frozen=frozen)
    moved = {
        name: any(not torch.equal(old, new) for old, new in zip(before[name], part.parameters(), strict=True))
        for name, part in parts.items()
    }
    assert moved == {"new": True, "unet": not frozen, "vae": False, "text": False}
    # Both ways in: the time embedding, and the attention, whose tokens are reached once its last layer is not zero.
    assert condition.scores_to_time.linear_2.weight.grad.abs().max() > 0
    assert condition.feedback_to_time.weight.grad.abs().max() > 0
    assert condition.attention.to_out[0].weight.grad.abs().max() > 0
    assert step(pipeline, condition, batch, frozen=frozen) < first  # of the same noise
    assert condition.scores_to_token.linear_1.weight.grad.abs().max() > 0
    assert condition.feedback_to_token.weight.grad.abs().max() > 0


def test_a_dropped_reward_has_no_say(pipeline: Any, condition: Any) -> None:
    step(pipeline, condition, [pair(200, (5, 5, 5)), pair(60, (0, 1, 2))])
    losses = [step_loss(pipeline, condition, score, dropped) for dropped in (1.0, 0.0) for score in (0.0, 5.0)]
    assert losses[0] == losses[1]
    assert abs(losses[2] - losses[3]) > 1e-7


def step_loss(pipeline: Any, condition: Any, score: float, dropped: float) -> float:
    """The loss of a step that is not taken."""
    from reward_condition import training_step  # noqa: PLC0415

    still = torch.optim.SGD(condition.parameters(), lr=0.0)
    generator = torch.Generator().manual_seed(3)
    return training_step(pipeline, condition, still, [pair(200, [score] * 3)], generator, dropped=dropped)


def test_each_row_of_a_batch_has_its_own_reward(pipeline: Any, condition: Any) -> None:
    from reward_condition import conditioned  # noqa: PLC0415

    step(pipeline, condition, [pair(200, (5, 5, 5)), pair(60, (0, 1, 2))])
    noisy, text = torch.randn(4, 8, 4, 4), torch.randn(4, 77, 32)
    scores, feedback = torch.tensor([[5.0, 5, 5], [0, 0, 0]]), torch.randn(2, 32)

    @torch.no_grad()
    def predict(*rows: int, **options: Any) -> np.ndarray:
        with conditioned(pipeline.unet, condition, scores[list(rows)], feedback[list(rows)], **options):
            return pipeline.unet(noisy, 10, text).sample.numpy()

    first, second, both = predict(0), predict(1), predict(0, 1)
    expected = np.stack([first[0], second[1], first[2], second[3]])  # of 4 rows, two rewards are repeated
    np.testing.assert_allclose(both, expected, atol=1e-6)
    with torch.no_grad():
        plain = pipeline.unet(noisy, 10, text).sample.numpy()
    some = predict(0, 1, kept=torch.tensor([True, False]))
    np.testing.assert_allclose(some, np.stack([first[0], plain[1], first[2], plain[3]]), atol=1e-6)
    assert np.abs(first - plain).max() > 1e-5


def test_the_widths_of_stable_diffusion() -> None:
    from reward_condition import RewardCondition  # noqa: PLC0415

    made = RewardCondition(320, 1280, 768)
    time, tokens = made(torch.tensor([[5.0, 0.0, 2.5]]), torch.zeros(1, 768))
    assert time.shape == (1, 1280)
    assert tokens.shape == (1, 2, 320)
    assert made.scores_to_time.linear_1.in_features == made.scores_to_token.linear_1.in_features == 3 * 256


ROW = {
    "id": "0", "original": "original.png", "edited": "edited.png", "instruction": "make it lighter",
    "judges.reward.following": 5.0, "judges.reward.preserving": 3.5, "judges.reward.quality": 4.0,
    "judges.reward.following.feedback": "None", "judges.reward.preserving.feedback": "the sky is darker",
    "judges.reward.quality.feedback": "None",
}  # fmt: skip


def write_table(folder: Path, *rows: dict[str, Any]) -> Path:
    for name, shade in (("original", 90), ("edited", 160)):
        picture(shade).resize((48, 40)).save(folder / f"{name}.png")
    table = folder / "scores.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return table


def test_pairs_are_read_from_scores(tmp_path: Path) -> None:
    from reward_pairs import join_feedback, load_pairs, read_pairs  # noqa: PLC0415

    lacking = [
        {**ROW, "judges.reward.quality": None}, {**ROW, "judges.reward.following.feedback": None},
        {**ROW, "judges.reward.quality": "NaN"}, {**ROW, "edited": None},
    ]  # fmt: skip
    pairs, left_out = read_pairs(write_table(tmp_path, ROW, *lacking))
    assert (len(pairs), left_out) == (1, 4)
    assert pairs[0].scores == [5, 3.5, 4]
    assert join_feedback(pairs[0].feedback) == "None; the sky is darker; None"
    (loaded,) = load_pairs(pairs, 16)
    assert loaded.original.size == loaded.edited.size == (16, 16)
    assert loaded.edited.getpixel((0, 0)) == (160, 160, 160)
    with pytest.raises(InputError, match=r"no row of .* has a reward; write it with score-dataset --metrics reward"):
        read_pairs(write_table(tmp_path, *lacking))


def test_pairs_are_read_from_rewardedit(tmp_path: Path) -> None:
    from reward_pairs import read_pairs  # noqa: PLC0415

    folder = tmp_path / "0000001"
    folder.mkdir()
    for name, shade in (("7_0.jpg", 90), ("7_1.jpg", 160)):
        picture(shade).save(folder / name)
    (folder / "prompt.json").write_text(json.dumps({"edit": "make it lighter"}))
    said = [{"Score": 5, "Negative Prompt": "None"}, {"Score": 2, "Negative Prompt": "the sky is darker"}]
    table = tmp_path / "RewardEdit_20K.json"
    table.write_text(json.dumps({"0000001": [*said, said[0]], "missing": [*said, said[0]]}))
    (pair,), left_out = read_pairs(table)
    assert left_out == 1
    assert (pair.instruction, pair.scores) == ("make it lighter", [5, 2, 5])
    assert pair.feedback == ["None", "the sky is darker", "None"]


def test_pairs_are_read_from_what_was_really_scored(tmp_path: Path) -> None:
    from reward_pairs import read_pairs  # noqa: PLC0415

    demo = next(demo for demo in load_demo() if demo.id == "color")
    edits = tmp_path / "edits.jsonl"
    rows = [{"original": str(demo.original), "edited": str(one.file), "instruction": demo.instruction}
            for one in demo.candidates]  # fmt: skip
    edits.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], "edited": "missing.png"}]))
    score_dataset(open_dataset(edits), tmp_path / "scores.jsonl", device="cpu", workers=1, metrics=("reward",))
    pairs, left_out = read_pairs(tmp_path / "scores.jsonl")
    assert left_out == 1
    done = dict(zip([one.label for one in demo.candidates], pairs, strict=True))
    assert done["well done"].scores > done["nothing changed"].scores
    assert done["nothing changed"].feedback[0] != "None"


def test_the_command_trains_and_edits(tmp_path: Path, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import load_file  # noqa: PLC0415

    import reward_condition  # noqa: PLC0415

    table, model, trained = write_table(tmp_path, ROW), tmp_path / "model", tmp_path / "trained"
    pipeline.save_pretrained(model)

    def run(*arguments: object) -> None:
        monkeypatch.setattr("sys.argv", ["reward_condition.py", *map(str, arguments)])
        reward_condition.main()

    run("train", table, trained, "--model", model, "--steps", 2, "--batch", 1, "--size", SIZE, "--freeze")
    run("edit", trained, tmp_path / "original.png", "make it lighter", tmp_path / "new.png", "--steps", 2)
    with Image.open(tmp_path / "new.png") as edited:
        assert edited.size == (48, 40)
    untrained = reward_condition.RewardCondition.fit(pipeline).state_dict()
    weights = load_file(trained / reward_condition.WEIGHTS)
    assert weights.keys() == untrained.keys()
    assert weights["scores_to_time.linear_2.weight"].abs().max() > 0
