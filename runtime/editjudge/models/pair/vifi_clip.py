"""ViFi-CLIP (Rasheed et al., CVPR 2023): the pair as a clip of two frames, whose features are averaged.

The mean is taken of the features before they are normalised. It does not know which frame comes first: an edit and its
reversal have one and the same embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from editjudge.bundles.settings import VifiClipSettings
from editjudge.models.clip import Clip, Embeddings, TextEncoder, picture_inputs
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.models.pair.texts import PairTexts
from editjudge.types import Image

EmbedFrames = Callable[[Sequence[Image]], Embeddings]
"""float32[N, D] of 2 N frames uint8[H, W, 3], those of an edit one after the other."""


class VifiClip(PairTexts):
    """Embeds edits by the bundle's ViFi-CLIP or, where it has none, by its CLIP in the same way.

    Args:
        frames: Embeds pairs, by the mean of their features before normalisation.
        texts: Embeds texts.
    """

    def __init__(self, frames: EmbedFrames, texts: TextEncoder | Clip) -> None:
        super().__init__(texts, "ViFi-CLIP's")
        self._frames = frames

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError."""
        if not models.bundle.has("vifi_clip"):
            clip = models.model(Clip)
            return cls(lambda frames: _average(clip.images(frames)), clip)
        settings: VifiClipSettings = models.bundle.settings("vifi_clip")
        texts = TextEncoder.of_role(models, "vifi_clip_text", "vifi_clip_tokenizer", settings.context)
        return cls(_frame_encoder(models.session("vifi_clip"), settings), texts)

    def edits(self, pairs: Sequence[tuple[Image, Image]]) -> Embeddings:
        """float32[N, D], of length 1, of N >= 1 pairs uint8[H, W, 3]; the same whichever of the two comes first."""
        return self._place(self._frames([frame for pair in pairs for frame in pair]))

    def of_features(self, features: Embeddings) -> Embeddings:
        """As `edits`, where the bundle has no ViFi-CLIP and CLIP's features of the 2 N frames are there already."""
        return self._place(_average(features))


def _frame_encoder(session: Runner, settings: VifiClipSettings) -> EmbedFrames:
    """By a graph that takes frames float32[N, 2, 3, S, S] and gives edit_embeds float32[N, D], not normalised."""

    def embed(frames: Sequence[Image]) -> Embeddings:
        pixels = picture_inputs(frames, settings)["pixel_values"]
        count = len(frames) // settings.frames
        outputs = session.run({"frames": pixels.reshape(count, settings.frames, *pixels.shape[1:])})
        return take(outputs, "edit_embeds", count, None)

    return embed


def _average(features: Embeddings) -> Embeddings:
    """float32[N, D]: the mean of each two of float32[2 N, D]."""
    return np.asarray(features.reshape(-1, 2, features.shape[1]).mean(axis=1), np.float32)
