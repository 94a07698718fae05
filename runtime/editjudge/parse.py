"""An instruction becomes intents: a language model writes a line about it, in the instruction's own words."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from editjudge.bundle import Bundle
from editjudge.parsing import line
from editjudge.parsing.answers import Answers
from editjudge.parsing.certainty import UNSURE, Certainty, calibrated
from editjudge.parsing.reader import Answer, Reader
from editjudge.parsing.words import clean
from editjudge.settings import ParserSettings
from editjudge.store import cache_folder
from editjudge.types import ALL, EditIntent, Ran

REMEMBERED = 1024
Role = Literal["parser", "fallback_parser"]


@dataclass(frozen=True)
class Parsed:
    """What an instruction asks for: one intent, or the parts of a compound; of each part how sure the model was.

    confident: whether all of it is surer than the bundle asks for (flag `parse_uncertain` when not). by: which of the
    bundle's models said it. tokens: how many it wrote.
    """

    intents: tuple[EditIntent, ...]
    certainty: tuple[Certainty, ...]
    confident: bool
    by: Role = "parser"
    tokens: int = 0

    @property
    def intent(self) -> EditIntent:
        """That of the first part."""
        return self.intents[0]

    @property
    def flags(self) -> tuple[str, ...]:
        raised = {
            "compound": len(self.intents) > 1,
            "not_an_edit": self.confident and self.intent.edit_type == "other",
            "parse_uncertain": not self.confident,
        }
        return tuple(flag for flag, holds in raised.items() if holds)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints: the first intent, and all of them with their certainty."""
        parts = zip(self.intents, self.certainty, strict=True)
        return {
            **self.intent.to_dict(),
            "certainty": self.certainty[0].to_dict(),
            "parts": [{**intent.to_dict(), "certainty": certainty.to_dict()} for intent, certainty in parts],
            "flags": list(self.flags),
            "by": self.by,
        }


UNKNOWN = Parsed((EditIntent("other", ALL, None),), (UNSURE,), confident=False)
"""What nothing can be made of: the whole picture is judged against the instruction's own words."""


@dataclass(frozen=True)
class Weights:
    """A language model's file, its adapter, and what tells them from all others."""

    model: Path
    adapter: Path | None = None
    digest: str = ""


class Parser:
    """Turns instructions into intents; may be shared between threads.

    Models are loaded on first use. Answers are remembered, and kept on disk where there is a folder for them.
    """

    def __init__(
        self,
        weights: Mapping[Role, Weights],
        settings: ParserSettings | None = None,
        *,
        threads: int | None = None,
        device: str = "cpu",
        folder: Path | None = None,
    ) -> None:
        """weights: of the parser, and where there is one of the fallback, which reads what the parser is not sure of.

        device: as of the other models; `ran`, once the model is loaded, says what became of it.
        """
        self._settings = settings or ParserSettings()
        self._readers = {role: Reader(each.model, each.adapter, threads, device) for role, each in weights.items()}
        kept = {role: each.digest for role, each in weights.items() if each.digest}
        self._answers = {role: Answers(folder, digest) for role, digest in kept.items()} if folder else {}
        self._lock = threading.Lock()
        self._remembered = lru_cache(REMEMBERED)(self._parse)

    @classmethod
    def of(cls, bundle: Bundle, device: str = "cpu", threads: int | None = None, keep: bool = True) -> Parser:
        """The bundle's. keep: whether answers are kept on disk, and taken from there. Raises BundleError."""
        weights: dict[Role, Weights] = {"parser": _weights(bundle, "parser", "parser_adapter")}
        if bundle.has("fallback_parser"):
            weights["fallback_parser"] = _weights(bundle, "fallback_parser", None)
        folder = cache_folder() / "answers" if keep else None
        return cls(weights, bundle.parse, threads=threads, device=device, folder=folder)

    @property
    def ran(self) -> Ran | None:
        return self._readers["parser"].ran

    def parse(self, instruction: str) -> Parsed:
        """Raises InstructionError for an instruction that is empty or too long; any other one yields some intent."""
        text = clean(instruction)
        with self._lock:
            return self._remembered(text)

    def close(self) -> None:
        """Frees the models; they are loaded again when needed."""
        with self._lock:
            for reader in self._readers.values():
                reader.close()
            for answers in self._answers.values():
                answers.close()

    def _parse(self, text: str) -> Parsed:
        parsed = self._ask("parser", text)
        if not parsed.confident and "fallback_parser" in self._readers:
            parsed = self._ask("fallback_parser", text)
        return parsed

    def _ask(self, role: Role, text: str) -> Parsed:
        kept = self._answers.get(role)
        answer = kept.get(text) if kept else None
        if answer is None:
            answer = self._readers[role].read(text)
            if answer is None:
                return UNKNOWN
            if kept:
                kept.put(text, answer)
        return self._parsed(role, answer)

    def _parsed(self, role: Role, answer: Answer) -> Parsed:
        # A bundle's calibration is that of its parser.
        settings = self._settings if role == "parser" else ParserSettings()
        certainty = tuple(calibrated(each, settings) for each in answer.certainty)
        confident = min(each.whole for each in certainty) >= self._settings.sure
        return Parsed(line.read(answer.line), certainty, confident, role, answer.tokens)


def _weights(bundle: Bundle, role: Role, adapter: str | None) -> Weights:
    digests = [bundle.manifest.files[role].sha256]
    path = None
    if adapter is not None and bundle.has(adapter):
        path = bundle.file(adapter)
        digests.append(bundle.manifest.files[adapter].sha256)
    return Weights(bundle.file(role), path, "+".join(digests))
