"""What a vision-language model is to those who ask it: a question with pictures in, a text that fits a schema out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class VisionQuestion:
    """One question.

    Attributes:
        content: Texts and pictures (the bytes of PNG files), in the order in which the model sees them.
        schema: The JSON schema of the answer; every text in it is bounded, and numbers are enumerated.
        name: That of the schema: letters, digits and underscores.
        longest: The most tokens that the answer may have.
        temperature: 0 for the likeliest answer.
        seed: Of what is drawn where the temperature is not 0.
        system: What the model is told before.
    """

    content: tuple[str | bytes, ...]
    schema: Mapping[str, Any]
    name: str
    longest: int
    temperature: float = 0.0
    seed: int = 0
    system: str = ""


@dataclass(frozen=True)
class VisionAnswer:
    """What the model wrote, as it is, and how many tokens it read and wrote; None: it did not say."""

    text: str
    read_tokens: int | None = None
    written_tokens: int | None = None


class VisionLanguageModel(Protocol):
    """A model with eyes. May be shared by threads.

    Attributes:
        backend: llama or openai.
        model: As it was named.
        identity: Tells it from every other model whose answers are kept: hashes of its files, or name and address.
    """

    @property
    def backend(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def identity(self) -> str: ...

    def answer(self, question: VisionQuestion) -> VisionAnswer:
        """Asks once; what is only a matter of transport is tried again. Raises JudgeError, InputError for a question
        that does not fit (counted before it is asked), DeviceError or OutOfMemoryError.
        """

    def close(self) -> None:
        """Frees what it holds."""
