"""The weights of the studio's models, read back from the graphs of a bundle, so that training can go on from them.

A bundle keeps no checkpoint, but nearly all parameters stand in its graphs: most under their own names; the matrices of
linear layers without one, transposed, told by the node that multiplies by them; and some spread over what they are
looked up for, as the biases of relative positions are. What a graph does not use, it does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from transformers import PreTrainedModel

from editjudge_export.onnx.files import load

StoredWeights = dict[str, NDArray[np.float32]]

WRAPPER = "model."
"""What the exported module calls the model within it."""
HALF = "_fp16"
"""The end of the names of weights that are stored in half precision."""

SAM_POSITIONS = "prompt_encoder.shared_embedding.positional_embedding"
"""One and the same for prompts and for pictures."""


def load_weights(model: PreTrainedModel, graphs: Sequence[Path]) -> list[str]:
    """Gives a model the weights of its exported graphs; returns the names of what is in none of them."""
    found: StoredWeights = {}
    for path in graphs:
        found |= read_weights(path)
    if SAM_POSITIONS in found:
        found["shared_image_embedding.positional_embedding"] = found[SAM_POSITIONS]
    missing = []
    for name, weight in (*model.named_parameters(), *model.named_buffers()):
        array = found.get(name)
        if not weight.is_floating_point():
            continue  # places, which the model computes for itself
        if array is None or array.size != weight.numel():
            missing.append(name)
        else:
            weight.data.copy_(torch.from_numpy(np.ascontiguousarray(array)).reshape(weight.shape))
    return missing


def read_weights(path: Path) -> StoredWeights:
    """The parameters in an exported graph by their names in the checkpoint, float32."""
    graph = load(path).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]]
    found = {
        name.removeprefix(WRAPPER).removesuffix(HALF): array.astype(np.float32)
        for name, array in arrays.items()
        if name.startswith(WRAPPER) and array.dtype.kind == "f"
    }
    products: dict[str, str] = {}
    for node in graph.node:
        given = [arrays[name].astype(np.float32) for name in node.input if name in arrays]
        if node.op_type == "MatMul" and node.input[1] in arrays:
            products[node.output[0]] = node.input[1]
            if node.name.endswith("/reduction/MatMul"):  # as the next, a linear layer without a bias
                found[_parameter(node.name) + ".weight"] = given[0].T
            if node.name.endswith("_projection/MatMul"):
                found.setdefault(node.name.split("/")[1] + ".weight", given[0].T)
        if node.op_type == "Add":
            biases = [name for name in node.input if name.startswith(WRAPPER) and name.endswith(".bias")]
            matrices = [products[name] for name in node.input if name in products]
            if biases and matrices:
                weight = biases[0].removeprefix(WRAPPER).removesuffix("bias") + "weight"
                found[weight] = arrays[matrices[0]].astype(np.float32).T
        if given and node.name:
            found |= _read_folded(node.name, given)
    levels = [found.pop(name) for name in ("level 0", "level 1") if name in found]
    return found | ({"model.level_embed": np.concatenate(levels)} if levels else {})


def _parameter(node: str) -> str:
    """`/model/model/a/b/MatMul` -> `model.a.b`."""
    return ".".join(node.strip("/").split("/")[1:-1])


def _read_folded(node: str, given: list[NDArray[np.float32]]) -> StoredWeights:  # noqa: PLR0911
    """Parameters that the export has computed with: of CLIP, Swin, Grounding DINO and SAM."""
    array = given[-1]
    if node.endswith("/attention/self/Add"):
        return {_parameter(node) + ".relative_position_bias_table": _gather_swin(array[0])}
    if "/fusion_layer/attn/" in node and array.ndim == 3:
        return _read_fusion(node, array)
    if "/input_proj_vision." in node and node.endswith(("/Mul", "/Add")):
        return {f"model.{node.split('/')[-2]}.{'weight' if node.endswith('Mul') else 'bias'}": array.ravel()}
    if node.endswith("_model/embeddings/Add"):
        return {f"{node.split('/')[1]}.embeddings.position_embedding.weight": array[0]}
    if node in ("/model/model/Add", "/model/model/Add_1"):
        return {f"level {int(node.endswith('1'))}": array.reshape(1, -1)}
    if node == "/model/model/Tile_1":
        return {"model.query_position_embeddings.weight": array[0]}
    if node.endswith(("/attn/Einsum", "/attn/Einsum_1")):
        layer = node.split("/attn/", maxsplit=1)[0].strip("/").replace("/", ".")
        return {f"{layer}.attn.rel_pos_{'w' if node.endswith('1') else 'h'}": _gather_sam(array)}
    if node == "/model/mask_decoder/Tile":
        return {"mask_decoder.iou_token.weight": array[0, 0, :1], "mask_decoder.mask_tokens.weight": array[0, 0, 1:]}
    if node == "/model/prompt_encoder/Expand_20":
        return {"prompt_encoder.no_mask_embed.weight": array.reshape(1, -1)}
    return {}


def _read_fusion(node: str, array: NDArray[np.float32]) -> StoredWeights:
    """The picture's side of the attention between picture and text, which the export applies to the text, by heads."""
    operation = node.rsplit("/", maxsplit=1)[-1]
    rows = array.reshape(-1, array.shape[-1])
    by_operation = {
        "MatMul": ("vision_proj.weight", rows),
        "MatMul_1": ("vision_proj.bias", array.ravel()),
        "MatMul_4": ("values_vision_proj.weight", array.swapaxes(-1, -2).reshape(-1, array.shape[-2])),
        "Add_1": ("values_vision_proj.bias", array.ravel()),
        "MatMul_5": ("out_vision_proj.weight", rows.T),
    }
    name, weight = by_operation[operation]
    return {f"{_parameter(node)}.{name}": weight}


def _gather_swin(biases: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[(2 w - 1)^2, heads] from the biases float32[heads, w * w, w * w] of every two places in a window."""
    side = int(np.sqrt(biases.shape[1]))
    place = np.stack(np.divmod(np.arange(side * side), side))
    apart = place[:, :, None] - place[:, None, :] + side - 1
    table = np.zeros(((2 * side - 1) ** 2, len(biases)), np.float32)
    table[apart[0] * (2 * side - 1) + apart[1]] = biases.transpose(1, 2, 0)
    return table


def _gather_sam(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[2 w - 1, C] from float32[w, w, C] of every two places in a row."""
    side = len(positions)
    place = np.arange(side)
    table = np.zeros((2 * side - 1, positions.shape[2]), np.float32)
    table[place[:, None] - place[None] + side - 1] = positions
    return table
