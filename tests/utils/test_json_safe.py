"""Values as JSON."""

from __future__ import annotations

import json

import numpy as np

from editjudge.utils.json_safe import drop_zero_signs, to_json


def test_json_holds_no_nan() -> None:
    value = {"a": [float("nan"), np.float32(0.5), (float("inf"), np.int64(3))], "b": None}
    assert json.loads(to_json(value)) == {"a": [None, 0.5, [None, 3]], "b": None}


def test_a_zero_has_no_sign() -> None:
    assert to_json({"a": -0.0, "b": [np.float32(-0.0), (-0.0, -0.5)]}) == '{"a": 0.0, "b": [0.0, [0.0, -0.5]]}'
    assert str(drop_zero_signs((-0.0, [-0.0, -1.5, 3]))) == "(0.0, [0.0, -1.5, 3])"
