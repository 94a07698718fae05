"""Writes a projector of random weights, so that a language model without eyes can be tried with pictures.

    python -m vision.random_projector mmproj-random.gguf

What it sees means nothing to the model: it serves to try libmtmd, templates, grammars and errors by the real thing, for
which Gemma 3 4B and its own projector are a download of gigabytes. The file is the same bytes each time.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

TEXT_WIDTH = 640
"""Of the embeddings of Gemma 3 270M."""
WIDTH, HIDDEN, HEADS, LAYERS = 64, 128, 2, 2
IMAGE, PATCH, MERGED = 224, 14, 4
"""Pixels of a picture's sides and of a patch's, and how many patches on a side become one token: 16 tokens a picture,
where Gemma 3's own of 896 pixels has 256."""
SPREAD = 0.02


def write_random_projector(path: Path, *, text_width: int = TEXT_WIDTH, seed: int = 0) -> None:
    """Writes the mmproj, GGUF of architecture `clip` as llama.cpp reads that of Gemma 3; some 350 kB.

    Args:
        path: The file.
        text_width: Of the embeddings of the model that it is for.
        seed: Of the weights.
    """
    fresh = path.with_name(f"{path.name}.part")
    writer = gguf.GGUFWriter(str(fresh), "clip")
    writer.add_name("random eyes")
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type("gemma3")
    writer.add_bool("clip.use_gelu", True)
    writer.add_vision_image_size(IMAGE)
    writer.add_vision_patch_size(PATCH)
    writer.add_vision_embedding_length(WIDTH)
    writer.add_vision_feed_forward_length(HIDDEN)
    writer.add_vision_block_count(LAYERS)
    writer.add_vision_projection_dim(text_width)
    writer.add_vision_head_count(HEADS)
    writer.add_vision_attention_layernorm_eps(1e-6)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    writer.add_uint32("clip.vision.projector.scale_factor", MERGED)
    for name, values in _draw_tensors(text_width, np.random.default_rng(seed)).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(fresh, path)


def _draw_tensors(text_width: int, random: np.random.Generator) -> dict[str, NDArray[np.float16 | np.float32]]:
    """By their names: matrices float16[out, in], what is added or multiplied float32."""

    def matrix(*shape: int) -> NDArray[np.float16]:
        return random.normal(0, SPREAD, shape).astype(np.float16)

    def linear(name: str, inputs: int, outputs: int) -> dict[str, NDArray[np.float16 | np.float32]]:
        return {f"{name}.weight": matrix(outputs, inputs), f"{name}.bias": np.zeros(outputs, np.float32)}

    def norm(name: str) -> dict[str, NDArray[np.float16 | np.float32]]:
        return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}

    tensors: dict[str, NDArray[np.float16 | np.float32]] = {
        "v.patch_embd.weight": matrix(WIDTH, 3, PATCH, PATCH),
        "v.patch_embd.bias": np.zeros(WIDTH, np.float32),
        "v.position_embd.weight": random.normal(0, SPREAD, ((IMAGE // PATCH) ** 2, WIDTH)).astype(np.float32),
    }
    for layer in range(LAYERS):
        block = f"v.blk.{layer}"
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensors |= linear(f"{block}.{name}", WIDTH, WIDTH)
        tensors |= norm(f"{block}.ln1") | norm(f"{block}.ln2")
        tensors |= linear(f"{block}.ffn_up", WIDTH, HIDDEN) | linear(f"{block}.ffn_down", HIDDEN, WIDTH)
    tensors |= norm("v.post_ln")
    tensors["mm.input_projection.weight"] = matrix(WIDTH, text_width)  # the other way round, as Gemma 3 has it
    tensors["mm.soft_emb_norm.weight"] = np.ones(WIDTH, np.float32)
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--text-width", type=int, default=TEXT_WIDTH)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    write_random_projector(chosen.path, text_width=chosen.text_width, seed=chosen.seed)


if __name__ == "__main__":
    main()
