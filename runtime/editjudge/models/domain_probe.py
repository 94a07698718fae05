"""What a bundle was made for: whether a picture is of that kind, and whether the words are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.bundle import Bundle
from editjudge.errors import BundleError
from editjudge.models.model_set import ModelSet
from editjudge.types import ALL, EditIntent

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Probe:
    """A linear probe on the CLIP feature of a whole picture. weight: float32[D]."""

    weight: NDArray[np.float32]
    bias: float
    threshold: float

    def accepts(self, feature: NDArray[np.float32]) -> bool:
        """Whether a picture, by its feature float32[D], not normalised, is like those the bundle was made for."""
        logit = float(self.weight @ feature) / max(float(np.linalg.norm(feature)), 1e-12) + self.bias
        return logit >= self.threshold


@dataclass(frozen=True)
class Domain:
    """What a bundle says of itself. probe, vocabulary: None where it does not say."""

    probe: Probe | None
    vocabulary: frozenset[str] | None

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError for a malformed file."""
        return cls(_load_probe(models.bundle), models.bundle.vocabulary())

    def doubts(self, intent: EditIntent, feature: NDArray[np.float32] | None) -> tuple[str, ...]:
        """The flags that the original, by the feature of the whole picture, and the words of the intent deserve.

        An edit of something the bundle has no word for is outside its domain whatever the picture looks like.
        """
        strange = self.probe is not None and feature is not None and not self.probe.accepts(feature)
        unknown = self.has_unknown_words(intent)
        return ("out_of_domain",) * (strange or unknown) + ("unknown_words",) * unknown

    def has_unknown_words(self, intent: EditIntent) -> bool:
        """Whether a phrase of the intent has a word outside the vocabulary."""
        phrases = [phrase for phrase in (intent.source, intent.target, intent.anchor) if phrase and phrase != ALL]
        words = {word for phrase in phrases for word in _WORD.findall(phrase.lower())}
        return self.vocabulary is not None and not words <= self.vocabulary


def _load_probe(bundle: Bundle) -> Probe | None:
    if not bundle.has("domain"):
        return None
    path, threshold = bundle.file("domain"), bundle.settings("domain").threshold
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Probe(np.asarray(arrays["weight"], np.float32), float(arrays["bias"]), threshold)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path} is not a domain probe ({error}); fetch or build the bundle again") from error
