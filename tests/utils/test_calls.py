"""What waits for calls, and what calls wait for."""

from __future__ import annotations

import threading
from contextlib import suppress

from editjudge.utils.calls import Calls


def test_calls_of_a_thread_nest_while_another_holds_the_calls() -> None:
    """A call that has begun goes on to its end: else both would wait for ever."""
    calls, began, held, steps = Calls(), threading.Event(), threading.Event(), []

    def work() -> None:
        with calls.count():
            began.set()
            assert held.wait(10)
            with calls.count():
                steps.append("nested")
        with calls.count():
            steps.append("new")

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(10)
    calls.hold(0.05)  # returns though the call is under way
    held.set()
    calls.wait(10)
    thread.join(0.2)
    assert steps == ["nested"]
    with calls.count():  # the holder's own
        calls.release()
    thread.join(10)
    assert steps == ["nested", "new"]


def test_two_that_hold_the_calls_do_not_wait_for_each_other() -> None:
    """Two threads that fork within a call each, as the file object does that a picture is read from."""
    calls, both = Calls(), threading.Barrier(2)

    def fork_within_a_call() -> None:
        with calls.count():
            both.wait(10)
            calls.hold()
            calls.release()

    threads = [threading.Thread(target=fork_within_a_call, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_call_that_fails_is_over() -> None:
    calls = Calls()

    def fail() -> None:
        with suppress(ValueError), calls.count():
            raise ValueError

    failing = threading.Thread(target=fail)
    failing.start()
    failing.join(10)
    waiting = threading.Thread(target=calls.wait, daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()


def test_work_that_is_handed_on_is_waited_for_and_begins_though_the_calls_are_held() -> None:
    calls, held, steps = Calls(), threading.Event(), []
    began = threading.Event()

    def work() -> None:
        with calls.count():
            began.set()
            assert held.wait(10)
            end = calls.add_errand()
        steps.append("handed on")
        ended.wait(10)
        end()

    ended = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(10)
    calls.hold(0.05)
    held.set()
    calls.wait(0.2)
    assert steps == ["handed on"]
    assert calls._others()
    ended.set()
    calls.wait(10)
    assert not calls._others()
    calls.release()
    thread.join(10)
