"""Whose code raised an error: what a library raises is told in our words, what an app raises amid it is the app's."""

from __future__ import annotations


def came_from(error: BaseException, *packages: str) -> bool:
    """Whether the code that raised an error is that of one of these packages, or of this one.

    A handler of signals, such as a limit of time that an app sets, runs in the middle of a library's call, and what it
    raises comes out of that call. Compiled code has no frame of its own: its errors are those of whoever called it.
    """
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] in {"editjudge", *packages}
