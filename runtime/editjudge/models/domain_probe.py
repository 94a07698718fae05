"""What a bundle was made for: whether a picture is of that kind, and whether the words are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.contents.arrays import read_arrays
from editjudge.errors import BundleError
from editjudge.models.model_set import ModelSet
from editjudge.models.picture_net import PictureNet
from editjudge.types import ALL, EditIntent, Image

SURE, LENIENT = 0.6, 2.0
"""The detector's score of an object from which the probe's threshold is so much lower."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Probe:
    """A linear probe on the CLIP feature of a whole picture, and a small network on both where there is one.

    weight: float32[D]. The logits of both are added up.
    """

    weight: NDArray[np.float32]
    bias: float
    threshold: float
    net: PictureNet | None = None

    def accepts(self, feature: NDArray[np.float32], picture: Image, found: float = 0.0) -> bool:
        """Whether a picture is like those the bundle was made for.

        Args:
            feature: float32[D], not normalised.
            picture: uint8[H, W, 3].
            found: The detector's score of what was looked for in it. An object that is surely one of those the bundle
                knows speaks for the picture, where the probe is in doubt.
        """
        return self.logit(feature, picture) >= self.threshold - (LENIENT if found >= SURE else 0.0)

    def logit(self, feature: NDArray[np.float32], picture: Image) -> float:
        """High for pictures like those; feature: as for `accepts`."""
        if feature.shape != self.weight.shape:
            raise BundleError(
                f"the domain probe is for {len(self.weight)} numbers of a picture, and CLIP gives {feature.size}; "
                "build the bundle again"
            )
        embedding = feature / np.float32(max(float(np.linalg.norm(feature)), 1e-12))
        return float(self.weight @ embedding) + self.bias + (self.net.logit(picture, embedding) if self.net else 0.0)


@dataclass(frozen=True)
class Domain:
    """What a bundle says of itself. probe, vocabulary, elements (names of objects): None where it does not say."""

    probe: Probe | None
    vocabulary: frozenset[str] | None
    elements: tuple[str, ...] | None = None

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError for a malformed file."""
        bundle = models.bundle
        elements = bundle.words("elements")
        return cls(
            _load_probe(bundle), bundle.words("vocabulary"), None if elements is None else tuple(sorted(elements))
        )

    def doubts(
        self, intent: EditIntent, picture: Image, feature: NDArray[np.float32] | None, found: float = 0.0
    ) -> tuple[str, ...]:
        """The flags that the original, by the picture and its feature, and the words of the intent deserve.

        found: as for `Probe.accepts`.

        An edit of something the bundle has no word for is outside its domain whatever the picture looks like.
        """
        strange = self.probe is not None and feature is not None and not self.probe.accepts(feature, picture, found)
        unknown = self.has_unknown_words(intent)
        raised = {"out_of_domain": strange or unknown, "unknown_picture": strange, "unknown_words": unknown}
        return tuple(flag for flag, holds in raised.items() if holds)

    def is_strange(self, picture: Image, feature: NDArray[np.float32]) -> bool:
        """Whether a picture is unlike those the bundle was made for; feature: CLIP's, not normalised."""
        return self.probe is not None and not self.probe.accepts(feature, picture)

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
        arrays = read_arrays(path)
        weight = np.asarray(arrays["weight"], np.float32)
        if weight.ndim != 1 or arrays["bias"].size != 1:
            raise ValueError("weight must be a row of numbers, and bias one")
        net = PictureNet.from_arrays(arrays, len(weight)) if "edges" in arrays else None
        return Probe(weight, float(arrays["bias"].item()), threshold, net)
    except (OSError, ValueError, KeyError) as error:
        raise BundleError(f"{path} is not a domain probe ({error}); fetch or build the bundle again") from error
