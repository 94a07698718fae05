"""The tokenizer of instructions about the studio's world: whole words, all others unknown."""

from __future__ import annotations

import re

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from pair.wording import template_words
from studio.edits import instructions
from studio.vocabulary import WORDS

CONTEXT = 24
"""Tokens of an instruction."""
SPECIAL = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")
"""[EOS] is 3, as in the studio's CLIP: with 2, transformers pools at the highest id."""


def instruction_words() -> tuple[str, ...]:
    """Every word of the studio's vocabulary and of the wordings of its instructions, in lower case."""
    templates = [value for name, value in vars(instructions).items() if name.isupper()]
    spelled = re.sub(r"\{\w+\}", " ", " ".join(map(repr, templates))).lower()
    return tuple(sorted({*WORDS, *re.findall(r"[a-z]+", spelled), *template_words()}))


def pair_tokenizer() -> Tokenizer:
    """[BOS] words [EOS], padded and cut to CONTEXT; punctuation is left out."""
    ids = {token: index for index, token in enumerate((*SPECIAL, *instruction_words()))}
    tokenizer = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    # No regular expression: bundles are read with those of CLIP's tokenizers alone.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("removed")]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = TemplateProcessing(single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)])
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding(length=CONTEXT, pad_id=0, pad_token="[PAD]")
    return tokenizer
