"""A bundle from a recipe: what lands in the folder, and that a failure leaves the old one as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

pytest.importorskip("torch")
from editjudge.bundles.manifest import read_manifest
from editjudge.errors import InputError
from editjudge_export import build
from editjudge_export.architectures import clip
from editjudge_export.cli import main
from editjudge_export.verification.numeric_gate import GateError

pytestmark = pytest.mark.export


def change(recipe: Path, old: str, new: str) -> None:
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new))


def test_a_bundle_is_whole_hashed_and_replaced_at_once(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tiny"
    assert main(["bundle", str(recipe), str(folder)]) == 0
    assert "clip_vision.onnx: fp16-weights" in capsys.readouterr().out
    manifest = read_manifest(folder)
    assert {entry.path for entry in manifest.files.values()} - {None} | {"bundle.toml"} == {
        path.name for path in folder.iterdir()
    }
    for entry in manifest.files.values():
        if entry.path is not None:
            content = (folder / entry.path).read_bytes()
            assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert (entry.parity is not None) == (entry.path or "").endswith(".onnx")
    assert manifest.files["clip_text"].precision == "fp16-weights"
    assert manifest.files["detector"].precision == "fp32"
    assert manifest.files["sam_decoder"].revision == "3"
    assert manifest.files["detector"].parity < 1e-4
    assert manifest.files["parser"].package == "a_package"
    assert manifest.files["vocabulary"].path == "vocabulary.txt"
    assert (manifest.clip.size, manifest.detector.width, manifest.segmenter.mask_size) == (32, 96, 32)

    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())

    def fails(*_: object, **__: object) -> list[object]:
        raise GateError("clip_vision differs from PyTorch by 1, over the gate of 1e-04.")

    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]

    monkeypatch.setattr(clip, "export", fails)
    assert main(["bundle", str(recipe), str(folder)]) == 1
    assert "step 'export clip' failed: clip_vision differs" in capsys.readouterr().err
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[export.segmenter]", "[export.sam]", r"\[export\] sections must be"),
        ('precision = "fp16-weights"', 'colour = "red"', "wrong or missing keys: colour"),
        ('from = "words.txt"', 'from = "gone.txt"', "there is no file"),
        ("[clip]", "[klip]", "settings of clip are missing"),
        ("text_length = 16", "", r"\[detector\] lacks text_length"),
        ("context = 12", 'context = "all"', r"context in \[clip\] is 'all'; it must be a whole number"),
        ("name =", "name", "is not TOML"),
    ],
)
def test_a_wrong_recipe_is_refused_before_any_export(
    old: str, new: str, message: str, recipe: Path, tmp_path: Path
) -> None:
    change(recipe, old, new)
    with pytest.raises(InputError, match=message):
        build.build(recipe, tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()


def test_a_setting_that_the_checkpoint_contradicts_is_refused(recipe: Path, tmp_path: Path) -> None:
    change(recipe, "size = 32", "size = 48")
    with pytest.raises(InputError, match=r"says 48 for size in \[clip\]; the checkpoint says 32"):
        build.build(recipe, tmp_path / "tiny")


def test_a_folder_that_is_no_bundle_is_not_replaced(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="neither empty nor a bundle"):
        build.build(recipe, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
