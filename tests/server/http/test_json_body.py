"""Objects with very many keys: what they cost grows with their number, and not with its square."""

from __future__ import annotations

import pytest

from editjudge.errors import InputError
from editjudge.server.http.bodies.json_body import _collect


class CountedKey(str):
    """A key that counts how often keys are compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CountedKey.compared += 1
        return str.__eq__(self, other)


def test_a_key_that_is_there_twice_is_found_at_once() -> None:
    names = [f"k{number}" for number in range(2000)]
    pairs = [(CountedKey(name), 1) for name in [*names, "k1999"]]
    CountedKey.compared = 0
    with pytest.raises(InputError, match="'k1999' more than once"):
        _collect(pairs)
    assert CountedKey.compared < 2 * len(pairs)
