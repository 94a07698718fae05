"""Requests of one original and one instruction share what is done for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from editjudge.ranking import Prepared
from editjudge.server.engine.prepared_cache import PreparedCache, PreparedKey, SizedPrepared
from editjudge.server.telemetry import Telemetry
from support.engine_runs import RECOLOUR, SECONDS, ask, open_held


def count(telemetry: Telemetry, name: str, **labels: str) -> float:
    value = telemetry.registry.get_sample_value(name, labels)
    assert value is not None
    return value


def test_an_original_is_made_ready_once_for_all_who_ask_for_it() -> None:
    telemetry = Telemetry()
    with open_held(telemetry=telemetry, inference_threads=2) as (engine, scorer):
        with scorer.held(engine, ask(20)) as first:
            others = [engine.submit(ask(side)) for side in range(21, 30)]
            ranking = engine.submit(ask(*range(30, 40), kind="rank"))
        for future in (first, *others, ranking):
            assert all(one.score for one in future.result(SECONDS))
        assert scorer.originals == 1
        assert engine.submit(ask(40)).result(SECONDS)
        assert scorer.originals == 1
        assert count(telemetry, "editjudge_prepared_shared_total") == 11
        assert count(telemetry, "editjudge_wait_seconds_count") == 12
        assert count(telemetry, "editjudge_stage_seconds_count", stage="detect") == 21
        assert count(telemetry, "editjudge_waiting") == 0


@pytest.mark.parametrize(
    "other",
    [
        ask(20, seed=1),
        ask(20, instruction=RECOLOUR),
        ask(20, metrics=("l2",)),
        ask(20, compat="released"),
    ],
    ids=["original", "instruction", "metrics", "compat"],
)
def test_what_is_asked_otherwise_is_not_shared(other: Any) -> None:
    with open_held() as (engine, scorer):
        for asked in (ask(20), other, ask(21), replace(other, kind="rank")):
            engine.submit(asked).result(SECONDS)
        assert scorer.originals == 2


def test_those_who_ask_the_same_go_through_the_models_together_and_one_file_once() -> None:
    telemetry = Telemetry()
    with open_held(telemetry=telemetry) as (engine, scorer):
        runs: list[int] = []
        with scorer.held(engine, ask(20, seed=1)):
            futures = [engine.submit(ask(side)) for side in (30, 31, 30, 30)]
            other = engine.submit(ask(32, seed=2))
            late = engine.submit(ask(33))
            late.add_done_callback(lambda _: runs.append(int(other.done())))
        shares = [future.result(SECONDS)[0].score.changed_share for future in futures]
        assert shares[0] == shares[2] == shares[3] != shares[1]
        assert late.result(SECONDS)
        assert runs == [1]  # it had no room beside the four, and comes in its turn


def test_two_threads_that_need_the_same_make_it_once() -> None:
    cache, made, begun, go = PreparedCache(), [], threading.Event(), threading.Event()

    def make() -> SizedPrepared:
        begun.set()
        assert go.wait(SECONDS)
        made.append(1)
        return sized(1)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(cache.get, key(0), make)
        assert begun.wait(SECONDS)
        others = [pool.submit(cache.get, key(0), make) for _ in range(2)]
        assert cache.find(key(0)) is None
        go.set()
        assert first.result(SECONDS)[1] is False
        assert [other.result(SECONDS) for other in others] == [(first.result()[0], True)] * 2
    assert len(made) == 1


def test_what_could_not_be_made_is_tried_anew() -> None:
    cache = PreparedCache()

    def fail() -> SizedPrepared:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.get(key(0), fail)
    made = sized(1)
    assert cache.get(key(0), lambda: made) == (made.prepared, False)


def test_the_cache_forgets_what_was_asked_for_longest_ago() -> None:
    cache = PreparedCache(most=2, most_bytes=100)
    for number in (0, 1, 0, 2):
        cache.get(key(number), lambda: sized(1))
    assert [cache.find(key(number)) is not None for number in range(3)] == [True, False, True]
    cache.get(key(3), lambda: sized(1000))
    assert [cache.find(key(number)) is not None for number in range(4)] == [False, False, False, True]
    cache.get(key(0), lambda: sized(1))
    assert cache.find(key(3)) is None


def key(number: int) -> PreparedKey:
    return PreparedKey.of(ask(20, seed=number))


def sized(size: int) -> SizedPrepared:
    return SizedPrepared(cast("Prepared", object()), size)
