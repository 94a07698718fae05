"""Running models: by name, with errors that say what is wrong, from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError
from editjudge.backends.onnx import session as session_module
from editjudge.backends.onnx.session import Session, open_session
from editjudge.bundles.bundle import Bundle
from editjudge.types import Placement


@pytest.fixture(scope="module")
def session(toy: Bundle) -> Session:
    return open_session(toy.file("clip_vision"), "cpu", threads=1)


def test_runs_by_name(session: Session) -> None:
    assert session.inputs == ("pixel_values",)
    assert session.outputs == ("image_embeds",)
    assert session.placement == Placement("cpu", "CPUExecutionProvider")
    pixels = np.arange(2 * 3 * 16 * 16, dtype=np.float32).reshape(2, 3, 16, 16)
    outputs = session.run({"pixel_values": pixels})
    np.testing.assert_allclose(outputs["image_embeds"], pixels.mean(axis=(2, 3)), rtol=1e-6)


def test_wrong_inputs_are_named(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BundleError, match=r"clip_vision\.onnx takes the inputs pixel_values and not pixels"):
        session.run({"pixels": np.zeros((1, 3, 16, 16), np.float32)})
    with pytest.raises(BundleError, match=r"clip_vision\.onnx failed to run: [^\[]") as caught:
        session.run({"pixel_values": np.zeros((1, 3, 8, 8), np.float32)})
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_files_that_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"not a graph")
    with pytest.raises(BundleError, match="cannot be opened as a model"):
        open_session(tmp_path / "a.onnx", "cpu")
    with pytest.raises(BundleError, match="is missing"):
        open_session(tmp_path / "b.onnx", "cpu")


def test_a_session_is_shared_by_threads(session: Session) -> None:
    def mean(value: int) -> float:
        outputs = session.run({"pixel_values": np.full((1, 3, 16, 16), value, np.float32)})
        return float(outputs["image_embeds"].mean())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(mean, range(100))) == list(range(100))


@pytest.mark.parametrize(
    ("cpuinfo", "precise"),
    [
        ("processor\t: 0\nflags\t\t: fpu sse4_1 avx2 fma\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_4vnniw\n", True),  # another kind, of floats
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n", False),
        ("processor\t: 0\nflags\t\t: fpu avx2 avx_vnni\nbugs\t\t: spectre_v1\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd asimddp\n", True),  # ARM64, where the option does nothing
        (None, True),
    ],
)
def test_bytes_are_multiplied_precisely_where_vnni_is_not_known(
    cpuinfo: str | None, precise: bool, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        path.write_text(cpuinfo, encoding="utf-8")
    monkeypatch.setattr(session_module, "CPUINFO", path)
    opened = open_session(toy.file("clip_vision"), "cpu", threads=1)
    options = opened._session.get_session_options()
    if precise:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError, match="does not have"):
            options.get_session_config_entry("session.x64quantprecision")
