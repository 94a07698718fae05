"""Captions for Grounding DINO: their tokens, and the masks that transformers' own function makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers.models.grounding_dino import modeling_grounding_dino as modeling

from editjudge.errors import InputError
from editjudge_export.onnx.graph import NamedTensors

TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "text_self_attention_mask")
SEPARATORS = ("[CLS]", "[SEP]", ".", "?")
"""The tokens that separate phrases. A vocabulary may lack the last."""


def caption_inputs(captions: Sequence[str], tokenizer: Tokenizer, length: int) -> NamedTensors:
    """The five text inputs for captions such as "red car . dog ."; the masks are from transformers' own function.

    Args:
        captions: B of them.
        tokenizer: Without padding and truncation.
        length: Tokens that a caption is padded to, T.

    Returns int64[B, T], the mask bool[B, T, T]. Raises InputError for a caption that is longer.
    """
    encodings = tokenizer.encode_batch(list(captions))
    longest = max(len(encoding) for encoding in encodings)
    if longest > length:
        raise InputError(f"A caption has {longest} tokens; the text length is {length}.")
    ids = torch.full((len(captions), length), tokenizer.token_to_id("[PAD]"))
    attended = torch.zeros(len(captions), length, dtype=torch.int64)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = torch.tensor(encoding.ids)
        attended[row, : len(encoding)] = 1
    with substitute("SPECIAL_TOKENS", separator_ids(tokenizer)):
        mask, positions = modeling.generate_masks_with_special_tokens_and_transfer_map(ids)
    return {
        "input_ids": ids,
        "attention_mask": attended,
        "token_type_ids": torch.zeros_like(ids),
        "position_ids": positions,
        "text_self_attention_mask": mask,
    }


def separator_ids(tokenizer: Tokenizer) -> list[int]:
    """The ids of the tokens that separate phrases; in transformers those of BERT's vocabulary are constants.

    Raises InputError where the tokenizer lacks one.
    """
    for token in ("[PAD]", *SEPARATORS[:-1]):
        if tokenizer.token_to_id(token) is None:
            raise InputError(f"The detector's tokenizer has no token {token!r}.")
    ids = (tokenizer.token_to_id(token) for token in SEPARATORS)
    return [token_id for token_id in ids if token_id is not None]


@contextmanager
def substitute(name: str, value: Any, owner: Any = modeling) -> Iterator[None]:
    """Replaces a global of transformers' Grounding DINO, or an attribute of one of its classes, for a while."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
