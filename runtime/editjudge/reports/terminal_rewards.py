"""A reward in a terminal: a line a side, with its points as a bar, whether they are enough, and what is wrong."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from editjudge.metrics.rewards.reward_score import (
    HIGHEST,
    NOTHING_WRONG,
    REWARD_SIDES,
    RewardScore,
    RewardSide,
    SideScore,
)
from editjudge.reports.terminal import draw_bar
from editjudge.utils.text import printable

BAR = 10
"""Characters of a bar: half a point each."""
MARKS = {True: ("pass", "green"), False: ("fail", "red"), None: ("", "dim")}
"""Whether the points are enough; None: that is not known."""
STYLES: dict[RewardSide, str] = {"following": "magenta", "preserving": "cyan", "quality": "yellow"}


def render_reward(console: Console, instruction: str, reward: RewardScore) -> RenderableType:
    """The instruction, the three sides and the reward as a whole.

    Args:
        console: Where it will be shown.
        instruction: What was asked for.
        reward: What was said of the edit.
    """
    judge = reward.judge
    by = f"judged by {judge.name} ({printable(judge.model)})"
    prompts = "" if judge.prompts is None else f", prompts {printable(judge.prompts)}"
    return Group(
        Text(printable(instruction), style="bold"),
        *(_line(console, side, getattr(reward, side)) for side in REWARD_SIDES),
        Text.assemble(("reward     ", "bold"), _points(reward.overall)),
        Text(f"{by}{prompts}", style="dim"),
    )


def _line(console: Console, name: RewardSide, side: SideScore) -> Text:
    mark, colour = MARKS[side.passed]
    bar = "" if side.score is None else draw_bar(console, side.score / HIGHEST, BAR)
    return Text.assemble(
        f"{name:<11}", (_points(side.score), "bold"), (f" {bar:<{BAR}}", STYLES[name]), (f" {mark:<4} ", colour),
        "nothing wrong" if side.feedback == NOTHING_WRONG else printable(side.feedback),
    )  # fmt: skip


def _points(score: float | None) -> str:
    """In three characters."""
    return "n/a" if score is None else f"{score:.1f}"
