"""A language model of the paper's size, Gemma 2 9B in 4 bit, with random weights: as fast as the trained one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from editjudge.utils import atomic_file

NAME = "gemma-2-9b.Q4_K.gguf"
KIND = gguf.GGMLQuantizationType.Q4_K
LAYERS, WIDTH, HIDDEN, HEADS, KEY_HEADS, HEAD = 42, 3584, 14336, 16, 8, 256
"""Of the published model. Instead of its vocabulary of 256,000 it has that of the tokenizer that is copied."""
SCALE, OFFSET = 1.6e-4, 1.25e-3
"""Of a block, so that the weights are centred on 0 with a standard deviation near 0.02."""


def gemma_2_9b(folder: Path, tokenizer: Path) -> Path:
    """The model's file, 5 GB, written unless it is there.

    Args:
        folder: Where it is.
        tokenizer: A GGUF that has Gemma's tokenizer.
    """
    path = folder / NAME
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_file.replace_file(path) as part:
        _write(part, tokenizer)
    return path


def _write(path: Path, tokenizer: Path) -> None:
    writer = gguf.GGUFWriter(path, "gemma2")
    words = _copy_tokenizer(gguf.GGUFReader(tokenizer), writer)
    writer.add_context_length(8192)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_attn_logit_softcapping(50.0)
    writer.add_final_logit_softcapping(30.0)
    writer.add_sliding_window(4096)
    shapes = dict(_shapes(words))
    for name, shape in shapes.items():
        if len(shape) == 1:
            writer.add_tensor_info(name, shape, np.dtype(np.float32), 4 * shape[0])
        else:
            stored = gguf.quant_shape_to_byte_shape(shape, KIND)
            writer.add_tensor_info(name, stored, np.dtype(np.uint8), int(np.prod(stored)), raw_dtype=KIND)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    generator = np.random.default_rng(0)
    for shape in shapes.values():
        writer.write_tensor_data(np.ones(shape, np.float32) if len(shape) == 1 else _blocks(shape, generator))
    writer.close()


def _shapes(words: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and shape of every tensor, with the output's axis first."""
    yield "token_embd.weight", (words, WIDTH)
    yield "output_norm.weight", (WIDTH,)
    for layer in range(LAYERS):
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            yield f"blk.{layer}.{norm}.weight", (WIDTH,)
        yield f"blk.{layer}.attn_q.weight", (HEADS * HEAD, WIDTH)
        yield f"blk.{layer}.attn_k.weight", (KEY_HEADS * HEAD, WIDTH)
        yield f"blk.{layer}.attn_v.weight", (KEY_HEADS * HEAD, WIDTH)
        yield f"blk.{layer}.attn_output.weight", (WIDTH, HEADS * HEAD)
        yield f"blk.{layer}.ffn_gate.weight", (HIDDEN, WIDTH)
        yield f"blk.{layer}.ffn_up.weight", (HIDDEN, WIDTH)
        yield f"blk.{layer}.ffn_down.weight", (WIDTH, HIDDEN)


def _blocks(shape: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Random weights as Q4_K stores them: for every 256 of them two scales in float16, then 140 bytes of digits."""
    elements, size = gguf.GGML_QUANT_SIZES[KIND]
    rows, columns = shape
    blocks = generator.integers(0, 256, (rows, columns // elements, size), np.uint8)
    blocks[..., :4] = np.array([SCALE, OFFSET], np.float16).view(np.uint8)
    return blocks.reshape(rows, -1)


def _copy_tokenizer(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> int:
    """Copies all that the file says of its tokenizer, and returns the number of tokens."""
    for field in reader.fields.values():
        if field.name.startswith("tokenizer."):
            kind, *inner = field.types
            writer.add_key_value(field.name, field.contents(), kind, inner[0] if inner else None)
    return len(reader.fields["tokenizer.ggml.tokens"].data)
