"""`editjudge bundle build`, from a hub to a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
from editjudge.bundles.bundle import Bundle
from editjudge.cli.commands import bundle
from editjudge.cli.main import run
from editjudge_export.onnx.precision import PRECISIONS
from support.fake_hub import COMMIT, FakeHub

pytestmark = pytest.mark.export


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_options_are_the_exporters() -> None:
    assert bundle.PRECISIONS == PRECISIONS


def test_from_a_hub_to_a_bundle(
    from_hub: Path, fake_hub: FakeHub, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["bundle", "build", str(from_hub), "--pairs", "0"]) == 0
    printed, error = capfd.readouterr()
    assert "--bundle tiny" in printed.splitlines()[-1]
    assert error == ""
    bundle = Bundle.load("tiny")
    assert bundle.folder == home / "bundles" / "tiny"
    bundle.verify()
    for entry in bundle.files:
        if entry.role not in {"domain", "vocabulary"}:  # which the recipe copies
            assert entry.source.startswith("https://huggingface.co/someone/")
            assert entry.revision == COMMIT
    assert bundle.file("parser").read_bytes().startswith(b"GGUF")


def test_targets_are_read_as_they_are_typed(from_hub: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tensorrt_rtx")
    assert run(["bundle", "build", str(from_hub), "--engine", "tensorrt-rtx", "--target", " SM86, sm42"]) == 2
    assert "there is no target 'sm42'; TensorRT-RTX builds for" in capfd.readouterr().err


def test_from_a_folder_that_lacks_a_checkpoint(
    from_hub: Path, home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "from").mkdir()
    assert run(["bundle", "build", str(from_hub), "--from", str(tmp_path / "from")]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "has no clip: there is none of clip, someone/0, 0, someone--0, models--someone--0/snapshots/" in error
