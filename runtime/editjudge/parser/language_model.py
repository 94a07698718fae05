"""A language model that is loaded when it is first needed, and what it answers to instructions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from editjudge.backends.llama_cpp import LanguageModel, choose_placement
from editjudge.errors import EditJudgeError
from editjudge.parser.calibration import Certainty, estimate_certainty
from editjudge.parser.decoding import decode_line
from editjudge.parser.prompts import BARE, build_chat_prompt, build_plain_prompt
from editjudge.parser.words import Word, find_words
from editjudge.types import Placement
from editjudge.utils.forks import leave_behind, renew_after_fork
from editjudge.utils.own_thread import LoadedOnce, OwnThread

ROOM = 2048
"""Tokens of prompt, instruction and line."""
SPARE = 1
"""Cores left to others: llama.cpp's threads spin while they wait for each other, and one that shares its core stalls
them all. With two busy cores and two threads a first parse was seen to take minutes instead of seconds."""


@dataclass(frozen=True)
class ModelAnswer:
    """The intent line about an instruction, how sure the model was of each part of it, and how many tokens it wrote.

    `cut_short` tells whether there was more than was read or written.
    """

    line: str
    certainty: tuple[Certainty, ...]
    tokens: int
    cut_short: bool = False


class IntentModel:
    """A language model with its adapter or its prompt, in a thread of its own. May be shared by threads."""

    def __init__(self, model: Path, adapter: Path | None, threads: int | None, device: str) -> None:
        self._model_path, self._adapter = model, adapter
        self._threads = threads or max(1, min(4, (os.cpu_count() or 2) - SPARE))
        self._device = device
        self._model: LanguageModel | None = None
        self._after = ""
        self.placement: Placement | None = None
        self._thread = OwnThread("editjudge-parser")
        self._loading = LoadedOnce(self._thread)
        renew_after_fork(self)

    def renew(self) -> None:
        """In a forked process the model is loaded again when needed."""
        leave_behind(self._model)
        self._model = None

    def answer(self, text: str) -> ModelAnswer | None:
        """What is asked for in a text (`normalize.normalize`); None where it has no words. Loads the model once."""
        words = find_words(text)
        if not words:
            return None
        self.load()
        return self._thread.run(self._ask, text, words)

    def load(self) -> None:
        """Loads the model, once. Raises OutOfTimeError where that does not end in time; it goes on by itself."""
        self._loading.get(self._load)

    def _ask(self, text: str, words: Sequence[Word]) -> ModelAnswer | None:
        assert self._model is not None
        line = decode_line(self._model, text, self._after, words)
        if line is None:
            return None
        parts = range(1 + max(part for choice in line.choices for part, _ in choice.fields))
        return ModelAnswer(
            line.line, tuple(estimate_certainty(line, part) for part in parts), line.tokens, line.cut_short
        )

    def close(self) -> None:
        """Frees the model, once it is loaded where it is being loaded; it is loaded again when needed."""
        if self._loading.has_begun:
            self._thread.run(self._free)
            self._thread.close()
            self._loading.renew()

    def _free(self) -> None:
        if self._model is not None:
            self._model.close()
        self._model = None

    def _load(self) -> None:
        placement = choose_placement(self._device)
        try:
            model = self._open(gpu=placement.device == "gpu")
        except EditJudgeError as error:
            if placement.device == "cpu":
                raise
            # Most likely for want of GPU memory; llama.cpp does not say.
            placement = Placement("cpu", placement.provider, reason=f"it cannot be loaded on the GPU ({error})")
            model = self._open(gpu=False)
        self.placement = placement
        if self._adapter:
            prompt = BARE
        else:
            prompt = build_chat_prompt(model.chat_template) if model.chat_template else build_plain_prompt()
        model.set_prompt(model.tokenize(prompt.before, special=True))
        self._after = prompt.after
        self._model = model

    def _open(self, gpu: bool) -> LanguageModel:
        return LanguageModel(self._model_path, self._threads, room=ROOM, adapter=self._adapter, gpu=gpu)
