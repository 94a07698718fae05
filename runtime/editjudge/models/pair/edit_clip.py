"""The directed embedding of an edit: CLIP's features of both pictures and of where they differ, fused in their order.

Which of the two is the original is known: an edit and its reversal have different embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from editjudge.bundles.settings import EditClipSettings
from editjudge.image.vectors import to_unit_length
from editjudge.models.clip import Clip, Embeddings, TextEncoder
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import VectorSpace, take
from editjudge.models.pair.views import PairInputs, stack_inputs, view_pair
from editjudge.types import Image


class EditClip:
    """Embeds edits and instructions in one space. May be shared by threads.

    Args:
        clip: Embeds pictures.
        fusion: A graph that takes `PairInputs` and gives edit_embeds float32[N, D].
        texts: Embeds instructions.
    """

    def __init__(self, clip: Clip, fusion: Runner, texts: TextEncoder) -> None:
        self._clip = clip
        self._fusion = fusion
        self._texts = texts
        self._space = VectorSpace("edit_clip's")

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

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[N, D], of length 1, of N >= 1 instructions, each cut at the context."""
        return to_unit_length(self._space.check(self._texts.texts(texts)))

    def is_cut(self, text: str) -> bool:
        """Whether an instruction has more tokens than are read of one."""
        return self._texts.is_cut(text)

    def has_unknown_words(self, text: str) -> bool:
        """Whether an instruction has words that were not learned, and cannot be told apart."""
        return self._texts.has_unknown_words(text)

    def _look(self, pairs: Sequence[tuple[Image, Image]]) -> PairInputs:
        views = [view_pair(original, edited) for original, edited in pairs]
        return stack_inputs(views, self._clip.images([picture for view in views for picture in view.all]))

    def _fuse(self, inputs: PairInputs) -> Embeddings:
        outputs = self._fusion.run(inputs.feeds())
        return to_unit_length(self._space.check(take(outputs, "edit_embeds", len(inputs.seen), None)))
