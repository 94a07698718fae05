"""A language model that is loaded when it is first needed, and what it makes of instructions."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from editjudge.errors import EditJudgeError
from editjudge.parsing.certainty import Certainty, certainty
from editjudge.parsing.language import LanguageModel, placement
from editjudge.parsing.prompt import BARE, chat, plain
from editjudge.parsing.words import words
from editjudge.parsing.writing import write
from editjudge.types import Ran

ROOM = 2048
"""Tokens of prompt, instruction and line."""
SPARE = 1
"""Cores left to others: llama.cpp's threads spin while they wait for each other, and one that shares its core stalls
them all. With two busy cores and two threads a first parse was seen to take minutes instead of seconds."""


@dataclass(frozen=True)
class Answer:
    """The line about an instruction, how sure the model was of each part of it, and how many tokens it wrote."""

    line: str
    certainty: tuple[Certainty, ...]
    tokens: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Answer:
        """Raises KeyError or TypeError for what no answer was made into."""
        parts = tuple(Certainty(**part) for part in content["certainty"])
        return cls(str(content["line"]), parts, int(content["tokens"]))


class Reader:
    """One model, with its adapter or its prompt; not safe to share between threads."""

    def __init__(self, model: Path, adapter: Path | None, threads: int | None, device: str) -> None:
        self._model_path, self._adapter = model, adapter
        self._threads = threads or max(1, min(4, (os.cpu_count() or 2) - SPARE))
        self._device = device
        self._model: LanguageModel | None = None
        self._after = ""
        self.ran: Ran | None = None

    def read(self, text: str) -> Answer | None:
        """What is asked for in a text (`words.clean`); None where it has no words. Loads the model on first use."""
        said = words(text)
        if not said:
            return None
        if self._model is None:
            self._model = self._load()
        written = write(self._model, text, self._after, said)
        if written is None:
            return None
        parts = range(1 + max(part for choice in written.choices for part, _ in choice.decides))
        return Answer(written.line, tuple(certainty(written, part) for part in parts), written.tokens)

    def close(self) -> None:
        """Frees the model; it is loaded again when needed."""
        if self._model is not None:
            self._model.close()
        self._model = None

    def _load(self) -> LanguageModel:
        ran = placement(self._device)
        try:
            model = self._open(gpu=ran.device == "gpu")
        except EditJudgeError as error:
            if ran.device == "cpu":
                raise
            # Most likely for want of GPU memory; llama.cpp does not say.
            ran = Ran("cpu", ran.provider, reason=f"it cannot be loaded on the GPU ({error})")
            model = self._open(gpu=False)
        self.ran = ran
        template = None if self._adapter else model.chat_template
        prompt = BARE if self._adapter else plain() if template is None else chat(template)
        model.prompt(model.spell(prompt.before, special=True))
        self._after = prompt.after
        return model

    def _open(self, gpu: bool) -> LanguageModel:
        return LanguageModel(self._model_path, self._threads, room=ROOM, adapter=self._adapter, gpu=gpu)
