"""A bundle that was opened on a device: its models and its parser, each loaded when it is first needed."""

from __future__ import annotations

from typing import Self

from editjudge.backends.llama_cpp import choose_placement
from editjudge.backends.onnx.providers import NVIDIA
from editjudge.models.model_set import ModelSet
from editjudge.parser.parser import Parser
from editjudge.parser.result import INSTRUCTION, ParseResult
from editjudge.types import Placement
from editjudge.utils.oom import ADVICE, convert_memory_errors, trim_memory
from editjudge.utils.own_thread import LoadedOnce, OwnThread


class OpenedBundle:
    """Reads instructions, tells what runs where, and frees it. May be shared by threads, and used as a context manager.

    Args:
        models: The models of the bundle.
        keep_answers: Whether what the parser says of an instruction is kept on disk.
    """

    def __init__(self, models: ModelSet, *, keep_answers: bool = True) -> None:
        self.models = models
        self.bundle = models.bundle
        self._keep_answers = keep_answers
        self._parser: Parser | None = None
        # Its file is looked through before it is used, which takes a moment that not every caller has.
        self._opener = OwnThread("editjudge-opener")
        self._opening = LoadedOnce(self._opener)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the models, those of what was prepared among them, once the calls of other threads have ended; what
        is asked for later raises InputError. A Scorer that is no longer used is closed by itself;
        the memory that its models computed in is kept for the next one then, and given back when one is closed.
        """
        self.models.close()
        self._opener.close()  # with what it opens, though nobody waits for that
        if self._parser is not None:
            self._parser.close()
        trim_memory()

    @property
    def placements(self) -> dict[str, Placement]:
        """What each model runs on, by its role; the parser is among them once it has read an instruction."""
        parser = self._parser.placement if self._parser else None
        return self.models.placements if parser is None else {**self.models.placements, "parser": parser}

    def plan(self) -> dict[str, Placement]:
        """As `placements`, and where the parser would go, which is not loaded for it."""
        parser = {"parser": choose_placement(self._parser_device)} if self.bundle.has("parser") else {}
        return {**parser, **self.placements}

    def parse(self, instruction: str) -> ParseResult:
        """What an instruction asks for, part by part, with what is to be known of it; it can be scored in its place.

        Raises InstructionError or OutOfMemoryError.
        """
        INSTRUCTION.check(instruction=instruction)
        with self.models.in_use(), convert_memory_errors("read the instruction", ADVICE):
            return self._read(instruction)

    def warm_up(self, instruction: str) -> None:
        """Loads the parser where it takes a model to read an instruction, without reading it: a call with a budget of
        time need not wait for that then.

        Raises InstructionError, BundleError, DeviceError or OutOfMemoryError.
        """
        INSTRUCTION.check(instruction=instruction)
        with self.models.in_use(), convert_memory_errors("read the instruction", ADVICE):
            self._find_parser().warm_up(instruction)

    @property
    def _parser_device(self) -> str:
        """The NVIDIA device that auto found for the other models: llama.cpp is to use it too, or to say why not."""
        used = [placement.device for placement in self.placements.values() if placement.device in NVIDIA]
        return used[0] if used and self.models.device == "auto" else self.models.device

    def _read(self, instruction: str) -> ParseResult:
        return self._find_parser().parse(instruction)

    def _find_parser(self) -> Parser:
        """Opens it once. Raises OutOfTimeError where that does not end in time; it goes on by itself."""
        if self._parser is None:
            self._opening.get(self._open_parser)
        assert self._parser is not None
        return self._parser

    def _open_parser(self) -> None:
        self._parser = Parser.open(self.bundle, self._parser_device, self.models.threads, self._keep_answers)
