"""The commands of models/pair: what they refuse, each in one sentence, and training from a CLIP's text tower on."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from tokenizers import Tokenizer, processors  # noqa: E402
from transformers import CLIPModel  # noqa: E402

from editjudge.errors import InputError  # noqa: E402
from editjudge_export.architectures import edit_clip  # noqa: E402
from pair import dataset_examples, studio_examples, train  # noqa: E402
from pair.clip_tokenizer import open_tokenizer  # noqa: E402
from pair.shards import ExamplePair, write_shard  # noqa: E402
from pair.vifi import finetune  # noqa: E402
from support import tiny_checkpoints  # noqa: E402
from support.dataset_files import write_hub_parquet  # noqa: E402

pytestmark = [pytest.mark.export, pytest.mark.usefixtures("one_thread")]

Refuse = Callable[..., str]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints.save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six edits of noise, asked for in words."""
    folder, pictures = tmp_path_factory.mktemp("shards"), np.random.default_rng(0).integers(0, 256, (6, 2, 32, 32, 3))
    asked = ["red car", "blue dog", "green cat", "apple", "star", "moon boat"]
    pairs = zip(pictures.astype(np.uint8), asked, strict=True)
    write_shard(folder / "0000.npz", [[ExamplePair(*pair, 2, text)] for pair, text in pairs], "studio")
    return folder


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def call_command(command: Callable[[], None], *options: object) -> None:
        monkeypatch.setattr(sys, "argv", ["command", *map(str, options)])
        command()

    return call_command


@pytest.fixture
def refuse(call: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> Refuse:
    def read_refusal(command: Callable[[], None], *options: object) -> str:
        """The last line that a command says as it ends with status 2; it must not show where in the code it was."""
        with pytest.raises(SystemExit) as ended:
            call(command, *options)
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert "Traceback" not in said
        return said.rstrip().splitlines()[-1]

    return read_refusal


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--batch", "0", "must be 2 or more"),
        ("--seed", "-1", "must be 0 or more"),
        ("--part", "0", "must be 1 or more"),
        ("--rate", "nan", "must be finite"),
        ("--rate", "0", "must be above 0"),
        ("--decay", "-0.1", "must be 0 or more"),
        ("--held-out", "-1", "must be from 0 to 1"),
        ("--flips", "3", "must be from 0 to 1"),
        ("--epochs", "0", "must be 1 or more"),
        ("--epochs", "two", "is no whole number"),
        ("--minutes", "long", "is no number"),
    ],
)
def test_bad_options_of_finetune(refuse: Refuse, tmp_path: Path, option: str, value: str, reason: str) -> None:
    run = tmp_path / "run"
    said = refuse(finetune.main, run, "--data", tmp_path, "--checkpoint", tmp_path, f"{option}={value}")
    assert said == f"command: error: argument {option}: {value!r} {reason}"
    assert not run.exists()


@pytest.mark.parametrize("part", ["0/0", "3/2", "2/2", "-1/2", "1", "a/b"])
def test_bad_parts(refuse: Refuse, tmp_path: Path, part: str) -> None:
    for command, data in ((dataset_examples.main, [tmp_path]), (studio_examples.main, [])):
        said = refuse(command, *data, tmp_path / "out", f"--part={part}")
        assert said.endswith(f"{part!r} must be I/N with I from 0 to N - 1, such as 0/2 and 1/2")


def test_a_bundle_that_is_not_there(refuse: Refuse, tmp_path: Path, call: Callable[..., None]) -> None:
    with pytest.raises(SystemExit) as ended:
        call(studio_examples.main, tmp_path / "out", "--bundle", "nowhere")
    assert ended.value.code == 3
    assert not (tmp_path / "out").exists()


def test_a_data_set_without_a_row_that_can_be_used(refuse: Refuse, tmp_path: Path) -> None:
    cut = [{"bytes": b"\x89PNG\r\n", "path": "cut.png"}] * 2
    columns = {"EDITING_INSTRUCTION": ["red", "blue"], "INPUT_IMG": cut, "OUTPUT_IMG": cut}
    data = write_hub_parquet(tmp_path / "data" / "train-00000-of-00001.parquet", columns).parent
    for _ in range(2):
        said = refuse(dataset_examples.main, data, tmp_path / "out")
        assert said == f"no row of {data} can be used; the log says of each why, so choose another data set"


def test_what_train_refuses(refuse: Refuse, call: Callable[..., None], shards: Path, tmp_path: Path) -> None:
    run, data = tmp_path / "run", tmp_path / "data"
    assert refuse(train.main, run, "--data", data).startswith(f"there are no shards in {data}; write some with")
    shutil.copytree(shards, data / "train")
    assert refuse(train.main, run, "--data", data).endswith(f"those to train on are in {data / 'train'}")
    said = refuse(train.main, run, "--data", data / "train", "--text", tmp_path)
    assert said == f"{tmp_path} is no checkpoint: it has no config.json"
    assert not run.exists()

    begin = (run, "--data", data / "train", "--epochs", 1)
    call(train.main, *begin)
    assert refuse(train.main, *begin, "--seed", 2).endswith("was begun with seed 1, not 2; choose another folder")
    shutil.copy(data / "train" / "0000.npz", data / "train" / "0001.npz")
    assert refuse(train.main, *begin).endswith("was begun with shards 1, not 2; choose another folder")
    (data / "train" / "0001.npz").unlink()
    state = run / "state.pt"
    whole = state.read_bytes()
    torch.save({"optimiser": {}, "step": 3}, run / "other.pt")
    for content in (whole[: len(whole) // 2], b"", (run / "other.pt").read_bytes()):
        state.write_bytes(content)
        said = refuse(train.main, *begin)
        assert said == f"{state} is not the state of this training; choose another folder, or remove it"
    (run / "settings.json").write_text("{")
    assert "settings.json is not JSON: " in refuse(train.main, *begin)


def test_a_folder_that_cannot_be_made(refuse: Refuse, shards: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file" in refuse(train.main, tmp_path / "file" / "run", "--data", shards)


def test_the_text_tower_of_a_clip_is_trained_on_at_its_own_rate(
    call: Callable[..., None], shards: Path, clip: Path, tmp_path: Path
) -> None:
    run, rate, steps = tmp_path / "run", 1e-4, 3
    call(train.main, run, "--data", shards, "--text", clip, "--text-rate", rate, "--epochs", steps, "--batch", 6)
    ended, began = load_file(run / "model.safetensors"), CLIPModel.from_pretrained(clip).text_model.state_dict()
    moved = {name: (ended[f"text.text_model.{name}"] - weight).abs().max().item() for name, weight in began.items()}
    # A step of AdamW is about the rate, which a warm-up of 100 steps lowers.
    reached = sum(rate * train.rate_at(step, steps) for step in range(steps))
    assert 0.1 * reached < max(moved.values()) < 1.5 * reached
    settings = json.loads((run / "settings.json").read_text())
    assert (settings["text"], settings["text_rate"]) == (str(clip), rate)
    kept = torch.load(run / "state.pt", weights_only=True)
    assert [group["highest"] for group in kept["optimiser"]["param_groups"]] == [train.RATE, rate]

    edit_clip.export(run, tmp_path)  # it compares the graphs with the model
    assert (tmp_path / "edit_clip_text.onnx").exists()


def test_texts_of_a_clip_are_cut_and_padded_at_the_end_token(clip: Path) -> None:
    tower = CLIPModel.from_pretrained(clip).config.text_config
    short, long = open_tokenizer(clip, tower).encode_batch(["red car", "red car " * 20])
    assert len(short.ids) == len(long.ids) == tower.max_position_embeddings
    assert short.tokens == ["[BOS]", "red", "car", *["[EOS]"] * 9]
    assert short.attention_mask == [1] * 4 + [0] * 8
    assert long.tokens[-1] == "[EOS]"


def test_a_clip_whose_texts_do_not_end_is_refused(clip: Path, tmp_path: Path) -> None:
    tower = CLIPModel.from_pretrained(clip).config.text_config
    with pytest.raises(InputError, match=r"has no tokenizer\.json"):
        open_tokenizer(tmp_path, tower)
    tokenizer = Tokenizer.from_file(str(clip / "tokenizer.json"))
    for single in ("$A", "[EOS] $A [BOS]"):
        special = [("[BOS]", 101), ("[EOS]", 102)]
        tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=special)
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        with pytest.raises(
            InputError, match="does not end a text with the token that its model reads up to, 102; save"
        ):
            open_tokenizer(tmp_path, tower)
