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

import editjudge_models
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.manifest import read_manifest
from editjudge.bundles.roles import METRIC_GRAPHS
from editjudge.cli.main import run
from editjudge.errors import InputError
from editjudge.metrics import pixel
from editjudge.metrics.clip import clip_i, clip_t
from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import METRICS, scoring_metric
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.models.perceptual import embed, measure_distance
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from editjudge_export import build
from editjudge_export.architectures import dinov2, lpips
from editjudge_export.architectures.lpips_network import CONFIG, Lpips, load_lpips
from editjudge_export.architectures.lpips_weights import fetch_lpips
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.architectures.vit_features import make_graph
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.checkpoints.origins import CheckpointSource
from editjudge_export.checkpoints.processors import clip_processor, dino_processor
from editjudge_export.cli import main
from editjudge_export.options import BuildOptions
from editjudge_export.preflight.plan import BuildPlan
from editjudge_export.recipe import read_recipe
from support.lpips_case import alexnet, pairs
from support.tiny_recipe import write_recipe

pytestmark = pytest.mark.export

PACKAGE = (0.090945788, 0.008544236, 0.0)
"""LPIPS of the pairs by the package lpips 0.1.4: tests/fixtures/make_lpips_golden.py."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CheckpointSource]:
    """A folder with a file of AlexNet's weights as torchvision has them, and a recipe's entry for it."""
    folder = tmp_path_factory.mktemp("published")
    torch.save({name: torch.from_numpy(value) for name, value in alexnet().items()}, folder / "alexnet.pth")
    sha256 = hashlib.sha256((folder / "alexnet.pth").read_bytes()).hexdigest()
    return folder, CheckpointSource(url=(folder / "alexnet.pth").as_uri(), sha256=sha256)


@pytest.fixture(scope="module")
def lpips_checkpoint(published: tuple[Path, CheckpointSource], tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDITJUDGE_HOME", str(tmp_path_factory.mktemp("home")))
        return fetch_lpips(published[1], published[0]).path


@pytest.fixture(scope="module")
def metric_checkpoints(
    clip_checkpoint: Path, lpips_checkpoint: Path, dino_checkpoint: Path, dinov2_checkpoint: Path
) -> dict[str, Path]:
    return {
        "lpips": lpips_checkpoint,
        "dino": dino_checkpoint,
        "dinov2": dinov2_checkpoint,
        "vifi_clip": clip_checkpoint,
    }


@pytest.fixture(scope="module")
def recipe_with_metrics(
    checkpoints: dict[str, Path],
    metric_checkpoints: dict[str, Path],
    edit_clip_checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """With all that metrics need; the models of edit_clip go in unasked, as they are not for a metric alone."""
    others = {**metric_checkpoints, "edit_clip": edit_clip_checkpoint}
    changes = {"clip": {"resample": "bicubic", "fit": "center_crop"}}
    return write_recipe(tmp_path_factory.mktemp("recipe"), {**checkpoints, **others}, changes)


@pytest.fixture(scope="module")
def metric_bundle(recipe_with_metrics: Path) -> Bundle:
    folder = recipe_with_metrics.parent / "tiny"
    build.build(recipe_with_metrics, folder, BuildOptions(pairs=0, precision="fp32", metrics=("all",)))
    return Bundle.load(folder)


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def test_lpips_is_that_of_the_lpips_package(lpips_checkpoint: Path) -> None:
    model = load_lpips(lpips_checkpoint)
    with torch.inference_mode():
        distances = [model(*(tensor(picture) / 127.5 - 1 for picture in pair)).item() for pair in pairs()]
    assert distances == pytest.approx(PACKAGE, abs=1e-7)


def test_lpips_in_the_runtime_is_that_of_torchmetrics(metric_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """With AlexNet's weights as in the case; the linear layers are those that torchmetrics comes with on both sides."""
    assert read_manifest(metric_bundle.folder).files["lpips"].parity < 1e-5
    features = Lpips().features
    features.load_state_dict({name.removeprefix("features."): torch.from_numpy(v) for name, v in alexnet().items()})
    monkeypatch.setattr(torchmetrics_lpips, "_get_tv_model_features", lambda *_, **__: features)
    models = ModelSet(metric_bundle, "cpu", 1)
    for pair, package in zip(pairs(), PACKAGE, strict=True):
        one, other = (tensor(picture) / 255 for picture in pair)
        wanted = learned_perceptual_image_patch_similarity(one, other, net_type="alex", normalize=True).item()
        assert measure_distance(models, *pair) == pytest.approx(wanted, abs=1e-5)
        assert measure_distance(models, *pair) == pytest.approx(package, abs=1e-6)


@pytest.mark.parametrize("role", ["dino", "dinov2"])
def test_dino_in_the_runtime_is_that_of_transformers(
    role: str, metric_bundle: Bundle, dino_checkpoint: Path, dinov2_checkpoint: Path
) -> None:
    checkpoint = {"dino": dino_checkpoint, "dinov2": dinov2_checkpoint}[role]
    settings = metric_bundle.settings(role)
    model = load_model(checkpoint, ARCHITECTURES[role].code.MODEL)
    process = dino_processor(settings.size, settings.shorter)
    options = {"interpolate_pos_encoding": True} if role == "dino" else {}
    pictures = [data.chelsea(), data.rocket(), data.astronaut(), np.ascontiguousarray(data.chelsea()[:31, :97])]
    with torch.inference_mode():
        wanted = model(**process(pictures, return_tensors="pt"), **options).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(embed(ModelSet(metric_bundle, "cpu", 1), role, pictures), wanted, atol=1e-4)


def test_dinov2s_positions_are_brought_to_the_size_of_the_graph(dinov2_checkpoint: Path) -> None:
    """The graph has fewer patches than the checkpoint: were its positions cut instead, the gate would see it."""
    config = load_model(dinov2_checkpoint, Dinov2Model).config
    assert config.image_size > 28
    graph = make_graph(load_model(dinov2_checkpoint, Dinov2Model), "dinov2", 28)
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
    ours, intent = ModelSet(metric_bundle, "cpu", 1), EditIntent("style", "all", "as the instruction says")
    for (one, other), text in zip(pairs()[:2], ("red car", "a blue fire hydrant and a dog"), strict=True):
        task = EditTask.of(one, [intent], scoring_metric().rules, text)
        context = EditContext(task, task.align(other), ours)
        texts = clip_score(tensor(other)[0], text, (lambda: (model, processor))).item() / 100
        likeness = clip_score(tensor(one)[0], tensor(other)[0], (lambda: (model, processor))).item() / 100
        assert max(clip_t(context), 0.0) == pytest.approx(texts, abs=1e-5)
        assert max(clip_i(context), 0.0) == pytest.approx(likeness, abs=1e-5)


def test_ssim_and_psnr_are_torchmetrics() -> None:
    """Its SSIM counts the border too, where the window meets a mirror image; ours, as scikit-image's, does not."""
    for one, other in pairs()[:2]:
        tensors = [tensor(picture).double() for picture in (one, other)]
        _, places = structural_similarity_index_measure(*tensors, data_range=255.0, return_full_image=True)
        assert pixel.ssim(one, other) == pytest.approx(places[..., 5:-5, 5:-5].mean().item(), abs=1e-6)
        assert pixel.psnr(one, other) == pytest.approx(peak_signal_noise_ratio(*tensors, data_range=255.0).item())


def test_all_metrics_of_a_bundle_that_was_built_with_them(metric_bundle: Bundle, recipe_with_metrics: Path) -> None:
    scorer = Scorer.load(metric_bundle.folder, "cpu", 1)
    results = scorer.score(*pairs()[0], EditIntent("replace", "cat", "dog"), metrics="all").metrics
    assert set(results) == {metric.spec.name for metric in METRICS}
    assert results["lpips"].value == pytest.approx(PACKAGE[0], abs=1e-6)
    entries = {entry.role: entry for entry in metric_bundle.files}
    exported = {role for name in read_recipe(recipe_with_metrics).models for role in ARCHITECTURES[name].roles}
    assert exported == set(entries) - {"domain", "vocabulary", "parser"}
    assert all(0 < entries[role].parity < 1e-4 for role in METRIC_GRAPHS)


def test_a_bundle_is_built_without_them_unless_they_are_asked_for(recipe_with_metrics: Path) -> None:
    whole = read_recipe(recipe_with_metrics)
    plain = BuildOptions().apply_to(whole)
    assert set(plain.models) == {"clip", "detector", "segmenter", "edit_clip"}
    assert set(plain.sections) == {"clip", "detector", "segmenter", "edit_clip", "norm", "domain"}
    some = BuildOptions(metrics=("lpips",), precision="fp16").apply_to(whole)
    assert set(some.models) - set(plain.models) == set(some.sections) - set(plain.sections) == {"lpips"}
    assert some.models["lpips"].precision == "fp16"
    with pytest.raises(
        InputError, match="there is no model 'clip' of a metric; there are lpips, dino, dinov2, vifi_clip"
    ):
        BuildOptions(metrics=("clip",)).apply_to(whole)


@pytest.mark.parametrize(
    ("metrics", "left_out"),
    [
        ((), ["lpips", "dino", "dinov2", "vifi_clip"]),
        (("lpips", "vifi_clip"), ["dino", "dinov2"]),
        (("all",), []),
    ],
)
def test_what_is_left_out_is_told(
    metrics: tuple[str, ...], left_out: list[str], recipe_with_metrics: Path, tmp_path: Path
) -> None:
    """Before anything is fetched: the build ends where leave is asked for."""
    lines: list[str] = []

    def refuse(plan: BuildPlan) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build.build(recipe_with_metrics, tmp_path / "made", BuildOptions(metrics=metrics), lines.append, refuse)
    told = [line for line in lines if "left out" in line]
    assert told == [f"{name}: left out; --metrics {name} puts it in" for name in left_out]


@pytest.mark.parametrize("name", ["photo-edge", "paper"])
def test_what_is_asked_for_and_not_in_the_recipe(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Their lines for ViFi-CLIP are commented out, as nobody can fetch it."""
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    message = (
        "the recipe has no [export.vifi_clip]; leave out --metrics vifi_clip, or add that section and [vifi_clip] to a "
        "copy of the recipe and build that\n"
    )
    assert run(["bundle", "build", name, "--metrics", "lpips,vifi_clip"]) == 2
    assert capfd.readouterr().err == f"editjudge: {message}"
    recipe, folder = str(editjudge_models.recipe_path(name)), str(tmp_path / "made")
    assert main(["bundle", recipe, folder, "--metrics", "lpips,vifi_clip"]) == 2
    assert capfd.readouterr().err == message


def spoil(folder: Path, change: Callable[[dict], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_wrong_checkpoints_of_lpips(lpips_checkpoint: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(lpips_checkpoint, tmp_path / "copy"))
    spoil(folder, lambda weights: weights.pop("linear.0.weight"))
    with pytest.raises(InputError, match=r"cannot be loaded as LPIPS: .*Missing key.*linear\.0\.weight"):
        lpips.export(folder, tmp_path / "out")
    (folder / "config.json").write_text(json.dumps(CONFIG | {"net": "vgg"}))
    with pytest.raises(InputError, match="is not that of LPIPS on AlexNet"):
        lpips.export(folder, tmp_path / "out")
    with pytest.raises(InputError, match="at least 64 pixels"):
        lpips.export(lpips_checkpoint, tmp_path / "out", "fp32", size=32)
    assert not (tmp_path / "out").exists()


def test_a_size_that_is_no_multiple_of_a_patch(dinov2_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a multiple of the 14 pixels"):
        dinov2.export(dinov2_checkpoint, tmp_path, "fp32", size=32)


def test_weights_of_lpips_are_fetched_once_and_checked(
    published: tuple[Path, CheckpointSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    folder, entry = published
    fetched = fetch_lpips(entry)
    assert fetched.source == entry.url
    load_lpips(fetched.path)
    made = (fetched.path / "model.safetensors").stat().st_mtime_ns
    assert fetch_lpips(entry).path == fetched.path
    assert (fetched.path / "model.safetensors").stat().st_mtime_ns == made

    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "other"))
    with pytest.raises(InputError, match=r"cannot be fetched .*alexnet\.pth with --from"):
        fetch_lpips(replace(entry, sha256="0" * 64))
    with pytest.raises(InputError, match=r"cannot be fetched .*none\.pth with --from"):
        fetch_lpips(replace(entry, url=(folder / "none.pth").as_uri()))
    with pytest.raises(InputError, match=r"has no lpips: there is none of lpips, lpips/alexnet\.pth, alexnet\.pth"):
        fetch_lpips(entry, tmp_path)
    with pytest.raises(InputError, match="there is no checkpoint folder"):
        fetch_lpips(CheckpointSource(checkpoint=tmp_path / "none"))
    with pytest.raises(InputError, match="its sha256 is another"):
        fetch_lpips(replace(entry, sha256="0" * 64), folder)
    assert [file.name for file in (tmp_path / "other" / "checkpoints").iterdir()] == []
