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


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(n in {None, length} for length, n in zip(shape, wanted, strict=True))


def _describe(shape: tuple[int | None, ...]) -> str:
    return " x ".join("n" if length is None else str(length) for length in shape) or "a single number"
