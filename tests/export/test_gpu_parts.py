"""The parts of the run on a GPU, as they are rehearsed: with the CPU in its place, and models as small as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
from benchmarks.gpu.parts import binding, bundles, provider
from benchmarks.gpu.parts.materials import open_bundles
from benchmarks.gpu.plan import PARTS, GpuRun, GpuRunError
from editjudge.bundles.roles import GRAPHS

pytestmark = pytest.mark.export


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> GpuRun:
    """One whose bundle was made."""
    begun = GpuRun(tmp_path_factory.mktemp("run"), rehearse=True)
    made = bundles.measure(begun, PARTS["bundles"], ignore)
    assert set(made) == {bundles.PAPER, "tiny"}
    assert all(entry["bytes"] > 1e6 for entry in made.values())
    return begun


def ignore(_: dict[str, Any]) -> None:
    """Takes what was measured so far."""


def test_a_provider_is_measured_and_what_it_has_so_far_is_kept(run: GpuRun) -> None:
    kept: list[set[str]] = []
    part = PARTS["cuda"]
    found = provider.measure(run, part, lambda results: kept.append(set(results["bundles"].get("tiny", ()))))
    assert (found["device"], found["note"]) == ("cpu", None)
    studio, tiny = found["bundles"]["studio"], found["bundles"]["tiny"]
    for bundle in (studio, tiny):
        assert set(GRAPHS) <= set(bundle["graphs"])
        assert {bundle["graphs"][role]["apart"] for role in GRAPHS} == {0.0}  # the CPU's, from the CPU's
        assert bundle["memory"]["gpu_mib"] is None
    assert studio["sub_scores"] == {"trained": True, "edits": 29, "largest": 0.0, "within": 29}
    assert {"detect", "segment", "embed", "judge", "total"} == set(tiny["latency"]["score"])
    for stages in tiny["latency"].values():
        assert stages["total"]["p50"] > max(stages[stage]["p50"] for stage in ("detect", "segment", "embed"))
    assert kept[-1] == {"graphs", "sub_scores", "latency", "memory"}
    assert {"graphs"} in kept


def test_bound_runs_are_as_unbound_ones(run: GpuRun) -> None:
    tiny = binding.measure(run, PARTS["binding"], ignore)["bundles"]["tiny"]
    assert set(tiny["graphs"]) == set(GRAPHS)
    for modes in tiny["graphs"].values():
        assert [modes[mode]["memory"] for mode in binding.MODES] == [None, None, "cpu"]
        assert {modes[mode]["apart"] for mode in binding.MODES} == {0.0}
        assert all(modes[mode]["n"] == binding.REHEARSED_RUNS for mode in binding.MODES)
    assert tiny["apart"] == dict.fromkeys(binding.MODES, 0.0)


def test_results_that_differ_fail_the_part(run: GpuRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound that nothing keeps."""
    monkeypatch.setitem(provider.BOUNDS, "outputs", -1.0)
    with pytest.raises(GpuRunError, match=r"clip_vision of tiny, bound, is 0 from what it is unbound"):
        binding.measure(run, PARTS["binding"], ignore)


def test_a_checkpoint_is_whole_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was cut off while it was drawn is drawn anew."""

    def cut_off(name: str, folder: Path) -> None:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("benchmarks.common.random_checkpoints.save", cut_off)
        with pytest.raises(KeyboardInterrupt):
            bundles.draw_whole("SlimSAM-uniform-77", tmp_path)
    assert not (tmp_path / "hub").exists()
    place = bundles.draw_whole("SlimSAM-uniform-77", tmp_path)
    assert (place / "model.safetensors").stat().st_size > 1e6
    with pytest.raises(GpuRunError, match="draws no other; add it there"):
        bundles.draw_whole("other", tmp_path)


def test_no_bundle_was_made(tmp_path: Path) -> None:
    with pytest.raises(GpuRunError, match="no bundle of photographs was made; see the part bundles"):
        open_bundles(GpuRun(tmp_path))
