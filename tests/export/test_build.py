"""The steps of a build: what was done is not done again, what fails is named, and whole scores are compared."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
from editjudge.bundles.manifest import read_manifest
from editjudge.errors import InputError
from editjudge_export import build
from editjudge_export.architectures import sam
from editjudge_export.options import BuildOptions
from editjudge_export.verification import end_to_end
from editjudge_export.verification.end_to_end import EndToEnd
from editjudge_export.verification.numeric_gate import GateError

pytestmark = pytest.mark.export


def test_a_build_that_was_cut_off_goes_on(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    def cut_off(*_: object, **__: object) -> list[object]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sam, "export", cut_off)
        with pytest.raises(KeyboardInterrupt):
            build.build(recipe, tmp_path / "tiny", report=lines.append)
    assert not (tmp_path / "tiny").exists()

    lines.clear()
    build.build(recipe, tmp_path / "tiny", report=lines.append)
    assert {"export clip: done before", "export detector: done before", "export segmenter ..."} <= set(lines)
    read_manifest(tmp_path / "tiny")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_step_is_done_again_when_what_it_was_made_of_has_changed(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(sam, "export", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build.build(recipe, tmp_path / "tiny", report=lines.append)
    (tmp_path / ".tiny.build" / "detector.onnx").unlink()
    recipe.write_text(recipe.read_text().replace("context = 12", "context = 10"))
    lines.clear()
    build.build(recipe, tmp_path / "tiny", report=lines.append)
    assert {"export clip ...", "export detector ..."} <= set(lines)
    assert read_manifest(tmp_path / "tiny").clip.context == 10


def test_a_full_disk_is_told_and_nothing_half_is_left(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InputError, match=r"step 'export clip' failed: .*no space left on device"):
        build.build(recipe, tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()
    assert [path.name for path in (tmp_path / ".tiny.build").rglob("*.part")] == []


def test_whole_scores_agree_with_those_of_transformers(usual: Path, tmp_path: Path) -> None:
    build.build(usual, tmp_path / "tiny", BuildOptions(precision="fp32"))
    comparison = read_manifest(tmp_path / "tiny").end_to_end
    assert comparison is not None
    assert comparison.pairs == BuildOptions().pairs
    assert comparison.found > 20
    assert max(comparison.modify, comparison.preserve, comparison.position, comparison.size) <= 1e-3
    assert comparison.boxes < 0.1
    assert comparison.masks < 0.05
    assert 0 < comparison.embeddings < 1e-4


def test_a_pipeline_that_prepares_pictures_otherwise_is_found_out(usual: Path, tmp_path: Path) -> None:
    """The comparison can fail: a wrong mean is one of the mistakes that it is there for."""
    usual.write_text(usual.read_text().replace("mean = [0.48", "mean = [0.28"))
    with pytest.raises(GateError, match=r"step 'compare scores' failed: scores in fp32 differ .* in .*modify by"):
        build.build(usual, tmp_path / "tiny", BuildOptions(precision="fp32"))
    assert not (tmp_path / "tiny").exists()


def test_what_transformers_cannot_prepare_is_not_compared(recipe: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    build.build(recipe, tmp_path / "tiny", report=lines.append)
    assert "compare scores: left out, transformers does not resize by area, as clip, detector, segmenter here" in lines
    assert read_manifest(tmp_path / "tiny").end_to_end is None


def test_a_precision_that_moves_scores_too_far_is_refused() -> None:
    within = EndToEnd(8, 20, 1.0, 0.1, 0.01, modify=0.019, preserve=0.0, position=0.0, size=0.0)
    end_to_end.check(within, "int8")
    with pytest.raises(GateError, match=r"in modify by 0\.019, of 0\.005 allowed; choose"):
        end_to_end.check(within, "fp16")
    with pytest.raises(GateError, match=r"size by 0.5"):
        end_to_end.check(replace(within, size=0.5), "int8")
    for place, message in (({"boxes": 17.0}, "boxes by 17, of 16 allowed"), ({"masks": 0.2}, "masks by 0.2, of 0.1")):
        end_to_end.check(replace(within, modify=0.0, **place), "fp32")
        with pytest.raises(GateError, match=message):
            end_to_end.check(replace(within, **place), "int8")
    with pytest.raises(GateError, match="modify by nan"):
        end_to_end.check(
            EndToEnd(8, 20, 1.0, 0.1, 0.01, modify=float("nan"), preserve=0.0, position=0.0, size=0.0), "fp32"
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int4"}, "must be one of fp32, fp16, mixed, int8"),
        ({"engine": "onnx"}, "choose one of none, tensorrt, tensorrt-rtx"),
        ({"pairs": -1}, "must be 0 or more"),
        ({"source": Path("/nowhere")}, "there is no folder /nowhere"),
    ],
)
def test_wrong_options_are_refused_before_any_work(
    options: dict[str, object], message: str, recipe: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        build.build(recipe, tmp_path / "tiny", BuildOptions(**options))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
