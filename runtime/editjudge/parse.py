"""An instruction becomes an EditIntent: a language model reads it, and writes down its phrases under a grammar."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from editjudge.errors import EditJudgeError, InstructionError
from editjudge.grammar import Grammar, words
from editjudge.language import LanguageModel, placement
from editjudge.prompt import ANSWER, DIRECTIONS, EXAMPLES, RELATIONS, prompt
from editjudge.types import ALL, EditIntent, Position, Ran, Size

LONGEST = 2000
"""Characters in the longest instruction."""
READ_WORDS, READ_TOKENS = 48, 64
"""How much of an instruction is read: what a picture is to become stands in its first sentence."""
WRITE_TOKENS = 64
MARGIN, DOUBT = 1.0, -4.0
"""Nats: the model is sure if the kind is likelier than the next by MARGIN, and every token likelier than DOUBT."""
REMEMBERED = 1024
SPARE = 1
"""Cores left to others: llama.cpp's threads spin while they wait for each other, and one that shares its core stalls
them all. With two busy cores and two threads a first parse was seen to take minutes instead of seconds."""

KINDS = tuple(EXAMPLES)


@dataclass(frozen=True)
class Parsed:
    """An intent, and whether the model was sure of it (flag `parse_uncertain` when not)."""

    intent: EditIntent
    confident: bool


UNKNOWN = Parsed(EditIntent("other", ALL, None), confident=False)
"""What nothing can be made of: the whole picture is judged against the instruction's own words."""


class Parser:
    """Turns instructions into intents with a GGUF model; may be shared between threads.

    The model is loaded, and its prompts are read, on first use: some seconds. Answers are remembered.
    """

    def __init__(self, model_path: Path, threads: int | None = None, device: str = "cpu") -> None:
        """device: as of the other models; `ran`, once the model is loaded, says what became of it."""
        self._path = model_path
        self._threads = threads or max(1, min(4, (os.cpu_count() or 2) - SPARE))
        self._device = device
        self.ran: Ran | None = None
        self._model: LanguageModel | None = None
        self._lock = threading.Lock()
        self._remembered = lru_cache(REMEMBERED)(self._parse)

    def parse(self, instruction: str) -> Parsed:
        """Raises InstructionError for an instruction that is empty or too long; any other one yields some intent."""
        text = clean(instruction)
        with self._lock:
            return self._remembered(text)

    def close(self) -> None:
        """Frees the model; it is loaded again when needed."""
        with self._lock:
            if self._model is not None:
                self._model.close()
            self._model = None

    def _parse(self, text: str) -> Parsed:
        said = words(text)[:READ_WORDS]
        grammars = Grammar(said)
        possible = [kind for kind in KINDS if said and grammars.text(kind)]
        if not possible:
            return UNKNOWN
        if self._model is None:
            self._model = self._load()
        model = self._model

        asked, lead = model.tokens(f" {text}")[:READ_TOKENS], model.tokens(ANSWER)
        likelihoods = model.read([KINDS.index(kind) for kind in possible], asked, lead[0])
        kind = possible[int(likelihoods.argmax())]
        grammar = grammars.text(kind)
        if kind == "other" or grammar is None:
            return UNKNOWN
        line, lowest = model.write(KINDS.index(kind), lead, grammar, WRITE_TOKENS)
        if lowest == -np.inf:
            return UNKNOWN
        best, second = np.sort(np.append(likelihoods, -np.inf))[[-1, -2]]
        return Parsed(intent(kind, line), confident=bool(best - second >= MARGIN and lowest >= DOUBT))

    def _load(self) -> LanguageModel:
        room, prompts = READ_TOKENS + WRITE_TOKENS + 8, [prompt(kind) for kind in KINDS]
        ran = placement(self._device)
        try:
            model = LanguageModel(self._path, prompts, room, self._threads, gpu=ran.device == "gpu")
        except EditJudgeError as error:
            if ran.device == "cpu":
                raise
            # Most likely for want of GPU memory; llama.cpp does not say.
            ran = Ran("cpu", ran.provider, reason=f"it cannot be loaded on the GPU ({error})")
            model = LanguageModel(self._path, prompts, room, self._threads)
        self.ran = ran
        return model


def clean(instruction: str) -> str:
    """In lower case, with single spaces, without control characters (they become spaces) and final punctuation."""
    if len(instruction) > LONGEST:
        raise InstructionError(
            f"The instruction has {len(instruction):,} characters, and at most {LONGEST:,} are read; shorten it."
        )
    visible = "".join(" " if unicodedata.category(char).startswith("C") else char for char in instruction)
    text = " ".join(visible.lower().split()).rstrip(" .!?")
    if not text:
        raise InstructionError('The instruction is empty; say what is to change, as in "make the car blue".')
    return text


def intent(kind: str, line: str) -> EditIntent:
    """The intent that a line means, as `prompt.EXAMPLES` shows them per kind."""
    match kind:
        case "add":
            thing, _, place = line.partition(", ")
            anchor, position = _place(place)
            meant = EditIntent("add", None, _noun(thing), anchor, position=position)
        case "remove":
            meant = EditIntent("remove", _noun(line), None)
        case "replace":
            new, _, old = line.partition(" instead of the ")
            meant = EditIntent("replace", _noun(old), _noun(new))
        case "color" | "texture":
            old, _, new = line.partition(" -> ")
            meant = EditIntent("color" if kind == "color" else "texture", _noun(old), _noun(new))
        case "larger" | "smaller":
            size: Size = "larger" if kind == "larger" else "smaller"
            meant = EditIntent("size", _noun(line), _noun(line), size=size)
        case "move":
            place, _, thing = line.partition(": ")
            anchor, position = _place(place)
            meant = EditIntent("move", _noun(thing), _noun(thing), anchor, position=position)
        case "action":
            actor, _, action = line.partition(": ")
            meant = EditIntent("action", _noun(actor), f"{_noun(actor)} {action}")
        case "style":
            meant = EditIntent("style", ALL, _noun(line))
        case _:
            raise ValueError(f"{kind!r} is no kind of edit")
    return meant


def _place(place: str) -> tuple[str | None, Position]:
    """The anchor and the position that a place means: "to the left of the house", "to the left", or nothing."""
    for relation, position in RELATIONS.items():
        if place.startswith(f"{relation} the "):
            return _noun(place.removeprefix(relation)), position
    return None, DIRECTIONS.get(place, "unchanged")


def _noun(phrase: str) -> str:
    return re.sub(r"^(a|an|the) ", "", phrase.strip())
