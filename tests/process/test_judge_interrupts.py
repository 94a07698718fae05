"""Ctrl-C while a judge's server takes its time: the command ends at once, and says how to go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from editjudge.datasets.demo import load_demo
from support.batch_runs import write_edits
from support.judge_server import JudgeServer, Reply, answer_well, serve_judge

if os.name != "posix":
    pytest.skip("signals are sent otherwise there", allow_module_level=True)

PROGRAM = (
    "import sys\nfrom editjudge.cli.main import run\nif __name__ == '__main__':\n    sys.exit(run(sys.argv[1:]))\n"
)
SLOW, LATE = 60.0, 30.0
"""Seconds until the server answers, and until the command has to have ended at the latest."""


def interrupt(server: JudgeServer, arguments: list[str], folder: Path, questions: int) -> tuple[int, str, float]:
    """Exit status, stderr, and the seconds that a command took to end once it was interrupted."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "OPENAI_BASE_URL": server.url, "EDITJUDGE_HOME": str(folder / "home")}
    command = [sys.executable, str(program), *arguments]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        give_up = time.monotonic() + 60
        while len(server.requests) < questions and time.monotonic() < give_up:
            time.sleep(0.05)
        assert len(server.requests) >= questions
        start = time.monotonic()
        running.send_signal(signal.SIGINT)
        try:
            _, said = running.communicate(timeout=LATE)
        finally:
            running.kill()
    return running.returncode, said.decode(), time.monotonic() - start


def test_a_reward_that_is_waited_for(tmp_path: Path) -> None:
    edit = load_demo()[0]
    pictures = [str(edit.original), str(edit.candidates[0].file)]
    arguments = ["reward", *pictures, edit.instruction, "--judge", "openai", "--model", "m"]
    with serve_judge(lambda request, number: Reply(body=answer_well(request, number).body, wait=SLOW)) as server:
        status, said, seconds = interrupt(server, arguments, tmp_path, 3)
    assert (status, said) == (130, "")
    assert seconds < LATE


def test_a_data_set_that_is_judged(tmp_path: Path) -> None:
    data = write_edits(tmp_path / "edits.csv", 24)
    arguments = ["score-dataset", str(data), "-o", str(tmp_path / "scores.csv"), "--workers", "1"]
    arguments += ["--metrics", "vlm:three_sides@openai:m"]

    def answer(request: object, number: int) -> Reply:
        return Reply(body=answer_well(request, number).body, wait=0.0 if number < 12 else SLOW)

    with serve_judge(answer) as server:
        status, said, seconds = interrupt(server, arguments, tmp_path, 14)
        assert status == 130
        assert seconds < LATE
        assert "Traceback" not in said
        assert "unexpected" not in said
