"""`editjudge reward`: three lines, or one JSON object; and one clear answer to options that do not go together."""

from __future__ import annotations

import json
import re

import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import load_demo
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]
CAR = next(one for one in load_demo() if one.id == "color")


def command(label: str, *options: str) -> list[str]:
    (edited,) = (one.file for one in CAR.candidates if one.label == label)
    return ["reward", str(CAR.original), str(edited), CAR.instruction, "--device", "cpu", *options]


def test_one_object_and_nothing_else(capfd: Capture) -> None:
    assert run(command("well done", "--json")) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert printed.count("\n") == 1
    content = json.loads(printed)
    assert list(content) == ["following", "preserving", "quality", "judge"]
    for side in ("following", "preserving", "quality"):
        assert list(content[side]) == ["score", "pass", "feedback"]
        assert 0 <= content[side]["score"] <= 5
    assert content["following"]["pass"] is content["preserving"]["pass"] is True
    assert content["judge"] == {"name": "local", "model": "studio", "prompts": None, "seed": None}


def test_a_line_a_side(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # or a long line is broken
    assert run(command("wrong object or colour")) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "Make the car blue."
    assert re.fullmatch(r"following  0\.0 \S{10} fail The car did not turn blue\.", lines[1])
    assert re.fullmatch(r"preserving \d\.\d \S{10} fail Not asked for: .+\.", lines[2])
    assert re.match(r"quality    \d\.\d \S{10} (pass|fail) \S", lines[3])
    assert lines[4:] == ["reward     0.0", "judged by local (studio)"]


def test_what_cannot_be_told_has_no_number(capfd: Capture) -> None:
    assert run([*command("well done")[:3], "Make the hippogriff blue.", "--device", "cpu", "--json"]) == 0
    content = json.loads(capfd.readouterr().out)
    assert content["following"]["score"] is content["following"]["pass"] is None
    assert content["following"]["feedback"].startswith("Not judged: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--judge", "human"], "there is no judge 'human'; choose local, llama, openai"),
        (["--model", "gemma.gguf"], "--model means nothing to the judge local"),
        (["--passes", "3"], "--passes means nothing to the judge local"),
        (["--judge", "openai"], "no model is named for openai to judge by; give one with --model"),
        (
            ["--judge", "llama", "--model", "a.gguf", "--base-url", "x", "--device", "auto"],
            "--base-url means nothing to the judge llama",
        ),
        (
            ["--judge", "openai", "--model", "a", "--mmproj", "b", "--device", "auto"],
            "--mmproj means nothing to the judge openai",
        ),
        (["--judge", "openai", "--model", "a"], "--device means nothing to the judge openai"),
        (["--passes", "0"], "--passes"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], words: str, capfd: Capture) -> None:
    assert_fails(capfd, command("well done", *options), 2, words)
