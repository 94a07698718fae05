"""Wrong checkpoints: one clear sentence each, and exit status 2."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
from safetensors.torch import load_file, save_file

from editjudge_export.cli import main

pytestmark = pytest.mark.export


@pytest.fixture
def broken(clip_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the CLIP checkpoint to break."""
    return Path(shutil.copytree(clip_checkpoint, tmp_path / "checkpoint"))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line on stderr of a command that is refused as bad input, and that writes nothing."""
    assert main([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_no_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "there is no checkpoint folder" in refusal(capsys, "sam", tmp_path / "none", tmp_path / "out")


def test_no_config(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "it has no config.json" in refusal(capsys, "clip", tmp_path, tmp_path / "out")


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_config_that_is_no_json_object(content: str, capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    (broken / "config.json").write_bytes(content.encode("latin-1"))
    assert "config.json" in refusal(capsys, "clip", broken, broken / "out")


@pytest.mark.parametrize(
    "command", [["sam"], ["grounding-dino", "--height", "64", "--width", "64", "--text-length", "16"]]
)
def test_another_architecture(
    command: list[str], capsys: pytest.CaptureFixture[str], clip_checkpoint: Path, tmp_path: Path
) -> None:
    assert "holds a model of type 'clip'" in refusal(capsys, *command, clip_checkpoint, tmp_path / "out")


def test_pickled_weights_only(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    (broken / "model.safetensors").rename(broken / "pytorch_model.bin")
    assert "has pickled weights only" in refusal(capsys, "clip", broken, broken / "out")


def test_no_weights(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    (broken / "model.safetensors").unlink()
    assert "has no model.safetensors; fetch the checkpoint again" in refusal(capsys, "clip", broken, broken / "out")


def test_truncated_weights(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "is half-downloaded or damaged" in refusal(capsys, "clip", broken, broken / "out")


def test_missing_weights(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    weights = load_file(broken / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    assert "lacks 1 weights of CLIPModel, among them visual_projection.weight" in refusal(
        capsys, "clip", broken, broken / "out"
    )


def test_weights_of_other_shapes(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    config = json.loads((broken / "config.json").read_text())
    config["projection_dim"] = 24
    (broken / "config.json").write_text(json.dumps(config))
    assert "cannot be loaded as CLIPModel" in refusal(capsys, "clip", broken, broken / "out")


def test_no_tokenizer(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    (broken / "tokenizer.json").unlink()
    assert "has no tokenizer.json" in refusal(capsys, "clip", broken, broken / "out")


def test_a_context_that_the_model_does_not_take(capsys: pytest.CaptureFixture[str], broken: Path) -> None:
    assert "this CLIP takes 2 to 12" in refusal(capsys, "clip", broken, broken / "out", "--context", "77")


def test_a_detector_whose_tokenizer_lacks_the_separators(
    capsys: pytest.CaptureFixture[str], detector_checkpoint: Path, clip_checkpoint: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(detector_checkpoint, tmp_path / "checkpoint"))
    shutil.copy(clip_checkpoint / "tokenizer.json", folder)
    sizes = ("--height", "64", "--width", "64", "--text-length", "16")
    assert "has no token '[CLS]'" in refusal(capsys, "grounding-dino", folder, tmp_path / "out", *sizes)


def test_a_missing_extra_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxslim", None)
    for name in [name for name in sys.modules if name.startswith("editjudge_export.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["sam", str(tmp_path), str(tmp_path)]) == 3
    assert capsys.readouterr().err == 'Exporting needs onnxslim: pip install "editjudge[export]".\n'
