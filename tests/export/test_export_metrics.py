"""LPIPS, DINO and DINOv2: what is exported, against the packages that people measure with, on the same weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
from lpips_case import alexnet, pairs
from safetensors.torch import load_file, save_file
from skimage import data
from torchmetrics.functional.image import (
    learned_perceptual_image_patch_similarity,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)
from torchmetrics.functional.image import lpips as torchmetrics_lpips
from torchmetrics.functional.multimodal import clip_score
from transformers import CLIPModel, CLIPProcessor, Dinov2Model, PreTrainedTokenizerFast

from editjudge.bundle import Bundle
from editjudge.errors import InputError
from editjudge.manifest import read_manifest
from editjudge.metrics import pixels
from editjudge.metrics.baselines import Edit, measure
from editjudge.metrics.models import Models
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from editjudge_export import build, dino, lpips, lpips_weights
from editjudge_export.checkpoint import load_model
from editjudge_export.options import Options
from editjudge_export.processors import clip_processor, dino_processor
from editjudge_export.recipe import Checkpoint, read_recipe

pytestmark = pytest.mark.export

PACKAGE = (0.090945788, 0.008544236, 0.0)
"""LPIPS of the pairs by the package lpips 0.1.4: tests/fixtures/make_lpips_golden.py."""

METRICS = """
[export.lpips]
checkpoint = "{lpips}"
source = "a seed"
licence = "BSD"

[export.dino]
checkpoint = "{dino}"
source = "a seed"
licence = "Apache-2.0"

[export.dinov2]
checkpoint = "{dinov2}"
source = "a seed"
licence = "Apache-2.0"

[lpips]
size = 128
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
resample = "bicubic"
fit = "stretch"

[dino]
size = 32
shorter = 40
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
resample = "bicubic"
fit = "center_crop"

[dinov2]
size = 28
shorter = 40
mean = [0.485, 0.456, 0.406]
std = [0.229, 0.224, 0.225]
resample = "bicubic"
fit = "center_crop"
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkpoint]:
    """A folder with a file of AlexNet's weights as torchvision has them, and a recipe's entry for it."""
    folder = tmp_path_factory.mktemp("published")
    torch.save({name: torch.from_numpy(value) for name, value in alexnet().items()}, folder / "alexnet.pth")
    sha256 = hashlib.sha256((folder / "alexnet.pth").read_bytes()).hexdigest()
    return folder, Checkpoint(url=(folder / "alexnet.pth").as_uri(), sha256=sha256)


@pytest.fixture(scope="module")
def lpips_checkpoint(published: tuple[Path, Checkpoint], tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDITJUDGE_HOME", str(tmp_path_factory.mktemp("home")))
        return lpips_weights.fetch_lpips(published[1], published[0]).path


@pytest.fixture(scope="module")
def recipe_with_metrics(
    write_recipe: Callable[[Path], Path],
    lpips_checkpoint: Path,
    dino_checkpoint: Path,
    dinov2_checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = write_recipe(tmp_path_factory.mktemp("recipe"))
    folders = {"lpips": lpips_checkpoint, "dino": dino_checkpoint, "dinov2": dinov2_checkpoint}
    text = path.read_text().replace('"area"\nfit = "stretch"', '"bicubic"\nfit = "center_crop"', 1)
    path.write_text(text + METRICS.format(**folders))
    return path


@pytest.fixture(scope="module")
def metric_bundle(recipe_with_metrics: Path) -> Bundle:
    folder = recipe_with_metrics.parent / "tiny"
    build.build(recipe_with_metrics, folder, Options(pairs=0, precision="fp32", metrics=("lpips", "dino", "dinov2")))
    return Bundle.load(folder)


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def test_lpips_is_that_of_the_lpips_package(lpips_checkpoint: Path) -> None:
    model = lpips.load(lpips_checkpoint)
    with torch.inference_mode():
        found = [model(*(tensor(each) / 127.5 - 1 for each in pair)).item() for pair in pairs()]
    assert found == pytest.approx(PACKAGE, abs=1e-7)


def test_lpips_in_the_runtime_is_that_of_torchmetrics(metric_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """With AlexNet's weights as in the case; the linear layers are those that torchmetrics comes with on both sides."""
    assert read_manifest(metric_bundle.folder).files["lpips"].parity < 1e-5
    features = lpips.Lpips().features
    features.load_state_dict({name.removeprefix("features."): torch.from_numpy(v) for name, v in alexnet().items()})
    monkeypatch.setattr(torchmetrics_lpips, "_get_tv_model_features", lambda *_, **__: features)
    models = Models(metric_bundle, "cpu", 1)
    for pair, package in zip(pairs(), PACKAGE, strict=True):
        one, other = (tensor(each) / 255 for each in pair)
        wanted = learned_perceptual_image_patch_similarity(one, other, net_type="alex", normalize=True).item()
        assert models.distance(*pair) == pytest.approx(wanted, abs=1e-5)
        assert models.distance(*pair) == pytest.approx(package, abs=1e-6)


@pytest.mark.parametrize("role", ["dino", "dinov2"])
def test_dino_in_the_runtime_is_that_of_transformers(
    role: str, metric_bundle: Bundle, dino_checkpoint: Path, dinov2_checkpoint: Path
) -> None:
    checkpoint = {"dino": dino_checkpoint, "dinov2": dinov2_checkpoint}[role]
    settings = metric_bundle.pictures(role)
    model = load_model(checkpoint, dino.ARCHITECTURES[role])
    process = dino_processor(settings.size, settings.shorter)
    asked = {"interpolate_pos_encoding": True} if role == "dino" else {}
    pictures = [data.chelsea(), data.rocket(), data.astronaut(), np.ascontiguousarray(data.chelsea()[:31, :97])]
    with torch.inference_mode():
        wanted = model(**process(pictures, return_tensors="pt"), **asked).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(Models(metric_bundle, "cpu", 1).features(role, pictures), wanted, atol=1e-4)


def test_dinov2s_positions_are_brought_to_the_size_of_the_graph(dinov2_checkpoint: Path) -> None:
    """The graph has fewer patches than the checkpoint: were its positions cut instead, the gate would see it."""
    config = load_model(dinov2_checkpoint, Dinov2Model).config
    assert config.image_size > 28
    graph = dino.graphs(load_model(dinov2_checkpoint, Dinov2Model), "dinov2", 28)[0]
    pixels = next(graph.examples(torch.Generator().manual_seed(0), 2))["pixel_values"]
    with torch.inference_mode():
        wanted = graph.reference({"pixel_values": pixels})["features"]
        torch.testing.assert_close(graph.module(pixels), wanted)
        graph.module.model.embeddings.interpolate_pos_encoding = lambda *_: torch.zeros(1, 1, 1)
        assert (graph.module(pixels) - wanted).abs().max() > 1e-2


def test_clip_scores_are_torchmetrics(metric_bundle: Bundle, clip_checkpoint: Path) -> None:
    """CLIPScore there is 100 times the cosine, and 0 where that is below."""
    model = load_model(clip_checkpoint, CLIPModel)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(clip_checkpoint / "tokenizer.json"), pad_token="[PAD]", model_max_length=12
    )
    scale = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    images = clip_processor(32)
    images.image_mean, images.image_std = scale["image_mean"], scale["image_std"]
    processor = CLIPProcessor(images, tokenizer)
    scorer = Scorer.load(metric_bundle.folder, "cpu", 1)
    for (one, other), text in zip(pairs()[:2], ("red car", "a blue fire hydrant and a dog"), strict=True):
        found = measure(
            Edit(one, other, text, {}, scorer.stages.embedder, Models(metric_bundle, "cpu", 1)), ("clip_t", "clip_i")
        )
        texts = clip_score(tensor(other)[0], text, (lambda: (model, processor))).item() / 100
        likeness = clip_score(tensor(one)[0], tensor(other)[0], (lambda: (model, processor))).item() / 100
        assert max(found["clip_t"], 0.0) == pytest.approx(texts, abs=1e-5)
        assert max(found["clip_i"], 0.0) == pytest.approx(likeness, abs=1e-5)


def test_ssim_and_psnr_are_torchmetrics() -> None:
    """Its SSIM counts the border too, where the window meets a mirror image; ours, as scikit-image's, does not."""
    for one, other in pairs()[:2]:
        tensors = [tensor(each).double() for each in (one, other)]
        _, places = structural_similarity_index_measure(*tensors, data_range=255.0, return_full_image=True)
        assert pixels.ssim(one, other) == pytest.approx(places[..., 5:-5, 5:-5].mean().item(), abs=1e-6)
        assert pixels.psnr(one, other) == pytest.approx(peak_signal_noise_ratio(*tensors, data_range=255.0).item())


def test_all_metrics_of_a_bundle_that_was_built_with_them(metric_bundle: Bundle) -> None:
    scorer = Scorer.load(metric_bundle.folder, "cpu", 1)
    found = scorer.metrics(*pairs()[0], EditIntent("replace", "cat", "dog"))
    assert len(found) == 11
    assert found["lpips"] == pytest.approx(PACKAGE[0], abs=1e-6)
    entries = {entry.role: entry for entry in metric_bundle.files}
    assert all(0 < entries[role].parity < 1e-4 for role in ("lpips", "dino", "dinov2"))


def test_a_bundle_is_built_without_them_unless_they_are_asked_for(recipe_with_metrics: Path) -> None:
    whole = read_recipe(recipe_with_metrics)
    plain = Options().applied_to(whole)
    assert set(plain.models) == {"clip", "detector", "segmenter"}
    assert set(plain.sections) == {"clip", "detector", "segmenter", "norm", "domain"}
    some = Options(metrics=("lpips",), precision="fp16").applied_to(whole)
    assert set(some.models) - set(plain.models) == set(some.sections) - set(plain.sections) == {"lpips"}
    assert some.models["lpips"].precision == "fp16"
    with pytest.raises(InputError, match="the recipe has no model 'clip' of a metric; it has lpips, dino, dinov2"):
        Options(metrics=("clip",)).applied_to(whole)


def spoil(folder: Path, change: Callable[[dict], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_wrong_checkpoints_of_lpips(lpips_checkpoint: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(lpips_checkpoint, tmp_path / "copy"))
    spoil(folder, lambda weights: weights.pop("linear.0.weight"))
    with pytest.raises(InputError, match=r"cannot be loaded as LPIPS: .*Missing key.*linear\.0\.weight"):
        lpips.export(folder, tmp_path / "out")
    (folder / "config.json").write_text(json.dumps(lpips.CONFIG | {"net": "vgg"}))
    with pytest.raises(InputError, match="is not that of LPIPS on AlexNet"):
        lpips.export(folder, tmp_path / "out")
    with pytest.raises(InputError, match="at least 64 pixels"):
        lpips.export(lpips_checkpoint, tmp_path / "out", "fp32", 32)
    assert not (tmp_path / "out").exists()


def test_a_size_that_is_no_multiple_of_a_patch(dinov2_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a multiple of the 14 pixels"):
        dino.export(dinov2_checkpoint, tmp_path, "dinov2", "fp32", 32)


def test_weights_of_lpips_are_fetched_once_and_checked(
    published: tuple[Path, Checkpoint], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    folder, entry = published
    fetched = lpips_weights.fetch_lpips(entry)
    assert fetched.source == entry.url
    lpips.load(fetched.path)
    made = (fetched.path / "model.safetensors").stat().st_mtime_ns
    assert lpips_weights.fetch_lpips(entry).path == fetched.path
    assert (fetched.path / "model.safetensors").stat().st_mtime_ns == made

    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "other"))
    with pytest.raises(InputError, match=r"cannot be fetched .*alexnet\.pth with --from"):
        lpips_weights.fetch_lpips(replace(entry, sha256="0" * 64))
    with pytest.raises(InputError, match=r"cannot be fetched .*none\.pth with --from"):
        lpips_weights.fetch_lpips(replace(entry, url=(folder / "none.pth").as_uri()))
    with pytest.raises(InputError, match=r"has no lpips: there is none of lpips, lpips/alexnet\.pth, alexnet\.pth"):
        lpips_weights.fetch_lpips(entry, tmp_path)
    with pytest.raises(InputError, match="there is no checkpoint folder"):
        lpips_weights.fetch_lpips(Checkpoint(checkpoint=tmp_path / "none"))
    with pytest.raises(InputError, match="its sha256 is another"):
        lpips_weights.fetch_lpips(replace(entry, sha256="0" * 64), folder)
    assert [each.name for each in (tmp_path / "other" / "checkpoints").iterdir()] == []
