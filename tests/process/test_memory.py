"""Little memory, by limits that come and go: a sentence that says so, never another, and the right score afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from editjudge.datasets.demo import load_demo
from support.fresh_process import run_python

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process as Linux does")

WORK = """
    import json, resource, sys

    import editjudge

    instruction, original, files, start, rooms = json.loads(sys.argv[1])

    def used():
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmSize"))

    def limit(size):
        resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))

    def work():
        from editjudge import Scorer

        scorer = Scorer.load("studio", "cpu", 2, keep_answers=False)
        score = scorer.score(original, files[0], instruction)
        ranked = scorer.prepare(original, instruction).rank(files)
        return [score.bpm, score.headline, *(candidate.score.bpm for candidate in ranked)]

    if start == "loaded":
        from editjudge import Scorer

    told = []
    for room in rooms:
        limit(used() + (room << 20))
        try:
            told.append(work())
        except editjudge.OutOfMemoryError as error:
            told.append(str(error))
        limit(resource.RLIM_INFINITY)
    print(json.dumps([told, work()]))
"""


Outcome = tuple[list[object], list[object]]
"""What was told or given under each limit, and what the work gave without one."""


def limited(start: str, *rooms: int) -> Outcome:
    """Work in a process whose limits are so many MiB over what it uses, set one after the other."""
    demo = load_demo()[0]
    files = [str(candidate.file) for candidate in demo.candidates]
    done = run_python(WORK, json.dumps([demo.instruction, str(demo.original), files, start, rooms]), seconds=240)
    assert (done.returncode, done.stderr) == (0, "")
    told, result = json.loads(done.stdout)
    return told, result


@pytest.fixture(scope="module")
def right() -> list[object]:
    """What the work gives where there is memory."""
    told, result = limited("loaded")
    assert told == []
    assert all(isinstance(number, float) for number in (result[0], *result[2:]))
    return result


def sentences(outcome: Outcome, right: list[object]) -> Iterator[str]:
    """What was told under limits; all else is the right result."""
    told, result = outcome
    assert result == right
    for one in told:
        if isinstance(one, str):
            assert one.startswith("there is not enough memory")
            yield one
        else:
            assert one == right


def test_limits_that_come_and_go(right: list[object]) -> None:
    """From next to nothing to all that is needed, in one process, which goes on from what each attempt has left."""
    outcome = limited("loaded", 0, 40, 100, 130, 180, 240, 400, 700, 2000)
    assert outcome[0][-1] == right
    assert len(set(sentences(outcome, right))) >= 4  # it was met at as many places


@pytest.mark.parametrize("room", [60, 330, 560])
def test_before_the_libraries_are_loaded(right: list[object], room: int) -> None:
    """NumPy ended the process, and OpenCV crashed."""
    assert len(list(sentences(limited("nothing", room), right))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("start", ["nothing", "loaded"])
def test_limits_in_small_steps(right: list[object], start: str) -> None:
    for room in range(0, 1200, 12):
        list(sentences(limited(start, room), right))


@pytest.mark.parametrize(("kilobytes", "words"), [(300_000, "NumPy and OpenCV"), (640_000, "models|open|load")])
def test_the_command_line(kilobytes: int, words: str) -> None:
    program = f"""
        import resource, sys
        resource.setrlimit(resource.RLIMIT_AS, ({kilobytes} << 10,) * 2)
        from editjudge.cli.entry import main
        sys.argv = ["editjudge", "score", *sys.argv[1:]]
        main()
    """
    demo = load_demo()[0]
    done = run_python(program, demo.original, demo.candidates[0].file, demo.instruction)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("editjudge: there is not enough memory")
    assert len(done.stderr.splitlines()) == 1
    assert any(word in done.stderr for word in words.split("|"))
