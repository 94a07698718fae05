"""Writes a trained adapter as a GGUF file, which llama.cpp loads together with the model that it belongs to.

python -m parser.adapter ../runs/parser ../runs/parser/adapter.gguf
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import torch

RANK, SCALE = 16, 2.0
"""Of the matrices, and what their product is multiplied by."""
ALPHA_KEY = gguf.Keys.Adapter.LORA_ALPHA
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
"""The names of a layer's matrices in transformers and in GGUF."""
WEIGHT = re.compile(r".*\.layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])\.weight")


def write(path: Path, adapter: Mapping[str, torch.Tensor], alpha: float, name: str) -> None:
    """Writes the matrices of PEFT's state in float16.

    Args:
        path: The file.
        adapter: The matrices by PEFT's names.
        alpha: The factor of the adapter's product, times its rank.
        name: What the file calls the adapter.

    Raises ValueError for a matrix that is not one of NAMES.
    """
    fresh = path.with_name(f"{path.name}.part")
    writer = gguf.GGUFWriter(str(fresh), "gemma3")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(ALPHA_KEY, alpha)
    writer.add_name(name)
    for key in sorted(adapter):
        match = WEIGHT.fullmatch(key)
        if match is None:
            raise ValueError(f"{key} is no matrix of an adapter that GGUF can hold")
        layer, matrix, side = match.groups()
        values = adapter[key].detach().float().numpy().astype(np.float16)
        writer.add_tensor(f"blk.{layer}.{NAMES[matrix]}.weight.lora_{side.lower()}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(fresh, path)


def read(path: Path) -> dict[str, torch.Tensor]:
    """The matrices of a file that `write` wrote, float32, by PEFT's names: what a training may begin with."""
    modules = {name: module for module, name in NAMES.items()}
    state = {}
    for tensor in gguf.GGUFReader(path).tensors:
        _, layer, name, _, side = tensor.name.split(".")  # "blk.0.attn_q.weight.lora_a"
        key = f"base_model.model.model.layers.{layer}.{modules[name]}.{side[:-1]}{side[-1].upper()}.weight"
        state[key] = torch.from_numpy(np.array(tensor.data, dtype=np.float32))
    return state


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path, help="that of parser.train")
    command_line.add_argument("path", type=Path)
    options = command_line.parse_args()
    state = torch.load(options.folder / "state.pt", map_location="cpu", weights_only=True)
    write(options.path, state["adapter"], RANK * SCALE, "editjudge parser")


if __name__ == "__main__":
    main()
