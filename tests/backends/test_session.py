"""Running models: by name, with errors that say what is wrong, from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError
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
