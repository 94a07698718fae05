"""An instruction becomes intents: a language model writes a line about it, in the instruction's own words."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import cache_folder
from editjudge.bundles.settings import ParserSettings
from editjudge.parser.cache import ParseCache
from editjudge.parser.calibration import UNSURE, Certainty, calibrate
from editjudge.parser.intent_syntax import parse_line
from editjudge.parser.language_model import IntentModel, ModelAnswer
from editjudge.parser.normalize import normalize
from editjudge.types import ALL, EditIntent, Placement

REMEMBERED = 1024
ParserRole = Literal["parser", "fallback_parser"]


@dataclass(frozen=True)
class ParseResult:
    """What an instruction asks for: one intent, or the parts of a compound.

    Attributes:
        certainty: How sure the model was of each part.
        confident: Whether all of it is surer than the bundle asks for (flag `parse_uncertain` when not).
        by: Which of the bundle's models answered.
        tokens: How many it wrote.
    """

    intents: tuple[EditIntent, ...]
    certainty: tuple[Certainty, ...]
    confident: bool
    by: ParserRole = "parser"
    tokens: int = 0

    @property
    def intent(self) -> EditIntent:
        """That of the first part."""
        return self.intents[0]

    @property
    def flags(self) -> tuple[str, ...]:
        flags = {
            "compound": len(self.intents) > 1,
            "not_an_edit": self.confident and self.intent.edit_type == "other",
            "parse_uncertain": not self.confident,
        }
        return tuple(flag for flag, holds in flags.items() if holds)

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


UNKNOWN = ParseResult((EditIntent("other", ALL, None),), (UNSURE,), confident=False)
"""What nothing can be made of: the whole picture is judged against the instruction's own words."""


@dataclass(frozen=True)
class ParserWeights:
    """A language model's file, its adapter, and a digest that tells them from all others."""

    model: Path
    adapter: Path | None = None
    digest: str = ""


class Parser:
    """Turns instructions into intents; may be shared between threads.

    Models are loaded on first use. Answers are remembered, and kept on disk where there is a folder for them.

    Args:
        weights: Of the parser, and if there is one of the fallback, which reads what the parser is not sure of.
        device: As of the other models; `placement`, once the model is loaded, says what became of it.
        folder: Where answers are kept.
    """

    def __init__(
        self,
        weights: Mapping[ParserRole, ParserWeights],
        settings: ParserSettings | None = None,
        *,
        threads: int | None = None,
        device: str = "cpu",
        folder: Path | None = None,
    ) -> None:
        self._settings = settings or ParserSettings()
        self._models = {role: IntentModel(file.model, file.adapter, threads, device) for role, file in weights.items()}
        digests = {role: file.digest for role, file in weights.items() if file.digest}
        self._caches = {role: ParseCache(folder, digest) for role, digest in digests.items()} if folder else {}
        self._lock = threading.Lock()
        self._remembered = lru_cache(REMEMBERED)(self._parse)

    @classmethod
    def open(cls, bundle: Bundle, device: str = "cpu", threads: int | None = None, keep: bool = True) -> Parser:
        """The bundle's parser; if `keep`, answers are kept on disk, and taken from there. Raises BundleError."""
        weights: dict[ParserRole, ParserWeights] = {"parser": _find_weights(bundle, "parser", "parser_adapter")}
        if bundle.has("fallback_parser"):
            weights["fallback_parser"] = _find_weights(bundle, "fallback_parser")
        folder = cache_folder() / "answers" if keep else None
        return cls(weights, bundle.manifest.parse, threads=threads, device=device, folder=folder)

    @property
    def placement(self) -> Placement | None:
        """What the parser runs on; None until it was loaded."""
        return self._models["parser"].placement

    def parse(self, instruction: str) -> ParseResult:
        """Raises InstructionError for an instruction that is empty or too long; any other one yields some intent."""
        text = normalize(instruction)
        with self._lock:
            return self._remembered(text)

    def close(self) -> None:
        """Frees the models; they are loaded again when needed."""
        with self._lock:
            for model in self._models.values():
                model.close()
            for cache in self._caches.values():
                cache.close()

    def _parse(self, text: str) -> ParseResult:
        result = self._ask("parser", text)
        if not result.confident and "fallback_parser" in self._models:
            result = self._ask("fallback_parser", text)
        return result

    def _ask(self, role: ParserRole, text: str) -> ParseResult:
        cache = self._caches.get(role)
        answer = cache.get(text) if cache else None
        if answer is None:
            answer = self._models[role].answer(text)
            if answer is None:
                return UNKNOWN
            if cache:
                cache.put(text, answer)
        return self._interpret(role, answer)

    def _interpret(self, role: ParserRole, answer: ModelAnswer) -> ParseResult:
        # A bundle's calibration is that of its parser.
        settings = self._settings if role == "parser" else ParserSettings()
        certainty = tuple(calibrate(part, settings) for part in answer.certainty)
        confident = min(part.whole for part in certainty) >= self._settings.sure
        return ParseResult(parse_line(answer.line), certainty, confident, role, answer.tokens)


def _find_weights(bundle: Bundle, role: ParserRole, adapter: str | None = None) -> ParserWeights:
    if adapter is not None and not bundle.has(adapter):
        adapter = None
    model, adapter_path = bundle.file(role), bundle.file(adapter) if adapter else None
    digest = "+".join(bundle.manifest.files[name].sha256 for name in (role, adapter) if name)
    return ParserWeights(model, adapter_path, digest)
