"""The tokenizer of a checkpoint with a CLIP's text tower."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer
from transformers import CLIPTextConfig

from editjudge.errors import InputError
from editjudge_export.checkpoints.checkpoint import check_vocabulary, load_tokenizer

HIGHEST = 2
"""The end token of a CLIP whose configuration is of old: it reads up to the highest id then."""


def open_tokenizer(checkpoint: Path, tower: CLIPTextConfig) -> Tokenizer:
    """The tokenizer of a checkpoint with a CLIP's text tower, cut at its context. Raises InputError.

    Texts are padded with their own last token: a text is read from left to right up to the first of those.
    """
    tokenizer = load_tokenizer(checkpoint)
    check_vocabulary(tokenizer, tower.vocab_size)
    empty = tokenizer.encode("")
    if not empty.ids or tower.eos_token_id not in (HIGHEST, empty.ids[-1]):
        raise InputError(
            f"the tokenizer of {checkpoint} does not end a text with the token that its model reads up to, "
            f"{tower.eos_token_id}; save the tokenizer that belongs to it"
        )
    tokenizer.enable_padding(pad_id=empty.ids[-1], pad_token=empty.tokens[-1])
    tokenizer.enable_truncation(tower.max_position_embeddings)
    return tokenizer
