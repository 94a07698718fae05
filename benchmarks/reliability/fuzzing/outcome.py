"""What comes of the bytes of a fuzzer: a call is made, and what is wrong with its outcome is said."""

from __future__ import annotations

import io
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from benchmarks.reliability.fuzzing.command_lines import draw_arguments
from benchmarks.reliability.fuzzing.damaged_files import draw_cache, draw_manifest, draw_picture, draw_table
from benchmarks.reliability.fuzzing.draw import Draw
from benchmarks.reliability.fuzzing.python_calls import Call, draw_call, list_calls
from benchmarks.reliability.fuzzing.world import World
from editjudge import EditJudgeError
from editjudge.cli.main import run

AREAS = ("command line", "Python", "picture", "manifest", "table", "cache")
LONGEST = 1200
"""Characters of a sentence."""


@dataclass(frozen=True)
class CallOutcome:
    """A call, and what is wrong with it; None: nothing. status: what a command returned, or the error's class."""

    area: str
    call: str
    status: str
    fault: str | None = None


class Caller:
    """Makes calls in a world of files. watch: told of each call before it is made, which may not come back."""

    def __init__(self, world: World, watch: Callable[[str], None] = lambda _: None) -> None:
        self._world = world
        self._watch = watch
        self._calls: dict[str, Call] = list_calls(world)

    def make(self, data: bytes) -> CallOutcome:
        """The outcome of the call that these bytes are for."""
        draw = Draw(data)
        area = draw.choose(AREAS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", ResourceWarning)
                if area == "command line":
                    return self._command(draw)
                return self._function(area, draw)
        finally:
            self._world.clean()

    def _command(self, draw: Draw) -> CallOutcome:
        arguments = draw_arguments(draw)
        said = str([argument[:100] for argument in arguments])
        self._watch(said)
        printed, errors = io.StringIO(), io.StringIO()
        try:
            with redirect_stdout(printed), redirect_stderr(errors):
                status = run(arguments)
        except BaseException:
            return CallOutcome("command line", said, "raised", traceback.format_exc())
        if status == 3 and "doctor" in arguments and printed.getvalue():
            status = 0  # it has told the problem among its findings
        fault = _judge_command(status, errors.getvalue(), "--debug" in arguments)
        return CallOutcome("command line", said, str(status), fault)

    def _function(self, area: str, draw: Draw) -> CallOutcome:
        drawers: dict[str, Callable[[], tuple[str, Callable[[], Any]]]] = {
            "Python": lambda: draw_call(draw, self._calls),
            "picture": lambda: draw_picture(draw, self._world),
            "manifest": lambda: draw_manifest(draw, self._world),
            "table": lambda: draw_table(draw, self._world),
            "cache": lambda: draw_cache(draw, self._world),
        }
        said = "a call that could not be drawn"
        try:
            said, call = drawers[area]()
            self._watch(said)
            call()
        except EditJudgeError as error:
            return CallOutcome(area, said, type(error).__name__, _judge_sentence(str(error)))
        except BaseException:
            return CallOutcome(area, said, "raised", traceback.format_exc())
        return CallOutcome(area, said, "works")


def _judge_command(status: int, error: str, debug: bool) -> str | None:
    if status not in {0, 2, 3}:
        return f"exit status {status}: {error[-3000:]}"
    if "this is a bug" in error or ("Traceback" in error and not debug):
        return error[-3000:]
    last = error.splitlines()[-1] if error else ""
    if status and (not last.startswith("editjudge: ") or (error.count("\n") != 1 and not debug)):
        return f"exit status {status} without one sentence: {error[-3000:]!r}"
    return None


def _judge_sentence(message: str) -> str | None:
    if not message.strip() or len(message) > LONGEST:
        return f"no sentence of {LONGEST} characters at most: {message[:3000]!r}"
    return None
