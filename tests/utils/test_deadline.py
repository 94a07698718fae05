"""Deadlines: what stops in time, what is waited for no longer, and what is kept aside."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from contextvars import copy_context

import numpy as np
import pytest

from editjudge.errors import InputError
from editjudge.utils.calls import PROCESS
from editjudge.utils.deadlines.budget import FIRST, MOST, REMEMBERED, Budget, Reserve, check_budget
from editjudge.utils.deadlines.deadline import (
    Deadline,
    OutOfTimeError,
    Pace,
    check_time,
    current_deadline,
    hold_in_time,
    stop_in_time,
    wait_in_time,
)
from editjudge.utils.own_thread import LoadedOnce, OwnThread

LONG = 1000.0
PATIENCE = 30.0


def test_without_a_deadline_nothing_is_stopped() -> None:
    assert current_deadline() is None
    check_time(LONG)
    with stop_in_time(lambda: pytest.fail("stopped")):
        pass
    Pace().begin()


def test_what_runs_is_stopped_from_another_thread() -> None:
    stopped = threading.Event()

    def run() -> None:
        with stop_in_time(stopped.set):
            assert stopped.wait(PATIENCE)
            raise RuntimeError("as a library does that was stopped")

    with Deadline(0.05).in_force(), pytest.raises(OutOfTimeError) as caught:
        run()
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_what_fails_before_the_time_is_up_keeps_its_error() -> None:
    with Deadline(LONG).in_force(), pytest.raises(RuntimeError, match="its own"), stop_in_time(list):
        raise RuntimeError("its own")


def test_nothing_begins_that_would_not_be_stopped_any_more() -> None:
    deadline = Deadline(LONG)
    deadline._stop()  # as its timer does, a moment before work looks at the clock
    with deadline.in_force(), pytest.raises(OutOfTimeError), stop_in_time(lambda: pytest.fail("too late")):
        pytest.fail("begun")


def test_what_nobody_waits_for_is_stopped_too() -> None:
    """The block is left before time is up, as one is whose work fails, and the work of another thread goes on."""
    thread, begun, stopped = OwnThread("test"), threading.Event(), threading.Event()

    def work() -> None:
        with stop_in_time(stopped.set):
            begun.set()
            assert stopped.wait(PATIENCE)

    deadline = Deadline(0.3)
    with deadline.in_force():
        running = thread._submit(copy_context(), work)
        assert begun.wait(PATIENCE)
    assert stopped.wait(PATIENCE)
    running.result(PATIENCE)
    assert deadline._timer is None
    thread.close()


def test_nothing_begins_once_time_is_up() -> None:
    with Deadline(0.0).in_force():
        with pytest.raises(OutOfTimeError), stop_in_time(list):
            pytest.fail("begun")
        with pytest.raises(OutOfTimeError):
            OwnThread("test").run(pytest.fail, "begun")
    check_time()  # the block is over


def test_the_inner_deadline_holds_and_then_the_outer_one() -> None:
    outer = Deadline(LONG)
    with outer.in_force():
        with Deadline(0.0).in_force(), pytest.raises(OutOfTimeError):
            check_time()
        assert current_deadline() is outer
        check_time()
    assert current_deadline() is None


def test_a_step_is_not_begun_that_takes_longer_than_is_left() -> None:
    pace = Pace()
    with Deadline(LONG).in_force():
        pace.begin()
        time.sleep(0.05)
    with Deadline(0.04).in_force(), pytest.raises(OutOfTimeError):
        pace.begin()


def test_a_function_in_its_own_thread_has_the_deadline_of_its_caller() -> None:
    thread, deadline = OwnThread("test"), Deadline(LONG)
    with deadline.in_force():
        assert thread.run(current_deadline) is deadline
    assert thread.run(current_deadline) is None
    thread.close()


def test_what_is_not_waited_for_any_longer_goes_on_by_itself() -> None:
    thread, let_go, ended = OwnThread("test"), threading.Event(), threading.Event()

    def load() -> None:
        assert let_go.wait(PATIENCE)
        ended.set()

    with Deadline(0.05).in_force(), pytest.raises(OutOfTimeError):
        thread.run(load)
    assert not ended.is_set()
    forking = threading.Thread(target=PROCESS.wait)  # as a fork does
    forking.start()
    forking.join(0.1)
    assert forking.is_alive()
    let_go.set()
    assert ended.wait(PATIENCE)
    forking.join(PATIENCE)
    assert not forking.is_alive()
    thread.close()


def test_what_is_loaded_once_is_loaded_to_its_end_without_a_deadline() -> None:
    thread, let_go, deadlines = OwnThread("test"), threading.Event(), list[Deadline | None]()

    def load() -> None:
        assert let_go.wait(PATIENCE)
        deadlines.append(current_deadline())

    once = LoadedOnce(thread)
    for _ in range(2):
        with Deadline(0.0).in_force(), pytest.raises(OutOfTimeError):
            once.get(load)
    let_go.set()
    once.get(load)
    with Deadline(0.0).in_force():
        once.get(load)  # it is there
    assert deadlines == [None]
    thread.close()


def test_what_could_not_be_loaded_is_tried_anew() -> None:
    thread, steps = OwnThread("test"), ["fails", "works"]

    def load() -> None:
        if steps.pop(0) == "fails":
            raise RuntimeError("no room")

    once = LoadedOnce(thread)
    with pytest.raises(RuntimeError, match="no room"):
        once.get(load)
    once.get(load)
    once.get(load)
    assert steps == []
    thread.close()


def test_an_error_of_the_work_that_looks_like_a_time_out_is_its_own() -> None:
    work: Future[None] = Future()
    work.set_exception(TimeoutError("of a server"))
    with Deadline(LONG).in_force(), pytest.raises(TimeoutError, match="of a server"):
        wait_in_time(work)


def test_a_lock_that_another_thread_holds_is_waited_for_until_time_is_up() -> None:
    lock = threading.Lock()
    with lock, Deadline(0.02).in_force(), pytest.raises(OutOfTimeError), hold_in_time(lock):
        pytest.fail("held")
    with hold_in_time(lock):
        assert lock.locked()
    assert not lock.locked()


def test_as_much_is_kept_aside_as_was_needed_but_for_one_outlier() -> None:
    reserve = Reserve()
    assert reserve.seconds == FIRST
    for seconds in (0.2, 9.0, 0.1):
        reserve.note(seconds)
    assert reserve.seconds == 0.2
    for _ in range(REMEMBERED):
        reserve.note(0.05)
    assert reserve.seconds == 0.05


def test_a_budget_keeps_part_of_it_for_the_models() -> None:
    assert Budget(None, Reserve()).deadline is None
    reserve = Reserve()
    for _ in range(2):
        reserve.note(LONG)
    budget = Budget(2e6, reserve)
    assert budget.deadline is not None
    assert budget.deadline.left == pytest.approx((1 - MOST) * 2000, abs=100)
    assert not budget.is_over


@pytest.mark.parametrize("good", [0.5, 1, np.float32(20), np.int64(3), 86_400_000])
def test_budgets(good: float) -> None:
    assert check_budget(good) == good
    assert check_budget(None) is None


@pytest.mark.parametrize("bad", [0, -1, 0.0, float("nan"), float("inf"), "50", True, [50], 1e9, b"50"])
def test_what_is_no_budget(bad: object) -> None:
    with pytest.raises(InputError, match=r"budget_ms \(--budget-ms\) is .*; give milliseconds, a number over 0"):
        check_budget(bad)  # type: ignore[arg-type]
