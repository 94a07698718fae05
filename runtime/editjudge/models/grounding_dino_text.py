"""Captions for Grounding DINO: phrases joined with dots, and the masks that keep them from seeing each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import BundleError, InstructionError
from editjudge.models.tokenizer_file import open_tokenizer

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Caption:
    """input_ids: int64[T], padded with zeros; spans: per phrase, where its tokens lie in them."""

    input_ids: Ids
    spans: tuple[slice, ...]

    @property
    def columns(self) -> int:
        """Scores that the model gives of a box: one for each token."""
        return len(self.input_ids)


class CaptionTokenizer:
    """Turns lists of phrases into the text inputs of the detector, each padded to `length` tokens."""

    def __init__(self, tokenizer_file: Path, length: int) -> None:
        self._tokenizer = open_tokenizer(tokenizer_file)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._length = length
        found = [self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", ".", "?")]
        self._delimiters = np.array([token for token in found if token is not None], dtype=np.int64)
        if None in found[:3]:
            raise BundleError(f"{tokenizer_file} lacks [CLS], [SEP] or the dot, which a caption needs")
        self._start, self._end, self._dot = self._delimiters[:3].tolist()

    def caption(self, phrases: Sequence[str]) -> Caption:
        """The tokens of "[CLS] a . b . [SEP]". Raises InstructionError naming a phrase that is empty or too long."""
        ids: list[int] = [self._start]
        spans = []
        for phrase in phrases:
            tokens = self._phrase(phrase)
            spans.append(slice(len(ids), len(ids) + len(tokens)))
            ids += [*tokens, self._dot]
            if len(ids) + 1 > self._length:
                raise InstructionError(
                    f"the phrase {phrase[:80]!r} is too long to be looked for: {' . '.join(phrases)[:80]!r} takes more "
                    f"than the {self._length} tokens that the detector reads; name the objects in fewer words"
                )
        ids.append(self._end)
        padded = np.zeros(self._length, dtype=np.int64)
        padded[: len(ids)] = ids
        return Caption(padded, tuple(spans))

    def _phrase(self, phrase: str) -> list[int]:
        # A dot or a question mark would end the phrase.
        text = phrase.lower().replace(".", " ").replace("?", " ")
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        if not tokens:
            raise InstructionError(f"the phrase {phrase[:80]!r} names nothing that could be looked for")
        return tokens

    def inputs(self, captions: Sequence[Caption]) -> dict[str, NDArray[np.int64] | NDArray[np.bool_]]:
        """The five text inputs of the detector for B captions of T tokens."""
        input_ids = np.stack([caption.input_ids for caption in captions])
        mask, positions = phrase_masks(input_ids, self._delimiters)
        ends = input_ids.shape[1] - np.argmax(input_ids[:, ::-1] != 0, axis=1)
        return {
            "input_ids": input_ids,
            "attention_mask": (np.arange(input_ids.shape[1]) < ends[:, None]).astype(np.int64),
            "token_type_ids": np.zeros_like(input_ids),
            "position_ids": positions,
            "text_self_attention_mask": mask,
        }


def phrase_masks(input_ids: Ids, delimiters: Ids) -> tuple[NDArray[np.bool_], Ids]:
    """Which token sees which, bool[B, T, T], and the positions int64[B, T], for int64[B, T] token ids.

    A token sees the tokens of its own phrase and the delimiter that ends it; positions restart in each phrase. The
    delimiters [CLS] and [SEP], and padding, see only themselves. The rule of Grounding DINO (Liu et al. 2023, section
    3.4), as transformers' generate_masks_with_special_tokens_and_transfer_map has it.
    """
    length = input_ids.shape[1]
    place = np.arange(length)
    ends = np.isin(input_ids, delimiters)
    ends[:, 0] = True
    # The delimiter that follows (or is) each token, and the one before it; `length` and -1 where there is none.
    following = np.minimum.accumulate(np.where(ends, place, length)[:, ::-1], axis=1)[:, ::-1]
    before = np.maximum.accumulate(np.where(ends, place, -1), axis=1)
    previous = np.concatenate([np.full((len(ends), 1), -1), before[:, :-1]], axis=1)
    # The last token of a row closes nothing, as in the reference.
    inside = (following < length - 1) & (place > 0)
    same = (following[:, :, None] == following[:, None, :]) & inside[:, :, None] & inside[:, None, :]
    mask = same | np.eye(length, dtype=bool)
    return mask, np.where(inside, place - previous - 1, 0).astype(np.int64)
