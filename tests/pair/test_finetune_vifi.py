"""Fine-tuning of a CLIP on clips of two frames: its gradients, what it learns, and that it can be killed."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
import torch.nn.functional as F  # noqa: N812
from onnxruntime import InferenceSession
from transformers import CLIPImageProcessor, CLIPModel

from editjudge.bundles.settings import VifiClipSettings
from editjudge.datasets.dataset import open_dataset
from editjudge.errors import InputError
from editjudge.image.vectors import to_unit_length
from editjudge.models.clip import picture_inputs
from editjudge_export.architectures import vifi_clip
from pair.clip_tokenizer import open_tokenizer
from pair.vifi.clips import Clips, prepare_clips
from pair.vifi.finetune import FinetuneLimits, finetune
from pair.vifi.gradients import ClipBatch, backpropagate, contrast, embed_clips
from pair.vifi.training import ClipTraining, FinetuneRecipe, make_batch, save_checkpoint
from support import tiny_checkpoints
from support.full_disk import full_disk
from support.people_edits import edits, write_humanedit

pytestmark = pytest.mark.export

ROOT = Path(__file__).parent.parent.parent
RECIPE = FinetuneRecipe(epochs=4, batch=6, rate=1e-3, held_out=0.2)
EXACT = FinetuneLimits(part=4, precision=torch.float32)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints.save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_humanedit(tmp_path_factory.mktemp("humanedit"))


@pytest.fixture
def batch(checkpoint: Path) -> ClipBatch:
    """Ten clips of noise, two captions of which are the same."""
    captions = ["red car", "blue dog", "green cat", "apple", "red car", "star", "moon boat", "bus", "plane", "truck"]
    frames = np.random.default_rng(0).integers(0, 256, (10, 2, 32, 32, 3), dtype=np.uint8)
    tokenizer = open_tokenizer(checkpoint, CLIPModel.from_pretrained(checkpoint).config.text_config)
    return make_batch(Clips(frames, captions), tokenizer, np.arange(10), np.zeros(10, bool))


def reference_loss(model: CLIPModel, batch: ClipBatch) -> torch.Tensor:
    """Of the whole batch at once, written out: transformers' features, the mean, the cosines."""
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    features = [model.get_image_features((batch.frames[:, frame] / 255 - mean) / std) for frame in (0, 1)]
    clips = F.normalize((features[0] + features[1]) / 2, dim=-1)
    texts = F.normalize(model.get_text_features(batch.input_ids, batch.attention_mask), dim=-1)
    logits = model.logit_scale.exp() * clips @ texts.T
    losses = []
    for table in (logits, logits.T):
        for row in range(10):
            others = [column for column in range(10) if {row, column} != {0, 4} or row == column]
            losses.append(torch.logsumexp(table[row, others], 0) - table[row, row])
    return torch.stack(losses).mean()


@pytest.mark.parametrize("part", [3, 4, 10])
def test_gradients_in_parts_are_those_of_the_whole_batch(checkpoint: Path, batch: ClipBatch, part: int) -> None:
    whole, cached = (CLIPModel.from_pretrained(checkpoint).eval() for _ in range(2))
    loss = reference_loss(whole, batch)
    loss.backward()
    assert backpropagate(cached, batch, part, torch.float32) == pytest.approx(loss.item(), rel=1e-5)
    for (name, expected), (_, result) in zip(whole.named_parameters(), cached.named_parameters(), strict=True):
        assert expected.grad is not None, name
        torch.testing.assert_close(result.grad, expected.grad, rtol=1e-3, atol=1e-6, msg=name)


def test_half_precision_is_near(checkpoint: Path, batch: ClipBatch) -> None:
    whole, half = (CLIPModel.from_pretrained(checkpoint).eval() for _ in range(2))
    losses = [backpropagate(model, batch, 4, kind) for model, kind in ((whole, torch.float32), (half, torch.bfloat16))]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    gradients = [torch.cat([weight.grad.flatten() for weight in model.parameters()]) for model in (whole, half)]
    assert gradients[1].dtype == torch.float32
    assert F.cosine_similarity(*gradients, dim=0) > 0.98


def test_the_loss_of_parts_would_be_another(checkpoint: Path, batch: ClipBatch) -> None:
    """Plain accumulation tells a clip from its own part only: what the test above must be able to see."""
    model = CLIPModel.from_pretrained(checkpoint).eval()
    losses = [backpropagate(model, some, 5, torch.float32) for some in batch.split(5)]
    assert abs(np.mean(losses) - reference_loss(model, batch).item()) > 0.1


def test_the_loss_by_hand() -> None:
    clips, texts = torch.eye(3), torch.eye(3)
    tokens = torch.tensor([[1, 9], [2, 9], [1, 9]])
    # Rows 0 and 2 have one wrong answer, row 1 two: with cosines of 1 and 0, log(1 + n / e^scale).
    expected = (2 * math.log1p(math.exp(-2)) + math.log1p(2 * math.exp(-2))) / 3
    assert contrast(clips, texts, torch.tensor(2.0), tokens).item() == pytest.approx(expected)


def test_padding_does_not_change_a_caption(checkpoint: Path) -> None:
    model = CLIPModel.from_pretrained(checkpoint).eval()
    tokenizer = open_tokenizer(checkpoint, model.config.text_config)
    clips = Clips(np.zeros((2, 2, 32, 32, 3), np.uint8), ["red car", "red car dog cat moon boat house tree"])
    both = make_batch(clips, tokenizer, np.arange(2), np.zeros(2, bool))
    alone = make_batch(clips, tokenizer, np.arange(1), np.zeros(1, bool))
    assert both.input_ids.shape[1] > alone.input_ids.shape[1]
    with torch.no_grad():
        texts = [embed_clips(model, some, torch.float32)[1][0] for some in (both, alone)]
    torch.testing.assert_close(texts[0], texts[1], rtol=0, atol=1e-6)
    long = replace(clips, captions=["red car " * 150] * 2)
    assert make_batch(long, tokenizer, np.arange(1), np.zeros(1, bool)).input_ids.shape == (1, 12)


def test_clips_are_mirrored_unless_the_caption_names_a_side() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 2, 8, 8, 3), dtype=np.uint8)
    clips = Clips(frames, ["remove the cat", "move it to the LEFT", "remove the dog"])
    taken = clips.take(np.array([2, 1, 0]), np.array([True, True, False]))
    np.testing.assert_array_equal(taken[0], frames[2, :, :, ::-1].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(taken[1], frames[1].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(taken[2], frames[0].transpose(0, 3, 1, 2))


def test_the_rate_rises_for_an_epoch_and_falls_to_a_hundredth() -> None:
    recipe = FinetuneRecipe(epochs=10, batch=256)
    rates = [recipe.rate_at(step, 4601) for step in range(170)]
    assert np.argmax(rates) == 16
    assert max(rates) == pytest.approx(8e-6, rel=0.03)
    assert rates[0] == pytest.approx(8e-6 / 17, rel=1e-3)
    assert rates[-1] == pytest.approx(8e-8, rel=0.02)


def read_losses(log: str) -> list[float]:
    return [float(line.split("loss ")[1].split(",")[0]) for line in log.splitlines() if "loss " in line]


def test_it_learns_and_its_model_can_be_opened(
    data: Path, checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    finetune(tmp_path / "run", data, checkpoint, replace(RECIPE, epochs=30, flips=0.0), EXACT)
    losses = read_losses(caplog.text)
    assert np.mean(losses[:3]) > 1.4
    assert np.mean(losses[-5:]) < 0.4
    assert "held out: {'text mean rank': " in caplog.text
    model = CLIPModel.from_pretrained(tmp_path / "run" / "model")
    kept = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert all(torch.equal(weight, kept["model"][name]) for name, weight in model.state_dict().items())
    assert (tmp_path / "run" / "model" / "tokenizer.json").read_bytes() == (checkpoint / "tokenizer.json").read_bytes()
    assert kept["step"] == 30 * (len(json.loads((tmp_path / "run/clips/train/captions.json").read_text())) // 6)


def test_clips_are_what_the_saved_processor_makes(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    """But for what is resized twice: the pictures of the tests are smaller than the frame."""
    finetune(tmp_path / "run", data, checkpoint, replace(RECIPE, held_out=0.0), replace(EXACT, steps=1))
    clips = Clips.open(tmp_path / "run" / "clips" / "train", 32)
    processor = CLIPImageProcessor.from_pretrained(tmp_path / "run" / "model")
    mean, std = (np.array(value)[:, None, None] for value in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    for index, (original, edited, caption) in enumerate(edits()[:-1]):
        assert clips.captions[index] == caption
        expected = processor([original, edited], return_tensors="np")["pixel_values"]
        result = (clips.take(np.array([index]), np.array([False]))[0] / 255 - mean) / std
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_the_exported_model_sees_an_edit_as_it_was_trained_to(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    """The runtime's pre-processing and the exported graph against the clips and the weights of the training."""
    run = tmp_path / "run"
    finetune(run, data, checkpoint, replace(RECIPE, held_out=0.0), replace(EXACT, steps=2))
    settings = vifi_clip.processor_settings(run / "model")
    assert (settings["size"], settings["shorter"], settings["resample"]) == (32, 37, "bilinear")
    vifi_clip.export(run / "model", tmp_path)
    session = InferenceSession(tmp_path / "vifi_clip.onnx", providers=["CPUExecutionProvider"])
    model = CLIPModel.from_pretrained(run / "model").eval()
    clips = Clips.open(run / "clips" / "train", 32)
    batch = make_batch(clips, open_tokenizer(checkpoint, model.config.text_config), np.arange(19), np.zeros(19, bool))
    with torch.no_grad():
        expected = embed_clips(model, batch, torch.float32)[0].numpy()
    frames = [picture for original, edited, _ in edits()[:-1] for picture in (original, edited)]
    pixels = picture_inputs(frames, VifiClipSettings(**settings, context=12))["pixel_values"]
    [result] = session.run(["edit_embeds"], {"frames": pixels.reshape(19, 2, 3, 32, 32)})
    np.testing.assert_allclose(to_unit_length(result), expected, atol=1e-5)


@pytest.mark.usefixtures("one_thread")
def test_a_killed_training_ends_with_the_same_weights(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    options = [
        *("--data", data, "--checkpoint", checkpoint, "--epochs", "400", "--batch", "6", "--rate", "1e-3"),
        *("--precision", "float32", "--part", "4", "--save-every", "0", "--threads", "1"),
    ]
    command = [sys.executable, "-m", "pair.vifi.finetune", str(tmp_path / "killed"), *map(str, options)]
    paths = os.pathsep.join(str(ROOT / name) for name in ("models", "export", "runtime"))
    state, log = tmp_path / "killed" / "state.pt", tmp_path / "killed" / "train.log"
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL) as process:
        give_up = time.monotonic() + 300
        while not (state.exists() and "step 3:" in log.read_text()):
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    killed_at = torch.load(state, weights_only=True)["step"]
    recipe = replace(RECIPE, epochs=400)
    limits = replace(EXACT, steps=killed_at + 4)
    for folder in ("killed", "whole"):
        finetune(tmp_path / folder, data, checkpoint, recipe, limits)
    ended, whole = (
        torch.load(tmp_path / folder / "state.pt", weights_only=True)["model"] for folder in ("killed", "whole")
    )
    start = CLIPModel.from_pretrained(checkpoint).state_dict()
    assert 0 < killed_at < limits.steps
    for name, weight in whole.items():
        torch.testing.assert_close(ended[name], weight, rtol=0, atol=1e-7, msg=name)
    assert not torch.equal(whole["logit_scale"], start["logit_scale"])


def test_it_stops_after_the_minutes_that_it_was_given(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    finetune(tmp_path / "run", data, checkpoint, replace(RECIPE, epochs=10_000), replace(EXACT, minutes=0.01))
    model = CLIPModel.from_pretrained(checkpoint)
    assert 0 < ClipTraining(tmp_path / "run", model, RECIPE).step < 20_000


def test_a_full_disk_is_said_and_leaves_nothing(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    with full_disk(), pytest.raises(InputError, match=r"cannot write .*clips: .*; choose another place, or make room"):
        prepare_clips(open_dataset(data), tmp_path / "clips", 32, 0.2)
    model = CLIPModel.from_pretrained(checkpoint)
    with full_disk(), pytest.raises(InputError, match=r"cannot write .*model: .*; choose another place, or make room"):
        save_checkpoint(tmp_path / "model", model, checkpoint / "tokenizer.json")
    assert list(tmp_path.iterdir()) == []


def test_bad_input(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    finetune(run, data, checkpoint, RECIPE, replace(EXACT, steps=1))
    with pytest.raises(InputError, match=r"was begun with rate 0\.001, not 0\.002; choose another folder"):
        finetune(run, data, checkpoint, replace(RECIPE, rate=2e-3), EXACT)
    with pytest.raises(InputError, match="two are the least that can be told apart"):
        finetune(tmp_path / "none", data, checkpoint, replace(RECIPE, held_out=1.0), EXACT)
    dino = tmp_path / "dino"
    dino.mkdir()
    with pytest.raises(InputError, match="holds a model of type 'vit'; CLIPModel needs 'clip'"):
        finetune(tmp_path / "other", data, tiny_checkpoints.save_dino(dino), RECIPE, EXACT)
    (checkpoint_without := tmp_path / "untold").mkdir()
    for name in ("config.json", "model.safetensors"):
        (checkpoint_without / name).write_bytes((checkpoint / name).read_bytes())
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        finetune(tmp_path / "other", data, checkpoint_without, RECIPE, EXACT)
    assert not (tmp_path / "other").exists()
