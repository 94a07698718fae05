"""A latency that is named: which bundle meets it, by what and how, and what there is to do where none does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from editjudge.benchmarking.latency import Configuration, Summary
from editjudge.benchmarking.targets import (
    LIGHTEST,
    UntimedBundle,
    check_target,
    describe,
    judge_target,
    list_unbuilt,
    name_command,
    pick_look,
)
from editjudge.benchmarking.waits import FRESH, FURTHER, TimedBundle
from editjudge.bundles.catalog import RecipeSummary
from editjudge.errors import InputError
from editjudge.types import Look, Placement
from editjudge_models import recipe_names

Times = tuple[float, float]


def timed(
    fresh: Times, further: Times, *, bundle: str = "studio", near: tuple[Times, Times] | None = None
) -> TimedBundle:
    """Of these milliseconds (p50, p95) by way. near: the same where it looks only where pictures changed."""

    def row(times: Times) -> Summary:
        return {"mean": times[0], "p50": times[0], "p95": times[1], "p99": times[1], "n": 9}

    ms: dict[Look, dict[str, Summary]] = {"all": {FRESH: row(fresh), FURTHER: row(further)}}
    if near is not None:
        ms["changes"] = {FRESH: row(near[0]), FURTHER: row(near[1])}
    models = {"detector": Placement("cpu", "CPUExecutionProvider"), "parser": Placement("cpu", "llama.cpp")}
    chosen = Configuration(bundle, "auto", None)
    return TimedBundle(chosen, f"{bundle} 1", "for tests", models, (9, 9), row((5.0, 5.0)), ms)


QUICK, MIDDLING, SLOW = timed((50, 80), (20, 30)), timed((900, 1200), (300, 350)), timed((4000, 6700), (2000, 3000))
UNBUILT = list_unbuilt([RecipeSummary("paper", "heavy"), RecipeSummary(LIGHTEST, "light")])


def test_a_bundle_that_meets_it() -> None:
    assert describe(QUICK, 500) == (
        "studio@auto meets 500 ms with 420 ms to spare: 95 in 100 fresh edits take at most 80 ms (editjudge score "
        "--look all), further candidates of one original 30 ms (editjudge rank --look all)"
    )
    slower_when_prepared = timed((50, 80), (20, 600))
    assert describe(slower_when_prepared, 500).endswith("further candidates of one original 600 ms, which is too long")


def test_a_bundle_that_meets_it_for_further_candidates_alone() -> None:
    assert describe(MIDDLING, 500) == (
        "studio@auto meets 500 ms only for further candidates of one original, with 150 ms to spare: 95 in 100 take at "
        "most 350 ms (editjudge rank --look all), fresh edits 1,200 ms, 700 ms too long"
    )
    assert describe(MIDDLING, 1000).endswith("fresh edits 1,200 ms, 200 ms too long (half of them at most 900 ms)")


def test_a_bundle_that_misses_it() -> None:
    assert describe(SLOW, 2000.5) == (
        "studio@auto misses 2,000.5 ms by 1,000 ms at the least: 95 in 100 fresh edits take at most 6,700 ms, "
        "further candidates of one original 3,000 ms (half of them at most 2,000 ms)"
    )


def test_the_look_that_it_takes_is_named() -> None:
    """The bundle's own look where that meets the target; else the quicker one."""
    both = timed((900, 1200), (600, 800), near=((800, 1100), (300, 350)))
    assert [pick_look(both, FURTHER, target) for target in (1000, 800, 799, 100)] == [
        "all",
        "all",
        "changes",
        "changes",
    ]
    said = (
        "meets 500 ms only for further candidates of one original, with 150 ms to spare: 95 in 100 take at most 350 ms "
    )
    assert said + "(editjudge rank --look changes), fresh edits 1,100 ms, 600 ms too long" in describe(both, 500)
    (result,) = judge_target(1150, [both], [])["bundles"]
    assert result["look"] == {FRESH: "changes", FURTHER: "all"}
    assert result["spare_ms"] == {FRESH: 50, FURTHER: 350}
    assert [command.split()[-1] for command in result["commands"].values()] == ["changes", "all"]


def test_pictures_that_it_could_not_judge_are_told() -> None:
    assert "could judge none" in describe(replace(QUICK, judged=(0, 9)), 500)
    assert "could judge none" not in describe(replace(QUICK, judged=(1, 9)), 500)


def test_what_is_printed_of_each() -> None:
    result = judge_target(80, [QUICK, SLOW], UNBUILT)
    quick, slow = result["bundles"]
    assert (quick["meets"], quick["spare_ms"]) == ({FRESH: True, FURTHER: True}, {FRESH: 0, FURTHER: 50})
    assert (slow["meets"], slow["spare_ms"]) == ({FRESH: False, FURTHER: False}, {FRESH: -6620, FURTHER: -2920})
    assert quick["sentence"] == describe(QUICK, 80)
    assert (quick["judged"], quick["edits"]) == (9, 9)
    assert quick["ms"] == {"parse": QUICK.parse, **QUICK.ms}
    assert result["not_measured"][1] == {
        "name": LIGHTEST,
        "reason": f"it is not here; build it with: editjudge bundle build {LIGHTEST}",
        "description": "light",
    }
    assert result["advice"] == []


def test_commands_score_as_was_timed() -> None:
    assert name_command(QUICK, FRESH, 500) == "editjudge score ORIGINAL EDITED INSTRUCTION --bundle studio --look all"
    elsewhere = replace(QUICK, configuration=Configuration("./my bundle", "cpu", 2))
    assert name_command(elsewhere, FURTHER, 500) == (
        "editjudge rank ORIGINAL INSTRUCTION EDITED... --bundle './my bundle' --device cpu --threads 2 --look all"
    )


def test_where_none_meets_it_all_that_might_is_named() -> None:
    least, lightest, gpu, budget = judge_target(25, [SLOW, timed((50, 80), (20, 30.2))], UNBUILT)["advice"]
    assert least == (
        "no bundle that was timed meets 25 ms; the least that could be met is 31 ms, "
        "with editjudge rank ORIGINAL INSTRUCTION EDITED... --bundle studio --look all"
    )
    assert lightest == f"{LIGHTEST} might: it is not here; build it with: editjudge bundle build {LIGHTEST}"
    assert gpu.startswith("a GPU might")
    assert budget == (
        "editjudge score ... --budget-ms 25 answers in about that time all the same, once its models are open, and "
        "says what was left out"
    )
    assert LIGHTEST in recipe_names()


def test_what_was_tried_is_no_advice() -> None:
    on_gpu = replace(QUICK, models={**QUICK.models, "detector": Placement("cuda", "CUDAExecutionProvider")})
    advice = judge_target(25, [on_gpu, timed((50, 80), (20, 30), bundle=LIGHTEST)], [])["advice"]
    assert len(advice) == 2
    assert advice[0].startswith("no bundle that was timed meets 25 ms")
    assert "--budget-ms" in advice[1]


def test_the_lightest_is_not_said_to_be_missing_where_it_is_here() -> None:
    damaged = [UntimedBundle(LIGHTEST, "it is damaged")]
    assert f"{LIGHTEST} might: it is damaged" in judge_target(25, [QUICK], damaged)["advice"]
    assert any("was not timed: leave out --bundle" in line for line in judge_target(25, [QUICK], [])["advice"])


@pytest.mark.parametrize("target", [0, -1, -0.0, math.nan, math.inf, -math.inf, 86_400_001])
def test_what_is_no_time_is_refused(target: float) -> None:
    with pytest.raises(InputError, match=r"--target-ms is .*; give milliseconds, a number over 0"):
        check_target(target)
