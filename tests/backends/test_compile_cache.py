"""The cache of compiled models, with a compiler that copies: what providers really compile is in test_openvino.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from editjudge.backends.onnx import compile_cache
from editjudge.backends.onnx.compile_cache import MODEL, find_or_compile, locate_folder
from editjudge.errors import DeviceError


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The models that were compiled, in turn; each becomes a model file and one of data beside it."""
    seen: list[Path] = []

    def copy(path: Path, target: Path, device: str) -> None:
        seen.append(path)
        shutil.copy(path, target)
        target.with_name("weights.bin").write_bytes(path.read_bytes() * 2)

    monkeypatch.setattr(compile_cache, "compile_model", copy)
    return seen


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"a model")
    return path


def test_a_model_is_compiled_once(model: Path, tmp_path: Path, runs: list[Path]) -> None:
    folder = tmp_path / "cache" / "a"
    assert find_or_compile(model, folder, "openvino") == (folder / MODEL, None)
    assert find_or_compile(model, folder, "openvino") == (folder / MODEL, None)
    assert runs == [model]
    assert (folder / "weights.bin").read_bytes() == b"a model" * 2
    assert [entry.name for entry in folder.parent.iterdir()] == ["a"]


@pytest.mark.parametrize("name", [MODEL, "weights.bin", "files.json"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"others"])
def test_a_damaged_one_is_compiled_again(
    model: Path, tmp_path: Path, runs: list[Path], name: str, content: bytes | None
) -> None:
    folder = tmp_path / "a"
    find_or_compile(model, folder, "openvino")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    path, reason = find_or_compile(model, folder, "openvino")
    assert (path, reason) == (folder / MODEL, "the compiled model in the cache was damaged, and made again")
    assert find_or_compile(model, folder, "openvino") == (folder / MODEL, None)
    assert len(runs) == 2


def test_a_cache_that_cannot_be_written_is_no_error(model: Path, tmp_path: Path, runs: list[Path]) -> None:
    (tmp_path / "file").touch()
    path, reason = find_or_compile(model, tmp_path / "file" / "a", "openvino")
    assert path is None
    assert reason is not None
    assert reason.startswith("nothing is kept")
    assert runs == []


def test_a_compiler_that_fails_leaves_nothing(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, target: Path, device: str) -> None:
        target.write_bytes(b"half")
        raise DeviceError("a.onnx cannot be compiled for openvino: disk full")

    monkeypatch.setattr(compile_cache, "compile_model", fail)
    folder = tmp_path / "cache" / "a"
    assert find_or_compile(model, folder, "openvino") == (None, "a.onnx cannot be compiled for openvino: disk full")
    assert list(folder.parent.iterdir()) == []


def test_another_process_may_be_faster(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a"

    def slow(path: Path, target: Path, device: str) -> None:
        shutil.copy(path, target)
        folder.mkdir()
        (folder / MODEL).write_bytes(b"theirs")

    monkeypatch.setattr(compile_cache, "compile_model", slow)
    assert find_or_compile(model, folder, "openvino") == (folder / MODEL, None)
    assert (folder / MODEL).read_bytes() == b"theirs"


def test_what_a_compiled_model_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def folder(role: str = "detector", sha256: str = "0" * 64, device: str = "rtx", *versions: str) -> Path:
        monkeypatch.setattr(compile_cache, "fingerprint", lambda device: (device, *versions))
        return locate_folder(role, sha256, device)

    folders = [
        folder(),
        folder("sam_encoder"),
        folder("detector", "1" * 64),
        folder("detector", "0" * 64, "openvino"),
        folder("detector", "0" * 64, "rtx", "1.31"),
        folder("detector", "0" * 64, "rtx", "1.31", "sm89"),
    ]
    assert len(set(folders)) == len(folders)
    assert folder() == folders[0]
