"""The reward model of Flow-Factory, on a stand-in for its base class; the real one: benchmarks.rewards.trainers."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from editjudge.errors import DeviceError, EditJudgeWarning, InputError
from editjudge.rewards import flow_factory
from support.judge_server import JudgeServer
from support.told_judge import draw_pillow


class GroupwiseRewardModel:
    """As theirs: what is handed to the constructor, and what the trainer reads of the class."""

    required_fields: tuple[str, ...] = ("image", "prompt")
    use_tensor_inputs = False

    def __init__(self, config: Any, accelerator: Any) -> None:
        self.config, self.accelerator = config, accelerator


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    theirs = ModuleType("flow_factory.rewards")
    theirs.GroupwiseRewardModel, theirs.RewardModelOutput = GroupwiseRewardModel, SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "flow_factory", ModuleType("flow_factory"))
    monkeypatch.setitem(sys.modules, "flow_factory.rewards", theirs)
    yield flow_factory.GroupwiseEditReward
    flow_factory.__dict__.pop(flow_factory.NAME, None)


def open_model(made: type, server: JudgeServer, **options: Any) -> Any:
    extra = {"judge": "openai", "model": "eyes", "base_url": server.url, **options}
    return made(config=SimpleNamespace(extra_kwargs=extra), accelerator=None)


def test_a_group_gets_rewards_from_0_to_1(made: type, server: JudgeServer) -> None:
    model = open_model(made, server, side="following")
    assert isinstance(model, GroupwiseRewardModel)
    assert set(model.required_fields) == {"prompt", "image", "condition_images"}
    # The trainer hands in what the signature names, and everything it has where that takes any name.
    assert list(inspect.signature(model.__call__).parameters) == ["prompt", "image", "condition_images"]
    originals = [[draw_pillow(1), draw_pillow(7)] for _ in range(3)]
    output = model(["score 2"] * 3, image=[draw_pillow(shade) for shade in (2, 3, 4)], condition_images=originals)
    assert output.rewards == pytest.approx([0.4] * 3)
    assert [row["following"]["score"] for row in output.extra_info["rows"]] == [2, 2, 2]
    overall = open_model(made, server)(["score 2"], image=[draw_pillow(2)], condition_images=[[draw_pillow(1)]])
    assert overall.rewards == pytest.approx([8**0.5 / 5])


def test_an_edit_without_a_reward_gets_the_mean_of_its_group(made: type, server: JudgeServer) -> None:
    model = open_model(made, server, side="following")
    edited = [draw_pillow(2), None, draw_pillow(3)]
    with pytest.warns(EditJudgeWarning, match="1 of 3 edits have no reward .* count as the mean of their prompt"):
        output = model(["score 3"] * 3, image=edited, condition_images=[[draw_pillow(1)]] * 3)
    assert output.rewards == pytest.approx([0.6] * 3)
    assert output.extra_info["rows"][1]["overall"] is None
    with pytest.warns(EditJudgeWarning, match="2 of 2 edits"):
        output = model(["score 5"] * 2, image=[draw_pillow(2)] * 2, condition_images=[[], []])
    assert output.rewards == pytest.approx([0.6] * 2)  # what was measured before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sides": "following"}, "there is no option 'sides' of this reward; choose among .*scoring_device, .*side"),
        ({"side": "beauty"}, "there is no side 'beauty' of a reward; choose overall, following, preserving, quality"),
        ({"judge": "gpt"}, "there is no judge 'gpt'"),
    ],
)
def test_options_that_are_none(made: type, server: JudgeServer, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        open_model(made, server, **options)


def test_samples_that_are_no_edits(made: type, server: JudgeServer) -> None:
    model = open_model(made, server)
    with pytest.raises(InputError, match="the samples have no condition images, which are the originals"):
        model(["score 3"], image=[draw_pillow(1)])
    with pytest.raises(InputError, match="the samples have no edited pictures"):
        model(["score 3"], condition_images=[[draw_pillow(1)]])


def test_without_flow_factory_it_says_so() -> None:
    with pytest.raises(DeviceError, match=r"Flow-Factory cannot be imported: .*; install it to train with it"):
        flow_factory.GroupwiseEditReward  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        flow_factory.Nothing  # noqa: B018
