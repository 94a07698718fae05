"""The way of plugin providers, live, where OpenVINO's is installed and takes this machine's hardware."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge import Scorer
from editjudge.backends.onnx.compile_cache import MODEL, compiled_folder
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.providers import find_problem
from editjudge.backends.onnx.session import open_session
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.types import EditIntent, Placement

pytestmark = pytest.mark.skipif(find_problem("openvino") is not None, reason=str(find_problem("openvino")))

PROVIDER = "OpenVINOExecutionProvider"
COMPILED = Placement("openvino", PROVIDER, "compiled", cpu_nodes=0)
INTENTS = {
    "color": EditIntent("color", "car", "blue car"),
    "remove": EditIntent("remove", "umbrella", None),
    "size": EditIntent("size", "penguin", "penguin", size="larger"),
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of compiled models, empty."""
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    return compiled_folder()


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """The inode and the time of change of every file, which a file that was written again does not keep."""
    return {str(file): (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.rglob("*") if file.is_file()}


def test_models_are_compiled_once(studio: Bundle, cache: Path) -> None:
    assert open_model(studio.graph("clip_text"), "openvino").placement == COMPILED
    before = files(cache)
    assert any(name.endswith(".bin") for name in before)
    assert open_model(studio.graph("clip_text"), "openvino", threads=1).placement == COMPILED
    assert files(cache) == before


def test_a_damaged_compiled_model_is_made_again(studio: Bundle, cache: Path) -> None:
    """OpenVINO itself opens weights of which bytes were changed, and computes nonsense."""
    open_model(studio.graph("clip_text"), "openvino")
    (weights,) = cache.rglob("*.bin")
    content = weights.read_bytes()
    damaged = content[: len(content) // 2] + bytes(64) + content[len(content) // 2 + 64 :]
    weights.write_bytes(damaged)
    placement = open_model(studio.graph("clip_text"), "openvino").placement
    assert (placement.form, placement.reason) == (
        "compiled",
        "the compiled model in the cache was damaged, and made again",
    )
    assert weights.read_bytes() != damaged
    assert open_model(studio.graph("clip_text"), "openvino").placement == COMPILED


def test_a_compiled_model_that_the_provider_refuses_is_made_again(
    studio: Bundle, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update that our key does not see."""
    open_model(studio.graph("clip_text"), "openvino")
    (model,) = cache.rglob(MODEL)
    model.write_bytes(b"foreign")
    monkeypatch.setattr("editjudge.backends.onnx.compile_cache._find_damage", lambda folder: None)
    placement = open_model(studio.graph("clip_text"), "openvino").placement
    assert placement.form == "compiled"
    assert placement.reason is not None
    assert placement.reason.startswith("the compiled model was refused (")


def test_without_a_cache_it_goes_on(studio: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "file"))
    placement = open_model(studio.graph("clip_text"), "openvino").placement
    assert (placement.device, placement.form) == ("openvino", "model")
    assert placement.reason is not None
    assert "cannot be written" in placement.reason


def test_a_model_that_is_opened_as_it_is(toy: Bundle) -> None:
    placement = open_session(toy.file("clip_vision"), "openvino", threads=1).placement
    assert (placement.provider, placement.form, placement.reason) == (PROVIDER, "model", None)


def test_scores_are_those_of_the_cpu(cache: Path) -> None:
    """In float32 both ways: 1e-4 is a hundred times what was seen, and a hundredth of what bfloat16 does."""
    cpu, openvino = (Scorer.load("studio", device, threads=1) for device in ("cpu", "openvino"))
    assert set(openvino.placements.values()) == {COMPILED}
    compared = 0
    for demo in load_demo():
        if demo.id not in INTENTS:
            continue
        for one, other in zip(*(_scores(scorer, demo) for scorer in (cpu, openvino)), strict=True):
            assert other == pytest.approx(one, abs=1e-4)
            compared += 1
    assert compared >= 12


def _scores(scorer: Scorer, demo: DemoInput) -> list[list[float | None]]:
    prepared = scorer.prepare(demo.original, INTENTS[demo.id])
    scores = [prepared.score(candidate.file) for candidate in demo.candidates]
    return [
        [score.bpm, score.confidence, score.semantic.modify_raw, score.semantic.preserve_raw, score.region.score]
        for score in scores
    ]


def test_auto_does_not_take_it(studio: Bundle) -> None:
    assert open_model(studio.graph("clip_text"), "auto").placement.device != "openvino"
