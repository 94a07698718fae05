"""How likely a difference was asked for: a network of two layers, small enough for NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.contents.arrays import read_arrays
from editjudge.errors import BundleError
from editjudge.models.model_set import ModelSet
from editjudge.types import Floats


@dataclass(frozen=True)
class CoherenceNet:
    """The mean of several networks beside each other.

    Attributes:
        hidden: float32[F, H], and its bias [H].
        output: float32[H], and its bias [1].
    """

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError for a malformed file."""
        path = models.bundle.file("coherence")
        try:
            return cls.from_arrays(read_arrays(path))
        except (OSError, ValueError, KeyError) as error:
            raise BundleError(
                f"{path} is no network of coherence ({error}); fetch or build the bundle again"
            ) from error

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """Raises KeyError where an array is missing, and ValueError."""
        net = cls(**{field.name: np.asarray(arrays[field.name], np.float32) for field in fields(cls)})
        width = net.hidden.shape[-1] if net.hidden.ndim == 2 else 0
        if not width or (net.hidden_bias.shape, net.output.shape, net.output_bias.shape) != ((width,), (width,), (1,)):
            raise ValueError("its arrays do not fit each other")
        return net

    def rate(self, features: Floats) -> float:
        """0 to 1, of features float32[F].

        Raises BundleError where these are not as many as it is for, and where it gives no number.
        """
        if len(features) != len(self.hidden):
            raise BundleError(
                f"the network of coherence is for {len(self.hidden)} numbers, and there are {len(features)}; "
                "build the bundle again"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            logit = np.maximum(features @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias[0]
        if np.isnan(logit):
            raise BundleError("the network of coherence gives no number; build the bundle again")
        return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))
