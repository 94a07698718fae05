"""Opening a bundle's models: the device that is asked for, the one that is got, and why."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from editjudge import BundleError, DeviceError, InputError
from editjudge.backends.onnx import loader, prebuilt_engines, providers
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.nvidia import Gpu
from editjudge.backends.onnx.providers import DEVICES, PROVIDERS, find_problem
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.files import EngineEntry
from editjudge.types import Placement


def test_auto_takes_what_is_there(toy: Bundle) -> None:
    placement = open_model(toy.graph("clip_text")).placement
    assert placement.provider == PROVIDERS[placement.device].name
    if placement.device == "cpu":
        tried = [device for device in providers.PREFERENCE if device != "cpu" and providers.is_installed(device)]
        assert (placement.reason is None) == (not tried)


def test_an_unknown_device_lists_the_devices(toy: Bundle) -> None:
    with pytest.raises(InputError, match="auto, cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml, directml"):
        open_model(toy.graph("clip_vision"), "gpu")
    with pytest.raises(InputError, match="at least 1"):
        open_model(toy.graph("clip_vision"), "cpu", threads=0)


@pytest.mark.parametrize("device", [device for device in DEVICES if device not in ("auto", "cpu")])
def test_a_device_that_is_not_there_says_how_to_get_it(
    toy: Bundle, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    if find_problem(device) is None:
        assert open_model(toy.graph("clip_vision"), device).placement.provider == PROVIDERS[device].name
        return
    with pytest.raises(DeviceError) as caught:
        open_model(toy.graph("clip_vision"), device)
    assert str(caught.value).startswith(f"device {device}")
    assert "\n" not in str(caught.value)


def test_the_extra_of_a_plugin_is_named() -> None:
    assert PROVIDERS["rtx"].install == "pip install 'editjudge[rtx]'"
    assert PROVIDERS["openvino"].install == "pip install 'editjudge[openvino]'"
    assert PROVIDERS["webgpu"].install == "pip install 'editjudge[webgpu]'"


def test_auto_falls_back_and_says_why(toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """One device is installed but does not work, one opens nothing, and one is not installed at all."""
    monkeypatch.setattr(loader, "PREFERENCE", ("rtx", "cuda", "openvino", "cpu"))
    monkeypatch.setattr(loader, "is_installed", lambda device: device != "openvino")
    monkeypatch.setattr(loader, "find_problem", {"rtx": "no driver", "openvino": "not installed", "cuda": None}.get)
    assert open_model(toy.graph("clip_text")).placement == Placement(
        "cpu", "CPUExecutionProvider", reason=f"no driver; {providers.find_problem('cuda')}"
    )


def test_a_file_that_is_no_model(toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.onnx").write_bytes(b"not a graph")
    monkeypatch.setattr(Bundle, "file", lambda self, role: tmp_path / "a.onnx")
    for device in ("cpu", "auto"):
        with pytest.raises(BundleError, match="cannot be opened as a model"):
            open_model(toy.graph("clip_text"), device)


def test_an_engine_of_the_bundle_is_opened_where_it_fits(toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it goes without the GPU: what would be opened, with a session of the CPU in its place."""
    model = toy.manifest.files["clip_text"]
    entry = EngineEntry(
        "clip_text", "tensorrt", ("sm89",), "10.1.2", "fp32", "included",
        model.path, model.sha256, model.bytes, model.path, model.sha256, model.bytes,
    )  # fmt: skip
    bundle = Bundle(toy.folder, replace(toy.manifest, engines=(entry,)))
    assert bundle.graph("clip_text").engines == (entry,)
    assert bundle.graph("sam_encoder").engines == ()
    opened = loader.open_session
    monkeypatch.setattr(loader, "open_session", lambda path, device, *rest, **more: opened(path, "cpu", **more))
    monkeypatch.setattr(loader, "find_problem", lambda device: None)
    monkeypatch.setattr(loader, "_make_folder", lambda folder: None)
    monkeypatch.setattr(prebuilt_engines, "find_library_version", lambda device: "10.1.2.3")
    monkeypatch.setattr(prebuilt_engines, "find_gpus", lambda: (Gpu("RTX 4060", 8 * 10**9, "sm89"),))
    fits = open_model(bundle.graph("clip_text"), "tensorrt").placement
    assert (fits.form, fits.reason) == ("engine", None)
    monkeypatch.setattr(prebuilt_engines, "find_gpus", lambda: (Gpu("RTX 3060", 12 * 10**9, "sm86"),))
    elsewhere = open_model(bundle.graph("clip_text"), "tensorrt").placement
    assert (elsewhere.form, elsewhere.reason) == ("model", "engine for sm89 of tensorrt 10.1.2: this GPU is sm86")
    assert open_model(bundle.graph("sam_encoder"), "tensorrt").placement.reason is None  # there is no engine of it


def test_nothing_is_printed(toy: Bundle) -> None:
    program = (
        "from pathlib import Path\n"
        "from editjudge.backends.onnx.loader import open_model\n"
        "from editjudge.bundles.bundle import Bundle\n"
        f"open_model(Bundle.load(Path({str(toy.folder)!r})).graph('detector'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
