"""Who waits, how many may, in which order, and for how long."""

from __future__ import annotations

import time
from concurrent.futures import wait

import pytest

from editjudge.server.engine.job import Job
from editjudge.server.engine.meter import WorkMeter
from editjudge.server.engine.refusal import QueueFullError, RefusedError
from editjudge.server.engine.waiting_line import WaitingLine
from editjudge.server.options import RequestLimits
from support.engine_runs import SECONDS, ask, open_held


def test_as_many_wait_as_may_and_the_next_is_refused() -> None:
    with open_held(queue=3) as (engine, scorer):
        with scorer.held(engine, ask(20, seed=9)) as first:
            waiting = [engine.submit(ask(20, seed=seed)) for seed in range(3)]
            assert engine.waiting == 3
            with pytest.raises(QueueFullError, match="3 requests wait") as refused:
                engine.submit(ask(20))
            assert 1 <= refused.value.retry_after <= 60
        for future in (first, *waiting):
            assert future.result(SECONDS)[0].score
        assert engine.submit(ask(21)).result(SECONDS)


def test_the_thread_that_warms_the_models_up_is_the_one_that_uses_them() -> None:
    """CUDA takes memory for every thread that ever called a model."""
    with open_held() as (engine, scorer):
        assert engine.submit(ask(20)).result(SECONDS)
        assert len(scorer.callers) == 2
        assert len(set(scorer.callers)) == 1


def test_who_goes_away_makes_room_and_costs_nothing() -> None:
    with open_held(queue=2) as (engine, scorer):
        with scorer.held(engine, ask(20, seed=9)):
            gone, staying = engine.submit(ask(20, seed=1)), engine.submit(ask(20, seed=2))
            assert gone.cancel()
            assert not wait([gone], SECONDS).not_done  # who waits for several is told
            assert engine.waiting == 1
            another = engine.submit(ask(20, seed=3))
        assert staying.result(SECONDS)
        assert another.result(SECONDS)
        assert gone.cancelled()
        assert scorer.originals == 3


@pytest.mark.parametrize("fields", [{}, {"best": 1}], ids=["all", "best"])
def test_a_ranking_that_nobody_waits_for_is_left_in_the_midst(fields: dict[str, int]) -> None:
    sides = range(10, 50)
    with open_held() as (engine, scorer):
        with scorer.held(engine, ask(*sides, kind="rank", **fields)) as ranking:
            after = engine.submit(ask(20, seed=1))
            assert ranking.cancel()
        assert after.result(SECONDS)
        assert engine.waiting == 0
        assert engine.drain(SECONDS)
        assert ranking.cancelled()


def test_a_long_ranking_blocks_nobody_beyond_its_turn() -> None:
    order: list[str] = []
    with open_held() as (engine, scorer):
        with scorer.held(engine, ask(*range(10, 50), kind="rank")) as ranking:
            ranking.add_done_callback(lambda _: order.append("ranking"))
            others = [engine.submit(ask(20, seed=seed)) for seed in (1, 2, 3)]
            for number, other in enumerate(others):
                other.add_done_callback(lambda _, number=number: order.append(str(number)))
        assert len(ranking.result(SECONDS)) == 40
        assert order == ["0", "1", "2", "ranking"]


def test_the_oldest_has_its_turn_though_newer_ones_go_with_what_is_worked_on() -> None:
    line = WaitingLine(10, 4)
    jobs = [Job(ask(20 + number, seed=seed), SECONDS) for number, seed in enumerate((0, 1, 0, 0, 0, 0, 0))]
    assert all(map(line.add, jobs))
    taken = [[jobs.index(piece.job) for piece in line.take()] for _ in range(3)]
    assert taken == [[0, 2, 3, 4], [1], [5, 6]]


def test_what_is_left_of_a_job_stands_at_the_end() -> None:
    line = WaitingLine(10, 4)
    ranking, other, partly = Job(ask(*range(10, 20), kind="rank"), SECONDS), Job(ask(20, seed=1), SECONDS), None
    assert line.add(ranking)
    assert line.add(other)
    assert [(piece.job, piece.indices) for piece in line.take()] == [(ranking, range(4))]
    assert line.pictures == 7
    assert [(piece.job, piece.indices) for piece in line.take()] == [(other, range(1))]
    partly = Job(ask(30, 31, 32), SECONDS)
    assert line.add(partly)
    assert [piece.indices for piece in line.take()] == [range(4, 8)]
    assert [(piece.job, piece.indices) for piece in line.take()] == [(partly, range(3)), (ranking, range(8, 9))]
    assert [piece.indices for piece in line.take()] == [range(9, 10)]
    assert len(line) == 0


def test_what_waited_too_long_is_not_begun() -> None:
    with open_held(limits=RequestLimits(answer_seconds=0.05)) as (engine, scorer):
        with scorer.held(engine, ask(*range(10, 18), kind="rank", seed=9)) as begun:
            late = engine.submit(ask(20))
            time.sleep(0.1)
        for future in (begun, late):  # of what had begun, the rest is given up
            with pytest.raises(RefusedError, match="longer than it may"):
                future.result(SECONDS)
        assert scorer.originals == 1


def test_who_is_refused_is_told_to_wait_as_long_as_others_will_take() -> None:
    meter = WorkMeter()
    assert meter.retry_after(100, 2) == 1
    meter.note_turn(2.0, 4)
    assert meter.retry_after(100, 2) == pytest.approx(25)
    assert meter.retry_after(1, 2) == 1
    assert meter.retry_after(100_000, 2) == 60
    meter.note_turn(4.0, 4)
    assert meter.retry_after(100, 2) == pytest.approx(27.5)
