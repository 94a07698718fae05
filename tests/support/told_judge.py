"""A judge behind an endpoint on this machine that scores an edit as its instruction says, and pictures for it."""

from __future__ import annotations

import json
import re

import numpy as np
from PIL import Image

from support.judge_server import Reply, Request, complete, fill_schema, refuse


def judge_as_told(request: Request, number: int) -> Reply:
    """4 of 5, or what "score 3" asks for; a refusal of "refuse", and prose for "chat"; "broken" is the server's."""
    said = json.dumps(request["messages"])
    if "broken" in said:
        return refuse(400, "this server is broken")
    if "refuse" in said:
        return Reply(body=complete(None, refusal="I will not judge this"))
    if "chat" in said:
        return Reply(body=complete("I would say that it is quite good, 3 of 5."))
    answer = fill_schema(request)
    if told := re.search(r"score (\d)", said):
        answer["score"] = int(told[1])
    return Reply(body=complete(json.dumps(answer)))


def draw(shade: int) -> np.ndarray:
    """uint8[24, 32, 3] with a gradient, so that no two shades are alike."""
    ramp = np.arange(24 * 32 * 3, dtype=np.int64).reshape(24, 32, 3) // 40
    return (ramp + shade).astype(np.uint8)


def draw_pillow(shade: int) -> Image.Image:
    return Image.fromarray(draw(shade))
