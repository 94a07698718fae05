"""What it costs to parse an instruction: what llama.cpp is given, and what a model of that size does with it."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp


@dataclass(frozen=True)
class Pass:
    """A call of the model. places: of its tokens, in their sequences. scored: tokens whose logits are computed."""

    places: tuple[int, ...]
    scored: int


@dataclass(frozen=True)
class Transformer:
    """What a GGUF file says. weights: how many; bytes: that they take; table: of them in the table of tokens, which is
    also what logits are computed with. width: of all heads together."""

    weights: int
    bytes: int
    table: int
    layers: int
    width: int

    @property
    def bits(self) -> float:
        return 8 * self.bytes / self.weights

    def flops(self, one: Pass) -> int:
        """Two operations per weight and token; with the table, per scored token; and attention to all before it."""
        attention = 4 * self.layers * self.width * sum(place + 1 for place in one.places)
        return 2 * (self.weights - self.table) * len(one.places) + 2 * self.table * one.scored + attention

    def bound(self, passes: Sequence[Pass], rate: float, bandwidth: float) -> float:
        """The seconds below which passes one after the other cannot get, each reading all weights once."""
        return sum(max(self.flops(one) / rate, self.bytes / bandwidth) for one in passes)


def read_transformer(path: Path) -> Transformer:
    """From the metadata of a GGUF file, whose table of tokens is tied to its output as in all Gemma models."""
    logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)  # as language.py has it
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    try:
        embedding, heads = llama_cpp.llama_model_n_embd(model), llama_cpp.llama_model_n_head(model)
        kind = _told(model, "general.architecture")
        head = int(_told(model, f"{kind}.attention.key_length") or embedding // heads)
        return Transformer(
            weights=llama_cpp.llama_model_n_params(model),
            bytes=llama_cpp.llama_model_size(model),
            table=llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model)) * embedding,
            layers=llama_cpp.llama_model_n_layer(model),
            width=heads * head,
        )
    finally:
        llama_cpp.llama_model_free(model)


@contextmanager
def recorded() -> Iterator[list[Pass]]:
    """Lists the passes that llama.cpp is asked for inside the block."""
    passes: list[Pass] = []
    decode = llama_cpp.llama_decode

    def listed(context: Any, batch: Any) -> int:
        tokens = range(batch.n_tokens)
        passes.append(Pass(tuple(batch.pos[index] for index in tokens), sum(batch.logits[index] for index in tokens)))
        return decode(context, batch)

    llama_cpp.llama_decode = listed
    try:
        yield passes
    finally:
        llama_cpp.llama_decode = decode


def _told(model: Any, key: str) -> str:
    value = ctypes.create_string_buffer(128)
    length = llama_cpp.llama_model_meta_val_str(model, key.encode(), value, len(value))
    return value.value.decode() if length >= 0 else ""
