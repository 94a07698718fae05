"""An instruction becomes intents: a language model writes a line about it, in the instruction's own words."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import cache_folder, warn_unkept
from editjudge.bundles.settings import ParserSettings
from editjudge.errors import BundleError
from editjudge.parser.cache import ParseCache
from editjudge.parser.calibration import calibrate, find_spared, is_doubtful
from editjudge.parser.intent_syntax import FOREIGN, parse_line
from editjudge.parser.language_model import IntentModel, ModelAnswer
from editjudge.parser.normalize import normalize
from editjudge.parser.result import NOT_ENGLISH, UNKNOWN, ParseResult, ParserRole
from editjudge.parser.words import find_quotes, is_foreign_script, split_words
from editjudge.types import EditIntent, Placement
from editjudge.utils.deadlines.deadline import hold_in_time
from editjudge.utils.forks import new_lock

REMEMBERED = 1024
"""Results; then the one that was made first goes."""

Ask = Callable[[ParserRole, str], ModelAnswer | None]
"""What a model answers to a text; None where that has no words."""


@dataclass(frozen=True)
class ParserWeights:
    """A language model's file, its adapter, and a digest that tells them from all others."""

    model: Path
    adapter: Path | None = None
    digest: str = ""


class Parser:
    """Turns instructions into intents; may be shared between threads.

    Models are loaded on first use, and asked by one thread at a time. Answers are remembered, and kept on disk where
    there is a folder for them; an instruction that is known never waits for a model.

    Args:
        weights: Of the parser, and if there is one of the fallback, which is asked about what the parser is not sure
            of; its answer counts where it is the surer one.
        settings: Of each how sure it has to be, and how its certainty is calibrated.
        device: As of the other models; `placement`, once the model is loaded, says what became of it.
        folder: Where answers are kept.
    """

    def __init__(
        self,
        weights: Mapping[ParserRole, ParserWeights],
        settings: Mapping[ParserRole, ParserSettings] | None = None,
        *,
        threads: int | None = None,
        device: str = "cpu",
        folder: Path | None = None,
    ) -> None:
        self._settings = settings or {}
        self._models = {role: IntentModel(file.model, file.adapter, threads, device) for role, file in weights.items()}
        digests = {role: file.digest for role, file in weights.items() if file.digest}
        self._caches = {role: ParseCache(folder, digest) for role, digest in digests.items()} if folder else {}
        self._lock = new_lock()
        self._remembered: OrderedDict[str, ParseResult] = OrderedDict()

    @classmethod
    def open(cls, bundle: Bundle, device: str = "cpu", threads: int | None = None, keep: bool = True) -> Parser:
        """The bundle's parser; if `keep`, answers are kept on disk, and taken from there. Raises BundleError."""
        weights: dict[ParserRole, ParserWeights] = {"parser": _find_weights(bundle, "parser", "parser_adapter")}
        if bundle.has("fallback_parser"):
            weights["fallback_parser"] = _find_weights(bundle, "fallback_parser")
        folder = _find_folder() if keep else None
        manifest = bundle.manifest
        settings: dict[ParserRole, ParserSettings] = {"parser": manifest.parse}
        if manifest.fallback_parse is not None:
            settings["fallback_parser"] = manifest.fallback_parse
        return cls(weights, settings, threads=threads, device=device, folder=folder)

    @property
    def placement(self) -> Placement | None:
        """What the parser runs on; None until it was loaded."""
        return self._models["parser"].placement

    def parse(self, instruction: str) -> ParseResult:
        """Raises InstructionError for one that is empty, too long or no text; any other yields some intent.

        Where the thread's work has a deadline, what is known is still told after it; else it raises OutOfTimeError.
        """
        text = normalize(instruction)
        parsed = self._recall(text)
        if parsed is None:
            with hold_in_time(self._lock):
                parsed = self._remembered.get(text)  # another thread may have asked the same meanwhile
                if parsed is None:
                    parsed = self._parse(text, self._ask)
                    self._remember(text, parsed)
        quotes = find_quotes(instruction)
        intents = tuple(_quote(intent, quotes) for intent in parsed.intents)
        return replace(parsed, intents=intents, instruction=instruction)

    def warm_up(self, instruction: str) -> None:
        """Loads the models where it takes one to read an instruction. Raises InstructionError as `parse`."""
        if self._recall(normalize(instruction)) is None:
            with hold_in_time(self._lock):
                for model in self._models.values():
                    model.load()

    def close(self) -> None:
        """Frees the models; they are loaded again when needed."""
        with self._lock:
            for model in self._models.values():
                model.close()

    def _recall(self, text: str) -> ParseResult | None:
        """What a text asks for; None where that is not known without a model."""
        parsed = self._remembered.get(text)
        if parsed is None:
            try:
                parsed = self._parse(text, self._look_up)
            except LookupError:
                return None
            self._remember(text, parsed)
        return parsed

    def _remember(self, text: str, parsed: ParseResult) -> None:
        if len(self._remembered) >= REMEMBERED:
            self._remembered.popitem(last=False)
        self._remembered[text] = parsed

    def _parse(self, text: str, ask: Ask) -> ParseResult:
        if is_foreign_script(text):
            return NOT_ENGLISH
        result = self._interpret("parser", ask("parser", text), text)
        # What is in another language is not guessed, by whichever model.
        if not result.confident and not result.foreign and "fallback_parser" in self._models:
            other = self._interpret("fallback_parser", ask("fallback_parser", text), text)
            return max(result, other, key=lambda answer: answer.surety)
        return result

    def _look_up(self, role: ParserRole, text: str) -> ModelAnswer:
        """The answer that is kept. Raises LookupError where none is."""
        cache = self._caches.get(role)
        answer = cache.get(text) if cache else None
        if answer is None:
            raise LookupError(role, text)
        return answer

    def _ask(self, role: ParserRole, text: str) -> ModelAnswer | None:
        """The answer that is kept, or else the model's."""
        with suppress(LookupError):
            return self._look_up(role, text)
        answer = self._models[role].answer(text)
        if answer is not None and role in self._caches:
            self._caches[role].put(text, answer)
        return answer

    def _interpret(self, role: ParserRole, answer: ModelAnswer | None, text: str) -> ParseResult:
        if answer is None:
            return UNKNOWN
        if answer.line == FOREIGN:
            return replace(NOT_ENGLISH, by=role, tokens=answer.tokens)
        # A fallback of which nobody measured how often it is right is never sure.
        measured = role in self._settings or role == "parser"
        settings = self._settings.get(role, ParserSettings())
        certainty = tuple(calibrate(part, settings) for part in answer.certainty)
        intents = parse_line(answer.line)
        spared = find_spared(intents, text)
        parts = [index for index in range(len(intents)) if index not in spared]
        parsed = ParseResult(
            tuple(intents[index] for index in parts), tuple(certainty[index] for index in parts), False, role,
            answer.tokens, cut_short=answer.cut_short,
        )  # fmt: skip
        sure = measured and parsed.surety >= settings.sure
        return replace(parsed, confident=sure and not spared and not is_doubtful(intents, text))


def _find_folder() -> Path | None:
    """Where answers are kept; None, with a warning, where that is nowhere."""
    try:
        return cache_folder() / "answers"
    except BundleError as error:
        warn_unkept(str(error))
        return None


def _quote(intent: EditIntent, quotes: Sequence[str]) -> EditIntent:
    """The intent with the quote that its target has, as it was typed."""
    target = f" {intent.target} "
    text = next((quote for quote in quotes if f" {' '.join(split_words(quote))} " in target), None)
    return replace(intent, text=text)


def _find_weights(bundle: Bundle, role: ParserRole, adapter: str | None = None) -> ParserWeights:
    if adapter is not None and not bundle.has(adapter):
        adapter = None
    model, adapter_path = bundle.file(role), bundle.file(adapter) if adapter else None
    digest = "+".join(bundle.manifest.files[name].sha256 for name in (role, adapter) if name)
    return ParserWeights(model, adapter_path, digest)
