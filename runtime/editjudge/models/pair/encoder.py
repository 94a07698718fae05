"""What embeds edits and instructions in one space, and which encoders there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from editjudge.errors import BundleError, InputError, quote_value
from editjudge.models.clip import Embeddings
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.edit_clip import EditClip
from editjudge.models.pair.vifi_clip import VifiClip
from editjudge.types import Image

EDIT_CLIP, VIFI_CLIP = "edit_clip", "vifi_clip"
ENCODERS: dict[str, type[EditClip] | type[VifiClip]] = {EDIT_CLIP: EditClip, VIFI_CLIP: VifiClip}
"""By name; the first is the one that knows which picture comes first."""

EditPictures = tuple[Image, Image]
"""An original and an edited picture, uint8[H, W, 3], of one size."""


class PairEncoder(Protocol):
    """Embeds edits and instructions; vectors have length 1, so that their products are cosines."""

    def edits(self, pairs: Sequence[EditPictures]) -> Embeddings:
        """float32[N, D] of N >= 1 edits."""

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """float32[N, D] of N >= 1 instructions."""

    def is_cut(self, text: str) -> bool:
        """Whether an instruction has more tokens than are read of one."""

    def has_unknown_words(self, text: str) -> bool:
        """Whether an instruction has words that were not learned, and cannot be told apart."""


def open_pair_encoder(models: ModelSet, name: str = EDIT_CLIP) -> PairEncoder:
    """An encoder by its name. Raises InputError for one that there is not, BundleError where the bundle lacks it."""
    if not isinstance(name, str) or name not in ENCODERS:
        raise InputError(f"there is no embedding {quote_value(name)}; choose one of {', '.join(ENCODERS)}")
    if name == EDIT_CLIP and not models.bundle.has(EDIT_CLIP):
        raise BundleError(
            f"bundle {models.bundle.name} has no model of role {EDIT_CLIP}; take {VIFI_CLIP}, which any bundle has, "
            "or train one for its CLIP: models/pair"
        )
    return models.model(ENCODERS[name])
