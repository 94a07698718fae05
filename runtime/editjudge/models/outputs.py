"""What a graph gives, taken only as what its role has: a graph may be anybody's, and says of itself what it likes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import BundleError


def take(
    outputs: Mapping[str, NDArray[Any]], name: str, *shape: int | None, finite: bool = True
) -> NDArray[np.float32]:
    """An output of a graph by its name: float32 of a shape, in which None is any length.

    Args:
        finite: Whether it must have no value that is infinite or none at all.

    Raises BundleError where the graph does not give that.
    """
    values = outputs.get(name)
    if values is None or values.dtype.kind != "f" or not _fits(values.shape, shape):
        found = "nothing" if values is None else f"{values.dtype} of {_describe(values.shape)}"
        raise BundleError(f"a model gives {found} as {name} instead of {_describe(shape)}; build the bundle again")
    if finite and not np.isfinite(values).all():
        raise BundleError(f"a model gives {name} with values that are no numbers; build the bundle again")
    return values


class VectorSpace:
    """Sees to it that what a model gives of pictures and of texts lies in one space. May be shared by threads.

    Args:
        owner: Whose vectors they are, as messages say it.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._length = 0  # of a vector, once one was seen

    def check(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vectors float32[N, D]. Raises BundleError where D is not that of those that were seen before."""
        self._length = self._length or vectors.shape[1]
        if vectors.shape[1] != self._length:
            raise BundleError(
                f"one of {self._owner} models gives vectors of {self._length} numbers and the other of "
                f"{vectors.shape[1]}; build the bundle again"
            )
        return vectors


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(n in {None, length} for length, n in zip(shape, wanted, strict=True))


def _describe(shape: tuple[int | None, ...]) -> str:
    return " x ".join("n" if length is None else str(length) for length in shape) or "a single number"
