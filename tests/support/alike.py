"""Answers that say the same, whichever way they came."""

from __future__ import annotations

from typing import Any

import pytest


def assert_alike(given: Any, expected: Any, place: str = "") -> None:
    """The same keys and values. Times differ; numbers may in what the models round; and a service that was asked for
    more before has opened more models.
    """
    match expected:
        case dict():
            assert list(given) == list(expected), place
            for name, one in expected.items():
                if name == "models":
                    assert one.items() <= given[name].items(), place
                elif name != "timings_ms":
                    assert_alike(given[name], one, f"{place}/{name}")
        case list():
            assert len(given) == len(expected), place
            for index, (one, other) in enumerate(zip(given, expected, strict=True)):
                assert_alike(one, other, f"{place}/{index}")
        case float():
            assert given == pytest.approx(expected, rel=1e-3, abs=1e-3), place
        case _:
            assert given == expected, place
