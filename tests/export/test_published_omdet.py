"""OmDet-Turbo in the form of the published checkpoint: a backbone of timm without timm, and no tokenizer.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertTokenizer, CLIPTokenizer

from editjudge.errors import InputError
from editjudge_export.architectures import omdet_turbo
from editjudge_export.architectures.omdet_turbo_model import OmDetTurboModel
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.checkpoints.fetch import fetch_checkpoint
from editjudge_export.checkpoints.origins import CheckpointSource
from editjudge_export.cli import main
from support.fake_hub import COMMIT, FakeHub
from support.published_omdet import GOLDEN, SIZES, pixels, save_published_omdet, save_vocabulary

pytestmark = pytest.mark.export

PHRASES = ["red car", "Fire HYDRANT.", "a  cat , dog", "don't", "banana-boat 12", "é ünïcode", "", "moon!"]
ON_HUB = CheckpointSource(hub="someone/omdet", revision=COMMIT)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_published_omdet(tmp_path_factory.mktemp("published"))


@pytest.fixture
def copied(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "checkpoint"))


def change_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


@pytest.mark.parametrize("size", SIZES)
def test_feature_maps_are_those_of_timm(size: tuple[int, int], published: Path) -> None:
    sized = omdet_turbo.give_size(load_model(published, OmDetTurboModel), *size)
    with torch.inference_mode():
        maps = sized.vision_backbone(pixels(*size))
    with np.load(GOLDEN) as golden:
        wanted = [torch.from_numpy(golden[f"{size[0]}x{size[1]}.{level}"]) for level in range(3)]
    for found, reference in zip(maps, wanted, strict=True):
        torch.testing.assert_close(found, reference, atol=1e-5, rtol=0)


def test_it_exports(copied: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in copied.iterdir()}
    sizes = {"height": 96, "width": 160, "text_length": 16}
    detector, window, text, tokenizer = omdet_turbo.export(copied, tmp_path / "out", **sizes, windows=[64])
    assert all(0 < file.parity < 1e-4 for file in (detector, window, text))
    made = Tokenizer.from_file(str(tokenizer.path))
    assert made.encode("red car").tokens == ["<|startoftext|>", "red</w>", "car</w>", "<|endoftext|>"]
    assert {path: path.read_bytes() for path in copied.iterdir()} == before


def test_pickled_weights_of_timm_are_read(copied: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    wanted = load_model(copied, OmDetTurboModel).state_dict()
    torch.save(weights, copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    found = load_model(copied, OmDetTurboModel, allow_pickle=True).state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_what_was_loaded_is_saved_and_loaded_again(published: Path, tmp_path: Path) -> None:
    model = load_model(published, OmDetTurboModel)
    model.save_pretrained(tmp_path)
    again = load_model(tmp_path, OmDetTurboModel)
    with torch.inference_mode():
        maps = [one.vision_backbone(pixels(64, 96)) for one in (model, again)]
    assert all(torch.equal(one, other) for one, other in zip(*maps, strict=True))


@pytest.mark.parametrize("lost", ["layers_3.blocks.1.attn.qkv.weight", "layers_1.downsample.reduction.weight"])
def test_a_weight_of_timm_that_is_missing(
    lost: str, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = load_file(copied / "model.safetensors")
    del weights[f"vision_backbone.vision_backbone._backbone.{lost}"]
    torch.save(weights, copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"lacks \d weights of OmDetTurboModel, among them vision_backbone\."):
        load_model(copied, OmDetTurboModel, allow_pickle=True)


def test_another_backbone_of_timm(copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = load_file(copied / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "_backbone._backbone" not in name}
    torch.save(kept, copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    change_config(copied, backbone="resnet50")
    with pytest.raises(InputError, match=r"its backbone resnet50 is none of timm's Swin Transformers with windows of"):
        load_model(copied, OmDetTurboModel, allow_pickle=True)


# --- the tokenizer ---


def test_a_vocabulary_makes_the_tokenizer_of_clip(published: Path) -> None:
    ours, reference = load_tokenizer(published), CLIPTokenizer.from_pretrained(published)
    assert [ours.encode(phrase).ids for phrase in PHRASES] == reference(PHRASES)["input_ids"]


def test_a_vocabulary_makes_the_tokenizer_of_bert(tmp_path: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "car", "fire", "##s", "don", "'", "t", ".", "moon"]
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    ours, reference = load_tokenizer(tmp_path), BertTokenizer.from_pretrained(tmp_path)
    assert [ours.encode(phrase).ids for phrase in PHRASES] == reference(PHRASES)["input_ids"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "merges.txt").unlink(), "has no tokenizer.json: save its fast tokenizer with"),
        (lambda folder: (folder / "vocab.json").write_text("{"), r"and its vocab\.json and merges\.txt make none: "),
        (
            lambda folder: (folder / "vocab.json").write_text('{"<s>": 0, "a": 1, "a</w>": 2}'),
            r"and its vocab\.json and merges\.txt make none: they have no <\|endoftext\|>, <\|startoftext\|>$",
        ),
    ],
)
def test_a_vocabulary_that_makes_none(spoil: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    save_vocabulary(tmp_path)
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    spoil(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in str(caught.value)


# --- from the hub ---


def test_the_hub_brings_the_vocabulary(published: Path, fake_hub: FakeHub) -> None:
    files = {path.name: path.read_bytes() for path in published.iterdir()}
    fake_hub.add("someone/omdet", {**files, "added_tokens.json": b"{}", "README.md": b"...", "vocab.txt": b"a"})
    fetched = fetch_checkpoint("omdet_turbo", ON_HUB)
    names = {path.name for path in fetched.path.iterdir()}
    assert names == {"config.json", "model.safetensors", "vocab.json", "merges.txt", "added_tokens.json"}
    assert load_tokenizer(fetched.path).encode("red car").ids == load_tokenizer(published).encode("red car").ids
    fake_hub.requests.clear()
    assert fetch_checkpoint("omdet_turbo", ON_HUB) == fetched
    assert fake_hub.requests == []
    (fetched.path / "merges.txt").unlink()
    assert fetch_checkpoint("omdet_turbo", ON_HUB) == fetched
    assert (fetched.path / "merges.txt").is_file()


def test_half_a_vocabulary_on_the_hub(published: Path, fake_hub: FakeHub) -> None:
    files = {path.name: path.read_bytes() for path in published.iterdir() if path.name != "merges.txt"}
    fake_hub.add("someone/omdet", files)
    with pytest.raises(InputError, match=r"is half there: it has no tokenizer\.json; name another revision"):
        fetch_checkpoint("omdet_turbo", ON_HUB)


def test_the_command_line_takes_it(published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("--height", "64", "--width", "64", "--text-length", "16")
    assert main(["omdet-turbo", str(published), str(tmp_path / "out"), *sizes]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"detector.onnx", "detector_tokenizer.json"}
