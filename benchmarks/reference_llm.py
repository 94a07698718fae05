"""The language model's part of the released recipe: up to six calls for an instruction, each a prompt of its own.

The prompts are not copied: text of our own stands in their place, as long as they are in tokens of Gemma's vocabulary.
What is written is not used, but as many tokens are written as a right answer has. As in the released code, nothing is
kept from one call to the next.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from llama_cpp import Llama

ROOM = 512


@dataclass(frozen=True)
class Call:
    """prompt, answer: in tokens; the last of an answer ends the turn. adds_only: made for what is not there yet."""

    about: str
    prompt: int
    answer: int
    adds_only: bool = False


CALLS = (
    Call("parts", 189, 13),
    Call("edit type", 124, 4),
    Call("what is added to", 122, 3, adds_only=True),
    Call("what is added", 117, 4, adds_only=True),
    Call("size", 122, 3),
    Call("position", 216, 4),
)
"""Prompts as the tokenizer of Gemma 3 counts them; answers for phrases of two words."""

FILLER = " Please look at what is asked for here, and say in a few words which part of the picture it is about."


@dataclass(frozen=True)
class Asked:
    """What the calls for one instruction took: seconds for reading the prompts and for writing the answers."""

    calls: int
    tokens_read: int
    tokens_written: int
    reading: float
    writing: float

    @property
    def seconds(self) -> float:
        return self.reading + self.writing


class Calls:
    """A GGUF model that makes the calls; gpu: all of it on the GPU."""

    def __init__(self, path: Path, threads: int, gpu: bool = False) -> None:
        self._model = Llama(
            str(path),
            n_ctx=ROOM,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=-1 if gpu else 0,
            verbose=False,
        )
        self._opening = self._tokens("<start_of_turn>user\n", bos=True)
        self._closing = self._tokens("<end_of_turn>\n<start_of_turn>model\n")
        self._filler = self._tokens(FILLER)

    def ask(self, instruction: str, *, adds: bool) -> Asked:
        """Makes the calls that an instruction needs: six for one that adds something, else four."""
        asked = self._tokens(instruction)
        made = [call for call in CALLS if adds or not call.adds_only]
        read = written = 0
        reading = writing = 0.0
        for call in made:
            prompt = [*self._opening, *islice(cycle(self._filler), call.prompt), *asked, *self._closing]
            start = time.perf_counter()
            self._model.reset()
            answer = self._model.generate(prompt, temp=0.0)
            next(answer)
            first = time.perf_counter()
            # Each token is evaluated before the next one is drawn; the last, which ends the turn, is not.
            for _ in islice(answer, call.answer - 1):
                pass
            reading, writing = reading + first - start, writing + time.perf_counter() - first
            read, written = read + len(prompt), written + call.answer
        return Asked(len(made), read, written, reading, writing)

    def close(self) -> None:
        self._model.close()

    def _tokens(self, text: str, *, bos: bool = False) -> list[int]:
        return self._model.tokenize(text.encode(), add_bos=bos, special=True)
