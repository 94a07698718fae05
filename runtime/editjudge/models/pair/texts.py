"""The instructions' side of an encoder of edits, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.image.vectors import to_unit_length
from editjudge.models.clip import Clip, Embeddings, TextEncoder
from editjudge.models.outputs import VectorSpace


class PairTexts:
    """Embeds instructions, in the space of the edits.

    Args:
        texts: Embeds texts.
        owner: Whose vectors they are, as messages say it.
    """

    def __init__(self, texts: TextEncoder | Clip, owner: str) -> None:
        self._texts = texts
        self._space = VectorSpace(owner)

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[N, D], of length 1, of N >= 1 instructions, each cut at the context."""
        return self._place(self._texts.texts(texts))

    def is_cut(self, text: str) -> bool:
        """Whether an instruction has more tokens than are read of one."""
        return self._texts.is_cut(text)

    def has_unknown_words(self, text: str) -> bool:
        """Whether an instruction has words that were not learned, and cannot be told apart."""
        return self._texts.has_unknown_words(text)

    def _place(self, vectors: Embeddings) -> Embeddings:
        """The vectors float32[N, D], of edits or of instructions, brought to length 1. Raises BundleError."""
        return to_unit_length(self._space.check(vectors))
