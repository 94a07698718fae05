"""ViFi-CLIP: any CLIP in the pair form, its own checkpoints, and those that are none of them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch")
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import CLIPModel

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge_export.architectures import vifi_clip
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.architectures.vifi_clip_weights import PREPROCESSING
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.checkpoints.fetch import fetch_checkpoint, find_checkpoint
from editjudge_export.checkpoints.origins import CheckpointSource
from editjudge_export.cli import main
from editjudge_export.onnx.precision import Precision
from editjudge_export.preflight.plan import check_settings
from support.openai_clip import draw_weights, embed_pictures, embed_text
from support.tiny_recipe import write_recipe

pytestmark = pytest.mark.export

NAME = "ckpt_epoch_10.pth"
IDS = np.array([[101, 1, 4, 102, *[0] * 8], [101, 3, 5, 8, 102, *[0] * 7]])
"""Two texts of the tiny tokenizer's."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(clip_checkpoint: Path, tmp_path: Path) -> Path:
    """The folder of a CLIP, where a pickle may be put."""
    return Path(shutil.copytree(clip_checkpoint, tmp_path / "vifi"))


def save(folder: Path, weights: dict[str, Tensor], **others: Any) -> Path:
    """A checkpoint as ViFi-CLIP's training writes it, on several GPUs."""
    torch.save({"model": {f"module.{name}": value for name, value in weights.items()}, **others}, folder / NAME)
    return folder


def sentences(folder: Path) -> Tensor:
    """The embeddings of the tokens of two class names, in half precision, as such a checkpoint has them."""
    tokens = load_model(folder, CLIPModel).text_model.embeddings.token_embedding(torch.from_numpy(IDS))
    return tokens.half().float()


def run(path: Path, **feeds: np.ndarray) -> np.ndarray:
    [output] = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feeds)
    return np.asarray(output)


def clips(count: int = 3) -> Tensor:
    return torch.randn(count, 2, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("precision", ["fp32", "fp16-weights"])
def test_the_graph_averages_features_before_they_are_normalised(
    precision: Precision, clip_checkpoint: Path, tmp_path: Path
) -> None:
    pair, text, tokenizer = vifi_clip.export(clip_checkpoint, tmp_path, precision)
    assert [file.path.name for file in (pair, text, tokenizer)] == [
        "vifi_clip.onnx",
        "vifi_clip_text.onnx",
        "vifi_clip_tokenizer.json",
    ]
    assert pair.parity is not None
    assert pair.parity < 1e-5
    model, frames = load_model(clip_checkpoint, CLIPModel), clips()
    ids = torch.from_numpy(IDS)
    with torch.inference_mode():
        features = torch.stack([model.get_image_features(clip) for clip in frames])
        texts = model.get_text_features(ids, (ids > 0).long()).numpy()
    given = run(pair.path, frames=frames.numpy())
    near = {"atol": 1e-5 if precision == "fp32" else 5e-3}
    np.testing.assert_allclose(given, features.mean(dim=1).numpy(), **near)
    lengths = features.norm(dim=-1, keepdim=True)
    assert np.abs(given - (features / lengths).mean(dim=1).numpy()).max() > 0.1
    np.testing.assert_allclose(run(text.path, input_ids=IDS, attention_mask=(IDS > 0).astype(np.int64)), texts, **near)


def test_a_checkpoint_of_vifi_clip_computes_what_openais_clip_does(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside its weights it holds the state of its training, and a configuration of a class that is not installed."""
    weights = draw_weights()
    module = ModuleType("yacs.config")
    module.CfgNode = type("CfgNode", (dict,), {"__module__": "yacs.config"})  # type: ignore[attr-defined]
    config = module.CfgNode(MODEL=module.CfgNode(ARCH="ViT-B/16"))
    vars(config)["__immutable__"] = True
    monkeypatch.setitem(sys.modules, "yacs", ModuleType("yacs"))
    monkeypatch.setitem(sys.modules, "yacs.config", module)
    shown = {"prompt_learner.complete_text_embeddings": sentences(folder)}
    save(folder, weights | shown, config=config, epoch=10, max_accuracy=71.2)
    for name in ("yacs", "yacs.config"):
        monkeypatch.delitem(sys.modules, name)
    fetched = fetch_checkpoint("vifi_clip", CheckpointSource(checkpoint=folder, source="a seed"), allow_pickle=True)
    assert fetched.source == "a seed"
    assert not list(fetched.path.glob("*.pth"))
    pair, text, _ = vifi_clip.export(fetched.path, tmp_path / "out")
    frames, tokens = clips(), load_model(folder, CLIPModel).text_model.embeddings.token_embedding
    with torch.inference_mode():
        wanted = torch.stack([embed_pictures(weights, clip).mean(dim=0) for clip in frames])
        ends = (IDS == 102).argmax(axis=1)
        texts = [
            embed_text(weights, tokens(torch.from_numpy(ids)), int(end)) for ids, end in zip(IDS, ends, strict=True)
        ]
    np.testing.assert_allclose(run(pair.path, frames=frames.numpy()), wanted.numpy(), atol=1e-5)
    given = run(text.path, input_ids=IDS, attention_mask=(IDS > 0).astype(np.int64))
    np.testing.assert_allclose(given, torch.stack(texts).numpy(), atol=1e-5)
    assert fetch_checkpoint("vifi_clip", CheckpointSource(checkpoint=folder), allow_pickle=True).path == fetched.path


def test_a_pickle_has_to_be_allowed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = CheckpointSource(checkpoint=save(folder, draw_weights()))
    for fetch in (find_checkpoint, fetch_checkpoint):
        with pytest.raises(InputError, match=rf"{NAME} is a pickle, and a pickle can run code: give --allow-pickle"):
            fetch("vifi_clip", source)
    assert main(["vifi-clip", str(folder), str(tmp_path / "out")]) == 2
    assert "is a pickle, and a pickle can run code: build a bundle" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_exporters_own_command_puts_it_in(
    checkpoints: dict[str, Path],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For the tiny model's 32 pixels the shorter side is 40, not ViFi-CLIP's 256."""
    monkeypatch.setitem(PREPROCESSING, "shorter", 40)
    save(folder, draw_weights())
    changes = {"vifi_clip": {"shorter": 40, "resample": "bilinear"}}
    recipe = str(write_recipe(tmp_path, {**checkpoints, "vifi_clip": folder}, changes))
    command = ["bundle", recipe, str(tmp_path / "made"), "--pairs", "0"]
    assert main([*command, "--metrics", "vifi_clip"]) == 2
    assert "is a pickle, and a pickle can run code: give --allow-pickle" in capsys.readouterr().err
    assert main([*command, "--metrics", "vifi_clip", "--allow-pickle"]) == 0
    assert "left out; --metrics" not in capsys.readouterr().out
    assert {file.role for file in Bundle.load(tmp_path / "made").files} >= set(ARCHITECTURES["vifi_clip"].roles)


class Touch:
    """What a pickle does when it is read without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def without(name: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda weights: {key: value for key, value in weights.items() if key != name}


def alike(*names: str) -> dict[str, Tensor]:
    return {name: torch.zeros(4) for name in names}


BLOCK = "image_encoder.transformer.resblocks.1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda _: alike("image_encoder.layer1.0.conv1.weight"),
            "has image_encoder.layer1.0.conv1.weight, which ViFi-",
        ),
        (
            lambda weights: weights | alike("mit.positional_embedding"),
            "has mit.positional_embedding, which ViFi-CLIP on",
        ),
        (lambda _: alike("blocks.0.attn.qkv.weight"), "has blocks.0.attn.qkv.weight, which ViFi-CLIP on a ViT has not"),
        (lambda _: alike("visual.proj", "token_embedding.weight"), "has visual.proj, which ViFi-CLIP on a ViT has not"),
        (lambda weights: weights | alike(f"{BLOCK}.VPT_shallow"), "which ViFi-CLIP without prompts has not"),
        (lambda _: {}, "lacks logit_scale; put it into the folder of the CLIP that it was trained from"),
        (without(f"{BLOCK}.ln_2.bias"), r"lacks vision_model\.encoder\.layers\.1\.layer_norm2\.bias"),
        (
            lambda _: draw_weights(layers=3),
            r"has text_model\.encoder\.layers\.2\..*, which the CLIP of its folder lacks",
        ),
        (
            lambda _: draw_weights(context=8),
            r"another size .*position_embedding.weight is \[8, 32\] and there \[12, 32\]",
        ),
        (lambda _: draw_weights(patch=16), r"another size than the CLIP of its folder: vision_model"),
        (lambda _: draw_weights(width=64), r"another size than the CLIP of its folder"),
        (
            lambda weights: weights | {"prompt_learner.complete_text_embeddings": torch.zeros(2, 12, 32)},
            "was trained from another CLIP than that of its folder: the embeddings of the tokens differ",
        ),
    ],
)
def test_another_models_checkpoint(
    change: Callable[[dict[str, Tensor]], dict[str, Tensor]], message: str, folder: Path
) -> None:
    refuse(save(folder, change(draw_weights())), message)


def refuse(folder: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        fetch_checkpoint("vifi_clip", CheckpointSource(checkpoint=folder), allow_pickle=True)
    assert "\n" not in str(caught.value)


def test_a_pickle_that_is_no_checkpoint(folder: Path, tmp_path: Path) -> None:
    torch.save(draw_weights(), folder / NAME)
    refuse(folder, 'is no checkpoint of ViFi-CLIP: it has no weights under the key "model"')
    torch.save({"model": [1, 2]}, folder / NAME)
    refuse(folder, "is no checkpoint of ViFi-CLIP")
    save(folder, draw_weights(), config=Touch(tmp_path / "touched"))
    refuse(folder, "half-downloaded, damaged, or holds more than weights")
    assert not (tmp_path / "touched").exists()
    save(folder, draw_weights())
    whole = (folder / NAME).read_bytes()
    for part in (whole[: len(whole) // 2], whole[:100], b"", b"version https://git-lfs.github.com/spec/v1\n"):
        (folder / NAME).write_bytes(part)
        refuse(folder, "half-downloaded, damaged, or holds more than weights; fetch it again")
    (folder / "best.pth").touch()
    refuse(folder, f"has 2 pickles, best.pth, {NAME}; leave the one that is meant")


def test_a_folder_of_another_model(dino_checkpoint: Path, tmp_path: Path) -> None:
    refuse(
        save(Path(shutil.copytree(dino_checkpoint, tmp_path / "vit")), {}), "model of type 'vit'; CLIPModel needs 'clip"
    )


def test_other_frames_and_contexts(clip_checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="the clip has 8 frames; an edit is a clip of two pictures"):
        vifi_clip.export(clip_checkpoint, out, frames=8)
    with pytest.raises(InputError, match="the context is 77 tokens; this CLIP takes 2 to 12"):
        vifi_clip.export(clip_checkpoint, out, context=77)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(77)
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(InputError, match=r"tokenizer.json cuts texts at 77 tokens, and the context is 12"):
        vifi_clip.export(folder, out)
    assert not out.exists()


def test_the_recipe_has_to_prepare_pictures_as_the_checkpoint_was_trained_to_see_them(folder: Path) -> None:
    imagenet = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    section = {"size": 32, "shorter": 256, "fit": "center_crop", **imagenet}
    check_settings("vifi_clip", folder, section)
    with pytest.raises(InputError, match=r"says 224 for size in \[vifi_clip\]; the checkpoint says 32"):
        check_settings("vifi_clip", folder, section | {"size": 224})
    own = {"image_mean": [0.5] * 3, "size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(own))
    with pytest.raises(
        InputError, match=r"for mean in \[vifi_clip\]; .*preprocessor_config.json says \[0.5, 0.5, 0.5\]"
    ):
        check_settings("vifi_clip", folder, section)
    save(folder, draw_weights())
    check_settings("vifi_clip", folder, section)
    with pytest.raises(InputError, match=rf"says \[0.5, 0.5, 0.5\] for mean in \[vifi_clip\]; .*{NAME} says \[0.485"):
        check_settings("vifi_clip", folder, section | {"mean": [0.5] * 3})
