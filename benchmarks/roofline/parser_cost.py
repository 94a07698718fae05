"""What it costs to parse an instruction: the batches that llama.cpp is given, and the work that they are to a model."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
from gguf import GGUFReader

TABLE = "token_embd.weight"


@dataclass(frozen=True)
class ForwardPass:
    """A call of the model.

    Attributes:
        positions: Of its tokens in their sequences.
        scored: After how many of them the likelihoods of others are asked for.
    """

    positions: tuple[int, ...]
    scored: int


@dataclass(frozen=True)
class Transformer:
    """A language model, as far as its cost goes.

    Attributes:
        weights: How many weights it has.
        bytes: The bytes that they take.
        table: How many of them are in the embedding table, which also computes the logits. Of it only the rows of the
            tokens that are read, and of those that a grammar allows, are needed: too few to count.
        table_bytes: The bytes that these take.
        layers: How many layers it has.
        width: The width of all attention heads together.
    """

    weights: int
    bytes: int
    table: int
    table_bytes: int
    layers: int
    width: int

    @property
    def bits(self) -> float:
        return 8 * self.bytes / self.weights

    @property
    def bytes_read(self) -> int:
        """In each pass."""
        return self.bytes - self.table_bytes

    def flops(self, forward: ForwardPass) -> int:
        """Two operations per weight of the layers and token, and attention to all tokens before."""
        attention = 4 * self.layers * self.width * sum(position + 1 for position in forward.positions)
        return 2 * (self.weights - self.table) * len(forward.positions) + attention

    def bound(self, passes: Sequence[ForwardPass], rate: float, bandwidth: float) -> float:
        """The least seconds that passes can take, one after the other, each of which reads the layers once.

        Args:
            passes: What is computed.
            rate: FLOP/s of the machine.
            bandwidth: Bytes/s of the machine.
        """
        return sum(max(self.flops(forward) / rate, self.bytes_read / bandwidth) for forward in passes)


def read_transformer(path: Path) -> Transformer:
    """Reads the metadata of a GGUF file whose embedding table is tied to its output, as in all Gemma models."""
    logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)  # as in the runtime
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    try:
        embedding, heads = llama_cpp.llama_model_n_embd(model), llama_cpp.llama_model_n_head(model)
        kind = _read_metadata(model, "general.architecture")
        head = int(_read_metadata(model, f"{kind}.attention.key_length") or embedding // heads)
        return Transformer(
            weights=llama_cpp.llama_model_n_params(model),
            bytes=llama_cpp.llama_model_size(model),
            table=llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model)) * embedding,
            table_bytes=next(int(tensor.n_bytes) for tensor in GGUFReader(path).tensors if tensor.name == TABLE),
            layers=llama_cpp.llama_model_n_layer(model),
            width=heads * head,
        )
    finally:
        llama_cpp.llama_model_free(model)


@contextmanager
def record_passes() -> Iterator[list[ForwardPass]]:
    """Lists the passes that llama.cpp is asked for inside the block."""
    passes: list[ForwardPass] = []
    decode = llama_cpp.llama_decode

    def record(context: Any, batch: Any) -> int:
        positions = tuple(batch.pos[index] for index in range(batch.n_tokens))
        passes.append(ForwardPass(positions, sum(batch.logits[index] for index in range(batch.n_tokens))))
        return decode(context, batch)

    llama_cpp.llama_decode = record
    try:
        yield passes
    finally:
        llama_cpp.llama_decode = decode


def _read_metadata(model: Any, key: str) -> str:
    """The value of a key; empty where there is none."""
    value = ctypes.create_string_buffer(128)
    length = llama_cpp.llama_model_meta_val_str(model, key.encode(), value, len(value))
    return value.value.decode() if length >= 0 else ""
