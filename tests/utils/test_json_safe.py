"""Values as JSON."""

from __future__ import annotations

import json

import numpy as np

from editjudge.utils.json_safe import to_json


def test_json_holds_no_nan() -> None:
    value = {"a": [float("nan"), np.float32(0.5), (float("inf"), np.int64(3))], "b": None}
    assert json.loads(to_json(value)) == {"a": [None, 0.5, [None, 3]], "b": None}
