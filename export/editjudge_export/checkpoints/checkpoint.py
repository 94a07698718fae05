"""Reads a Hugging Face checkpoint folder: config.json, weights, tokenizer. Never runs code that lies in it."""

from __future__ import annotations

import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from editjudge.errors import InputError
from editjudge_export.checkpoints.tokenizer import TOKENIZER_FILE, read_tokenizer
from editjudge_export.checkpoints.weights import check_weights

CONFIG_FILE = "config.json"

Pretrained = TypeVar("Pretrained", bound=PreTrainedModel)

LOADING_ERRORS = (
    OSError, ValueError, TypeError, KeyError, ImportError, RuntimeError, SafetensorError, UnpicklingError,
)  # fmt: skip
"""What transformers raises where a checkpoint is not as it should be."""


def read_config(folder: Path) -> dict[str, Any]:
    """The checkpoint's config.json. Raises InputError where there is none, or it is not a JSON object."""
    if not folder.is_dir():
        raise InputError(f"there is no checkpoint folder {folder}")
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} is no checkpoint: it has no config.json") from None
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise InputError(f"{path} must hold a JSON object")
    return config


def load_config(folder: Path, architecture: type[PreTrainedModel]) -> PretrainedConfig:
    """The checkpoint's configuration. Raises InputError where it is of another architecture."""
    content = read_config(folder)
    model_type, wanted = content.get("model_type"), architecture.config_class.model_type
    if model_type != wanted:
        raise InputError(f"{folder} holds a model of type {model_type!r}; {architecture.__name__} needs {wanted!r}")
    try:
        return architecture.config_class.from_dict(content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{folder / CONFIG_FILE} is wrong: {error}") from error


def load_model(folder: Path, architecture: type[Pretrained], *, allow_pickle: bool = False) -> Pretrained:
    """The model in float32 and eval mode, with eager attention, which traces to the plainest graph.

    Args:
        folder: The checkpoint folder.
        architecture: The class to load it as.
        allow_pickle: Whether pickled weights are read; of them only tensors are unpickled.

    Raises InputError where the checkpoint is of another architecture, incomplete, or pickled where that is not allowed.
    """
    load_config(folder, architecture)
    safe = check_weights(folder, allow_pickle=allow_pickle)
    logging.set_verbosity_error()
    try:
        model, report = architecture.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=safe,
            weights_only=True,
            trust_remote_code=False,
            attn_implementation="eager",
            dtype="float32",
            output_loading_info=True,
        )
    except LOADING_ERRORS as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(f"{folder} cannot be loaded as {architecture.__name__}: {reason}") from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise InputError(f"{folder} lacks {len(missing)} weights of {architecture.__name__}, among them {missing[0]}")
    return model.eval().requires_grad_(False)


def find_tokenizer(folder: Path) -> Path:
    """The path of the checkpoint's tokenizer.json. Raises InputError where it has none."""
    path = folder / TOKENIZER_FILE
    if not path.is_file():
        raise InputError(f"{folder} has no tokenizer.json: save its fast tokenizer with save_pretrained first")
    return path


def load_tokenizer(folder: Path) -> Tokenizer:
    """The checkpoint's tokenizer, without its padding and truncation. Raises InputError."""
    tokenizer = read_tokenizer(folder)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def check_context(folder: Path, context: int) -> None:
    """Raises InputError where the checkpoint's tokenizer cuts texts at another length than `context` tokens."""
    cut = read_tokenizer(folder).truncation
    if cut is not None and cut["max_length"] != context:
        raise InputError(
            f"{folder / TOKENIZER_FILE} cuts texts at {cut['max_length']} tokens, and the context is {context}; "
            "they must be the same"
        )


def check_vocabulary(tokenizer: Tokenizer, size: int) -> None:
    """Raises InputError where a tokenizer has ids that a model with a vocabulary of `size` tokens does not know."""
    highest = max(tokenizer.get_vocab().values())
    if highest >= size:
        raise InputError(f"The tokenizer has an id {highest}, and the model only {size} ids.")
