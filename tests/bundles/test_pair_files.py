"""The files and settings of what embeds edits: taken as they are made, refused where they do not fit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError, Scorer
from editjudge.bundles.bundle import Bundle
from support.damaged_bundles import MANIFEST, TOY, put
from support.pair_bundle import GRAPHS, make_pair_bundle

GREY, RED = np.full((20, 30, 3), 128, np.uint8), np.full((20, 30, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_pair_bundle(tmp_path / "bundle").folder


def change(folder: Path, section: str, pattern: str, replacement: str) -> None:
    """Replaces what fits a pattern in a section of the manifest."""
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    start = text.index(f"\n[{section}]\n")
    changed, count = re.subn(pattern, replacement, text[start:], count=1)
    assert count == 1
    (folder / MANIFEST).write_text(text[:start] + changed, encoding="utf-8")


def test_a_bundle_with_both(folder: Path) -> None:
    bundle = Bundle.load(folder)
    bundle.verify()
    assert (bundle.settings("edit_clip").context, bundle.settings("edit_clip").contrary) == (8, 0.2)
    assert (bundle.settings("vifi_clip").context, bundle.settings("vifi_clip").frames) == (4, 2)


@pytest.mark.parametrize(
    ("section", "pattern", "replacement", "found"),
    [
        ("vifi_clip", "context = 4", "context = 4\nframes = 8", r"frames in \[vifi_clip\] is 8; it must be 2"),
        ("vifi_clip", "context = 4", "context = 4\nframes = 1", "it must be 2"),
        ("vifi_clip", "context = 4", "", r"\[vifi_clip\] lacks context"),
        ("vifi_clip", "context = 4", "context = 5000", "it must be from 1 to 1,024"),
        ("edit_clip", "contrary = 0.2", "", r"\[edit_clip\] lacks contrary"),
        ("edit_clip", "contrary = 0.2", "contrary = nan", "it must be a finite number"),
        ("edit_clip", r"\[edit_clip\]\ncontext = 8\ncontrary = 0.2", "", "role edit_clip belong together"),
        ("edit_clip", 'role = "edit_clip"', 'role = "dinov2x"', "role"),
    ],
)
def test_settings_that_do_not_fit(section: str, pattern: str, replacement: str, found: str, folder: Path) -> None:
    change(folder, section, pattern, replacement)
    with pytest.raises(BundleError, match=found):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("edit_clip.onnx", (TOY / "dino.onnx").read_bytes(), "no output edit_embeds of 2 dimensions"),
        ("vifi_clip.onnx", (TOY / "clip_vision.onnx").read_bytes(), "no output edit_embeds of 2 dimensions"),
        ("edit_clip_text.onnx", (TOY / "clip_vision.onnx").read_bytes(), "no output text_embeds of 2 dimensions"),
        ("vifi_clip_text.onnx", (TOY / "clip_vision.onnx").read_bytes(), "no output text_embeds of 2 dimensions"),
        ("edit_clip_tokenizer.json", b"{}", "edit_clip_tokenizer.json is refused"),
    ],
)
def test_a_file_of_another_model(name: str, content: bytes, found: str, folder: Path) -> None:
    put(folder, name, content)
    with pytest.raises(BundleError, match=found):
        Bundle.load(folder).verify()


def test_frames_of_another_size(folder: Path) -> None:
    change(folder, "vifi_clip", "size = 16", "size = 32")
    with pytest.raises(
        BundleError, match="its input frames is n x 2 x 3 x 16 x 16, and by the manifest n x 2 x 3 x 32"
    ):
        Bundle.load(folder).verify()


def test_one_in_the_place_of_the_other(folder: Path) -> None:
    """Both give edit_embeds: what they are fed with tells them apart."""
    put(folder, "edit_clip.onnx", (GRAPHS / "vifi_clip.onnx").read_bytes())
    with pytest.raises(BundleError, match=r"edit_clip.onnx takes the inputs frames and not boxes, details"):
        Scorer.load(folder, "cpu", 1).embed_edit(GREY, RED)


def test_a_file_that_is_gone(folder: Path) -> None:
    scorer = Scorer.load(folder, "cpu", 1)
    (folder / "edit_clip_text.onnx").unlink()
    with pytest.raises(BundleError, match=r"edit_clip_text.onnx is missing"):
        scorer.embed_instruction("cat")
    with pytest.raises(BundleError, match=r"edit_clip_text.onnx is missing"):
        Scorer.load(folder, "cpu", 1)
