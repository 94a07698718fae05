"""What OmDet-Turbo is told to look for: the features of phrases, and of the sentence that asks for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from editjudge.errors import InstructionError
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.models.tokenizer_file import open_tokenizer
from editjudge.types import Floats
from editjudge.utils.text import replace_surrogates

REMEMBERED_TEXTS = 512
"""Whose features are kept: those of a sentence of twenty tokens take 40 kB."""


@dataclass(frozen=True)
class PhraseQuery:
    """What one picture is searched for; spans: per phrase, which of the model's scores are its own."""

    phrases: tuple[str, ...]

    @property
    def spans(self) -> tuple[slice, ...]:
        return tuple(slice(place, place + 1) for place in range(len(self.phrases)))

    @property
    def columns(self) -> int:
        """Scores that the model gives of a box."""
        return len(self.phrases)

    @property
    def sentence(self) -> str:
        """As OmDetTurboProcessor words it."""
        return f"Detect {', '.join(self.phrases)}."


@dataclass(frozen=True)
class TextFeatures:
    """whole: float32[D], of a text as a phrase; tokens: float32[T, D], of its tokens as those of a sentence."""

    whole: Floats
    tokens: Floats


class PhraseFeatures:
    """Makes the text inputs of the detector, and keeps what it has made them of. May be shared by threads.

    Args:
        session: Takes input_ids int64[N, T], and gives class_embeds float32[N, D] and token_embeds float32[N, T, D].
        tokenizer: Neither pads nor cuts.
        length: Tokens of a text at the most.
    """

    def __init__(self, session: Runner, tokenizer: Tokenizer, length: int) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._length = length
        self._known: OrderedDict[str, TextFeatures] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        tokenizer = open_tokenizer(models.bundle.file("detector_tokenizer"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(models.session("detector_text"), tokenizer, models.bundle.detector.text_length)

    def caption(self, phrases: Sequence[str]) -> PhraseQuery:
        """What is asked about a picture. Raises InstructionError naming a phrase that is empty or too long.

        A sentence that gets too long is cut, as OmDetTurboProcessor cuts it: it only hints at what is looked for.
        """
        for phrase in phrases:
            tokens, without = len(self._encode(phrase)), len(self._encode(""))
            if tokens == without:
                raise InstructionError(f"the phrase {phrase[:80]!r} names nothing that could be looked for")
            if tokens > self._length:
                raise InstructionError(
                    f"the phrase {phrase[:80]!r} is too long to be looked for: it takes more than the {self._length} "
                    "tokens that the detector reads; name the object in fewer words"
                )
        return PhraseQuery(tuple(phrases))

    def inputs(self, queries: Sequence[PhraseQuery]) -> dict[str, NDArray[Any]]:
        """The text inputs of the detector for B queries of at most C phrases, whose sentences have at most T tokens.

        class_embeds float32[B, C, D], task_embeds float32[B, T, D], task_mask int64[B, T]. A query of fewer phrases has
        its first one again and again: the model starts from the places where any phrase fits best, which that leaves as
        they are.
        """
        known = self._look_up([text for query in queries for text in (*query.phrases, query.sentence)])
        most = max(query.columns for query in queries)
        padded = [(*query.phrases, *[query.phrases[0]] * (most - query.columns)) for query in queries]
        sentences = [known[query.sentence].tokens for query in queries]
        tasks = np.zeros((len(queries), max(map(len, sentences)), sentences[0].shape[1]), dtype=np.float32)
        mask = np.zeros(tasks.shape[:2], dtype=np.int64)
        for row, tokens in enumerate(sentences):
            tasks[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        classes = np.stack([[known[phrase].whole for phrase in phrases] for phrases in padded])
        return {"class_embeds": classes, "task_embeds": tasks, "task_mask": mask}

    def _look_up(self, texts: Sequence[str]) -> dict[str, TextFeatures]:
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found.update(zip(missing, self._embed(missing), strict=True))
        with self._lock:
            for text in texts:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > REMEMBERED_TEXTS:
                self._known.popitem(last=False)
        return found

    def _embed(self, texts: Sequence[str]) -> list[TextFeatures]:
        """All in one run. A token sees only those before it, so that what fills up the shorter texts has no effect."""
        tokens = [self._cut(self._encode(text)) for text in texts]
        ids = np.zeros((len(texts), max(map(len, tokens))), dtype=np.int64)
        for row, text in zip(ids, tokens, strict=True):
            row[: len(text)] = text
        outputs = self._session.run({"input_ids": ids})
        wholes = take(outputs, "class_embeds", len(texts), None)
        states = take(outputs, "token_embeds", *ids.shape, wholes.shape[1])
        return [
            TextFeatures(whole, state[: len(text)].copy())
            for whole, state, text in zip(wholes, states, tokens, strict=True)
        ]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(replace_surrogates(text)).ids
        return ids

    def _cut(self, ids: list[int]) -> list[int]:
        """With its end, by which the model knows the text."""
        return ids if len(ids) <= self._length else [*ids[: self._length - 1], ids[-1]]
