"""What is looked for in an index: an instruction, or an edit."""

from __future__ import annotations

from dataclasses import dataclass

from editjudge.errors import InputError
from editjudge.image.decode import ImageSource
from editjudge.image.vectors import Vector
from editjudge.metrics.pair.embed import embed_edits
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import open_pair_encoder
from editjudge.parser.result import INSTRUCTION
from editjudge.retrieval.edit_table import Thumbnails
from editjudge.retrieval.thumbnails import encode_thumbnail
from editjudge.utils.oom import convert_memory_errors
from editjudge.utils.text import SURROGATES

CUT, UNKNOWN_WORDS, UNKNOWN_PICTURE = "cut_short", "unknown_words", "unknown_picture"


@dataclass(frozen=True, eq=False)
class EmbeddedQuery:
    """What is looked for, as a vector float32[D] of length 1.

    Attributes:
        flags: "cut_short" for an instruction of which only the beginning was read, "unknown_words" for one with words
            that the encoder has not learned, "unknown_picture" for an original that the bundle was not made for.
        thumbnails: The pictures of an edit, small; None for an instruction.
    """

    vector: Vector
    flags: tuple[str, ...] = ()
    thumbnails: Thumbnails | None = None


def embed_instruction_query(models: ModelSet, encoder: str, instruction: str) -> EmbeddedQuery:
    """Raises InputError, BundleError, DeviceError or OutOfMemoryError."""
    INSTRUCTION.check(instruction=instruction)
    if not instruction.strip() or SURROGATES.search(instruction):
        raise InputError("the instruction is empty, or no UTF-8; say in words what edits are looked for")
    with models.in_use(), convert_memory_errors("embed the instruction"):
        opened = open_pair_encoder(models, encoder)
        (vector,) = opened.texts([instruction])
        raised = {CUT: opened.is_cut(instruction), UNKNOWN_WORDS: opened.has_unknown_words(instruction)}
        return EmbeddedQuery(vector, tuple(flag for flag, holds in raised.items() if holds))


def embed_edit_query(models: ModelSet, encoder: str, original: ImageSource, edited: ImageSource) -> EmbeddedQuery:
    """Raises InputError, BundleError, DeviceError or OutOfMemoryError."""
    with models.in_use(), convert_memory_errors("embed this edit"):
        (vector,), pairs = embed_edits(models, [(original, edited)], encoder)
        ((original_picture, _),) = pairs
        (feature,) = models.model(Clip).images([original_picture])
        is_strange = models.model(Domain).is_strange(original_picture, feature)
        flags = (UNKNOWN_PICTURE,) if is_strange else ()
        return EmbeddedQuery(vector, flags, thumbnails=Thumbnails(*map(encode_thumbnail, pairs[0])))
