"""The language model's part of the released recipe: up to six calls for an instruction, each with its own prompt.

The prompts are not copied: text of our own takes their place, with as many tokens of Gemma's vocabulary. The answers
are not used, but have as many tokens as a right answer. As in the released code, nothing is kept from one call to the
next.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from llama_cpp import Llama

CONTEXT = 512
"""Tokens."""


@dataclass(frozen=True)
class PromptCall:
    """A call to the language model.

    Attributes:
        about: What it asks.
        prompt: Tokens of its prompt.
        answer: Tokens of its answer, the last of which ends the turn.
        adds_only: Whether it is made for adds alone.
    """

    about: str
    prompt: int
    answer: int
    adds_only: bool = False


CALLS = (
    PromptCall("parts", 189, 13),
    PromptCall("edit type", 124, 4),
    PromptCall("what is added to", 122, 3, adds_only=True),
    PromptCall("what is added", 117, 4, adds_only=True),
    PromptCall("size", 122, 3),
    PromptCall("position", 216, 4),
)
"""The prompts have the lengths that the tokenizer of Gemma 3 counts; the answers are for phrases of two words."""

FILLER = " Please look at what is asked for here, and say in a few words which part of the picture it is about."


@dataclass(frozen=True)
class CallCosts:
    """What the calls for one instruction took; reading the prompts and writing the answers are in seconds."""

    calls: int
    tokens_read: int
    tokens_written: int
    reading: float
    writing: float

    @property
    def seconds(self) -> float:
        return self.reading + self.writing


class ReferenceParser:
    """A GGUF model that is called as in the released recipe, on the CPU or entirely on the GPU."""

    def __init__(self, path: Path, threads: int, gpu: bool = False) -> None:
        self._model = Llama(
            str(path),
            n_ctx=CONTEXT,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=-1 if gpu else 0,
            verbose=False,
        )
        self._opening = self._tokens("<start_of_turn>user\n", bos=True)
        self._closing = self._tokens("<end_of_turn>\n<start_of_turn>model\n")
        self._filler = self._tokens(FILLER)

    def ask(self, instruction: str, *, adds: bool) -> CallCosts:
        """Makes the calls that an instruction needs: six for one that adds something, four for any other."""
        tokens = self._tokens(instruction)
        calls = [call for call in CALLS if adds or not call.adds_only]
        read = written = 0
        reading = writing = 0.0
        for call in calls:
            prompt = [*self._opening, *islice(cycle(self._filler), call.prompt), *tokens, *self._closing]
            start = time.perf_counter()
            self._model.reset()
            answer = self._model.generate(prompt, temp=0.0)
            next(answer)
            first = time.perf_counter()
            # A token is evaluated before the next one is sampled; the last, which ends the turn, is not evaluated.
            for _ in islice(answer, call.answer - 1):
                pass
            reading, writing = reading + first - start, writing + time.perf_counter() - first
            read, written = read + len(prompt), written + call.answer
        return CallCosts(len(calls), read, written, reading, writing)

    def close(self) -> None:
        self._model.close()

    def _tokens(self, text: str, *, bos: bool = False) -> list[int]:
        return self._model.tokenize(text.encode(), add_bos=bos, special=True)
