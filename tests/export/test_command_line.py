"""`python -m editjudge_export`, as far as it needs no export extra: its commands, and what they hand on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from editjudge.errors import EditJudgeError
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.cli import main
from editjudge_export.onnx.precision import PRECISIONS

DEFAULTS: dict[str, dict[str, object]] = {
    "clip": {},
    "grounding-dino": {"height": 800, "width": 800, "text_length": 48, "fit": "pad"},
    "omdet-turbo": {"height": 640, "width": 640, "text_length": 77},
    "sam": {},
    "difference": {"size": 256},
    "edit-clip": {},
    "lpips": {"size": 512},
    "dino": {"size": 224},
    "dinov2": {"size": 224},
    "vifi-clip": {"frames": 2},
}


class Exports:
    """What the modules of all architectures were asked to export, in their place."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

    def export(self, checkpoint: Path, folder: Path, precision: str, **settings: object) -> list[SimpleNamespace]:
        self.calls.append((checkpoint, folder, precision, settings))
        if self.error is not None:
            raise self.error
        folder.mkdir(exist_ok=True)
        (folder / "graph.onnx").write_bytes(bytes(1_230_000))
        (folder / "graph.onnx.data").write_bytes(bytes(3_000_000))
        rounding = SimpleNamespace(largest=0.012, mean=0.0034)
        path, files = folder / "graph.onnx", [folder / "graph.onnx", folder / "graph.onnx.data"]
        return [SimpleNamespace(path=path, files=files, precision=precision, parity=1e-5, rounding=rounding)]


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> Exports:
    exports = Exports()
    for architecture in ARCHITECTURES.values():
        module = ModuleType(architecture.module)
        module.export = exports.export  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, architecture.module, module)
    return exports


@pytest.mark.parametrize("command", DEFAULTS)
def test_a_command_for_every_architecture(command: str, exports: Exports, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert main([command, "checkpoint", str(folder)]) == 0
    assert exports.calls == [(Path("checkpoint"), folder, "fp32", DEFAULTS[command])]
    assert [architecture.command for architecture in ARCHITECTURES.values()] == list(DEFAULTS)


def test_options_are_handed_on(exports: Exports, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--height", "64", "--text-length", "16", "--fit", "stretch", "--precision", "mixed"]
    assert main(["grounding-dino", "checkpoint", str(tmp_path), *options]) == 0
    settings = {"height": 64, "width": 800, "text_length": 16, "fit": "stretch"}
    assert exports.calls == [(Path("checkpoint"), tmp_path, "mixed", settings)]
    assert type(exports.calls[0][3]["fit"]) is str
    figures = "mixed, 4.23 MB, differs from PyTorch by 1.0e-05, rounding moved it by 1.2e-02, on average 3.4e-03"
    assert capsys.readouterr().out == f"{tmp_path / 'graph.onnx'}: {figures}\n"


def test_help_lists_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {command} " in printed for command in ("bundle", *DEFAULTS))
    assert main(["grounding-dino", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for option in ("--height", "--text-length", "stretch|pad", "|".join(PRECISIONS), "default: 800", "default: pad"):
        assert option in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["paint"], "paint"),
        (["sam", "checkpoint"], "OUT_DIR"),
        (["sam", "checkpoint", "out", "--side", "3"], "--side"),
        (["clip", "checkpoint", "out", "--context", "many"], "--context"),
        (["clip", "checkpoint", "out", "--precision", "int4"], "int4"),
        (["bundle", "recipe", "out", "--precision", "int4"], "int4"),
        (
            ["bundle", "recipe", "out", "--metrics", "lpips,psnr"],
            "--metrics is 'psnr'; it must be one of none, all, lpips",
        ),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, exports: Exports, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert exports.calls == []


def test_errors_and_their_exit_status(exports: Exports, capsys: pytest.CaptureFixture[str]) -> None:
    for error, status, message in (
        (EditJudgeError("the graph differs"), 1, "the graph differs"),
        (OSError(28, "No space left on device"), 2, "Cannot write out: No space left on device."),
        (OSError(13, "Permission denied", "out/a"), 2, "Cannot write out/a: Permission denied."),
        (ModuleNotFoundError(name="onnx.helper"), 3, 'Exporting needs onnx.helper: pip install "editjudge[export]".'),
    ):
        exports.error = error
        assert main(["sam", "checkpoint", "out"]) == status
        assert capsys.readouterr() == ("", f"{message}\n")
    exports.error = ModuleNotFoundError(name="antigravity2")
    with pytest.raises(ModuleNotFoundError):
        main(["sam", "checkpoint", "out"])


def test_the_command_line_loads_nothing_of_the_extra() -> None:
    code = "import sys, editjudge_export.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "onnx", "onnxslim", "onnxruntime"} & set(done.stdout.split())
