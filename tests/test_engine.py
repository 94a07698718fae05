"""Opening and running models: devices, errors, threads."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError, DeviceError, InputError
from editjudge.bundle import Bundle
from editjudge.engine import DEVICES, PROVIDERS, Session, open_session, why_not


@pytest.fixture(scope="module")
def session(toy: Bundle) -> Session:
    return open_session(toy.file("clip_vision"), "cpu", threads=1)


def test_runs_by_name(session: Session) -> None:
    assert session.inputs == ("pixel_values",)
    assert session.outputs == ("image_embeds",)
    assert session.providers == ("CPUExecutionProvider",)
    pixels = np.arange(2 * 3 * 16 * 16, dtype=np.float32).reshape(2, 3, 16, 16)
    found = session.run({"pixel_values": pixels})
    np.testing.assert_allclose(found["image_embeds"], pixels.mean(axis=(2, 3)), rtol=1e-6)


def test_auto_takes_what_is_there(toy: Bundle) -> None:
    assert "CPUExecutionProvider" in open_session(toy.file("clip_text")).providers


def test_wrong_inputs_are_named(session: Session) -> None:
    with pytest.raises(BundleError, match=r"clip_vision\.onnx takes the inputs pixel_values and not pixels"):
        session.run({"pixels": np.zeros((1, 3, 16, 16), np.float32)})
    with pytest.raises(BundleError, match=r"clip_vision\.onnx failed to run") as caught:
        session.run({"pixel_values": np.zeros((1, 3, 8, 8), np.float32)})
    assert "\n" not in str(caught.value)


def test_an_unknown_device_lists_the_devices(toy: Bundle) -> None:
    with pytest.raises(InputError, match="auto, cpu, cuda, tensorrt, rtx, openvino"):
        open_session(toy.file("clip_vision"), "gpu")
    with pytest.raises(InputError, match="at least 1"):
        open_session(toy.file("clip_vision"), "cpu", threads=0)


@pytest.mark.parametrize("device", [device for device in DEVICES if device not in ("auto", "cpu")])
def test_a_device_that_is_not_there_says_how_to_get_it(toy: Bundle, device: str) -> None:
    if why_not(device) is None:
        assert PROVIDERS[device].name in open_session(toy.file("clip_vision"), device).providers
        return
    with pytest.raises(DeviceError) as caught:
        open_session(toy.file("clip_vision"), device)
    assert str(caught.value).startswith(f"device {device}")
    assert "\n" not in str(caught.value)


def test_the_extra_of_a_plugin_is_named() -> None:
    assert PROVIDERS["rtx"].install == "pip install 'editjudge[rtx]'"
    assert PROVIDERS["openvino"].install == "pip install 'editjudge[openvino]'"


def test_files_that_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"not a graph")
    for device in ("cpu", "auto"):
        with pytest.raises(BundleError, match="cannot be opened as a model"):
            open_session(tmp_path / "a.onnx", device)
    with pytest.raises(BundleError, match="is missing"):
        open_session(tmp_path / "b.onnx", "cpu")


def test_a_session_is_shared_by_threads(session: Session) -> None:
    def mean(value: int) -> float:
        found = session.run({"pixel_values": np.full((1, 3, 16, 16), value, np.float32)})
        return float(found["image_embeds"].mean())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(mean, range(100))) == list(range(100))


def test_nothing_is_printed(toy: Bundle) -> None:
    path = str(toy.file("detector"))
    program = f"from pathlib import Path\nfrom editjudge.engine import *\nopen_session(Path({path!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
