"""JSON that every reader takes: no NaN, no infinity, no -0, no NumPy, no half of a character."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from editjudge.utils.text import replace_surrogates


def to_json(value: Any) -> str:
    """One line of ASCII JSON; a number that is not finite becomes null, a lone surrogate a replacement character."""
    return json.dumps(_to_builtin(value), allow_nan=False)


def drop_zero_signs(value: Any) -> Any:
    """The value with 0 for -0, which is the same number and looks like another; within lists and tuples, too."""
    if isinstance(value, list | tuple):
        return type(value)(map(drop_zero_signs, value))
    return value + 0.0 if isinstance(value, float) else value


def _to_builtin(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, dict):
        return {replace_surrogates(str(key)): _to_builtin(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_builtin(item) for item in value]
    return drop_zero_signs(value)
