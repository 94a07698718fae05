"""A reward in a terminal, whoever judged: numbers where there are some, and nothing that a terminal would obey."""

from __future__ import annotations

import io

from rich.console import Console

from editjudge.metrics.rewards.reward_score import NOTHING_WRONG, JudgeRecord, RewardScore, SideScore
from editjudge.reports.terminal_rewards import render_reward

HOSTILE = "Make it \x1b[31mred\x00 [bold]"


def shown(reward: RewardScore) -> list[str]:
    console = Console(width=100, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    console.print(render_reward(console, HOSTILE, reward))
    printed = console.file.getvalue()
    assert not {"\x1b", "\x00"} & set(printed)
    return [line.rstrip() for line in printed.splitlines()]


def test_numbers_bars_and_sentences() -> None:
    judge = JudgeRecord("openai", "some/model", "three_sides@1", 7)
    sides = SideScore(2.5, False, HOSTILE), SideScore(4.0, True, NOTHING_WRONG), SideScore(4.0, None, "Noise.")
    lines = shown(RewardScore(*sides, judge=judge))
    assert lines[1].startswith("following  2.5 █████░░░░░ fail Make it ")
    assert lines[2:] == [
        "preserving 4.0 ████████░░ pass nothing wrong",
        "quality    4.0 ████████░░      Noise.",
        "reward     3.2",  # the root of 2.5 times 4
        "judged by openai (some/model), prompts three_sides@1",
    ]


def test_what_was_not_measured_has_no_bar() -> None:
    unmeasured = SideScore(None, None, "Not judged: it is too dark.")
    lines = shown(RewardScore(unmeasured, unmeasured, unmeasured, JudgeRecord("local", "studio")))
    assert lines[1].split() == ["following", "n/a", *unmeasured.feedback.split()]
    assert lines[4] == "reward     n/a"
