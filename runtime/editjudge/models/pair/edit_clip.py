"""The directed embedding of an edit: CLIP's features of both pictures and of where they differ, fused in their order.

Which of the two is the original is known: an edit and its reversal have different embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from editjudge.bundles.settings import EditClipSettings
from editjudge.models.clip import Clip, Embeddings, TextEncoder
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.models.pair.texts import PairTexts
from editjudge.models.pair.views import PairInputs, stack_inputs, view_pair
from editjudge.types import Image


class EditClip(PairTexts):
    """Embeds edits and instructions in one space. May be shared by threads.

    Args:
        clip: Embeds pictures.
        fusion: A graph that takes `PairInputs` and gives edit_embeds float32[N, D].
        texts: Embeds instructions.
    """

    def __init__(self, clip: Clip, fusion: Runner, texts: TextEncoder) -> None:
        super().__init__(texts, "edit_clip's")
        self._clip = clip
        self._fusion = fusion

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError where the bundle has no such model."""
        settings: EditClipSettings = models.bundle.settings("edit_clip")
        texts = TextEncoder.of_role(models, "edit_clip_text", "edit_clip_tokenizer", settings.context)
        return cls(models.model(Clip), models.session("edit_clip"), texts)

    def edits(self, pairs: Sequence[tuple[Image, Image]]) -> Embeddings:
        """float32[N, D], of length 1, of N >= 1 pairs uint8[H, W, 3] of an original and an edited picture each."""
        return self._fuse(self._look(pairs))

    def both_ways(self, original: Image, edited: Image) -> Embeddings:
        """float32[2, D], of length 1: an edit, and its reversal; hardly more work than one of them."""
        inputs = self._look([(original, edited)])
        ways = [np.concatenate([array, array[:, :, ::-1]]) for array in (inputs.features, inputs.details)]
        twice = [np.concatenate([array, array]) for array in (inputs.boxes, inputs.seen)]
        return self._fuse(PairInputs(*ways, *twice))

    def _look(self, pairs: Sequence[tuple[Image, Image]]) -> PairInputs:
        views = [view_pair(original, edited) for original, edited in pairs]
        return stack_inputs(views, self._clip.images([picture for view in views for picture in view.all]))

    def _fuse(self, inputs: PairInputs) -> Embeddings:
        outputs = self._fusion.run(inputs.feeds())
        return self._place(take(outputs, "edit_embeds", len(inputs.seen), None))
