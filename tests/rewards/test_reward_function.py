"""A function of pictures, prompts and metadata, as trainers of the DDPO family call it."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.errors import EditJudgeWarning, ImageError, InputError
from editjudge.rewards import Reward
from editjudge.rewards.reward_function import make_reward_function, split_pictures
from support.judge_server import JudgeServer
from support.told_judge import draw, draw_pillow


def test_it_gives_numbers_and_rows(server: JudgeServer) -> None:
    with Reward("openai", model="eyes", base_url=server.url) as reward:
        judge = make_reward_function(reward, side="following", original="before")
        images = np.stack([draw(2), draw(3), draw(4)])
        metadata = [{"before": draw_pillow(1)}, {"before": draw_pillow(1)}, {"before": "missing.png"}]
        with pytest.warns(EditJudgeWarning, match="1 of 3 edits have no reward"):
            rewards, told = judge(images, ["score 1", "score 3", "score 3"], metadata)
        assert rewards == pytest.approx([0.2, 0.6, 0.6])  # the last one: the mean of its prompt
        assert "missing.png" in told["rows"][2]["error"]
        with pytest.raises(InputError, match="the metadata of a prompt has no 'before'"):
            judge(images[:1], ["score 1"], [{}])
        with pytest.raises(InputError, match="there is no side"):
            make_reward_function(reward, side="all")


def test_pictures_of_every_shape_that_trainers_have() -> None:
    bytes_ = np.stack([draw(1), draw(2)])
    floats = bytes_.astype(np.float32) / 255
    for images in (bytes_, floats, floats.transpose(0, 3, 1, 2), [draw(1), draw(2)], (draw_pillow(1), draw_pillow(2))):
        np.testing.assert_array_equal(np.stack([np.asarray(one) for one in split_pictures(images)]), bytes_)
    with pytest.raises(ImageError, match="from 0 to 1"):
        split_pictures(floats * 255)
