"""The one file that knows llama.cpp: a small language model with an adapter, and a prompt that is read once."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.backends.ggml.hidden_states import HiddenStates
from editjudge.backends.ggml.output_table import OutputTable, open_output_table
from editjudge.backends.llama_library import (
    check_status,
    free_resources,
    hear_llama,
    load_ggml,
    load_llama_cpp,
    read_token,
)
from editjudge.errors import BundleError, EditJudgeError, OutOfMemoryError
from editjudge.types import Placement
from editjudge.utils.oom import ADVICE, NO_MEMORY, check_room

BATCH = 64
"""Tokens evaluated at once."""
ALL_LAYERS = -1
COMPARED, SAME = 256, 1e-3
"""Tokens whose logits are computed in both ways when a model is loaded, and how far they may differ."""
CONTEXT_BYTES, THREAD_BYTES = 64 << 20, 16 << 20
"""What a context takes at most, and a thread with its stack."""
LOAD = "load the parser"
NO_ROOM = f"there is not enough memory to {LOAD}; {ADVICE}"
_BUILD = "CMAKE_ARGS='-DGGML_{}=on' pip install --force-reinstall --no-binary llama-cpp-python llama-cpp-python"
GPU_BUILD = _BUILD.format("CUDA")
GPU_BUILDS = {"webgpu": _BUILD.format("VULKAN"), "coreml": _BUILD.format("METAL"), "directml": _BUILD.format("VULKAN")}
"""By devices that are not for NVIDIA's GPUs alone, what reaches the same GPUs: their providers are not llama.cpp's."""


def choose_placement(device: str) -> Placement:
    """Chooses where a language model is to run when the other models run on `device`; it loads llama.cpp.

    All of it goes to the GPU when the device of a GPU is asked for, or auto, and llama.cpp was built for a GPU that is
    there; else to the CPU. Raises DeviceError or OutOfMemoryError where llama.cpp cannot be loaded.
    """
    if device == "cpu":
        return Placement("cpu", "llama.cpp")
    if device == "openvino":
        return Placement("cpu", "llama.cpp", reason="llama.cpp does not use OpenVINO")
    if load_llama_cpp().llama_supports_gpu_offload():
        return Placement("gpu", "llama.cpp")
    if device == "auto":
        return Placement("cpu", "llama.cpp")
    build = GPU_BUILDS.get(device, GPU_BUILD)
    missing = f"llama.cpp was built without GPU support, or finds no GPU; {build}"
    return Placement("cpu", "llama.cpp", reason=missing)


class LanguageModel:
    """A GGUF model and the text that it goes on with; not safe to share between threads."""

    def __init__(self, path: Path, threads: int, *, room: int, adapter: Path | None = None, gpu: bool = False) -> None:
        """Loads a model.

        Args:
            room: How many tokens prompt and text may have together.
            gpu: Whether all of it goes to the GPU.

        Raises BundleError for what is no model or no adapter of it, OutOfMemoryError where memory does not suffice.
        """
        self._llama: Any = load_llama_cpp()
        _check_room(path, threads, gpu)
        self._tokens: dict[tuple[str, bool], tuple[int, ...]] = {}
        with hear_llama(), ExitStack() as resources:
            self._open(path, threads, room, gpu, resources)
            if adapter is not None:
                self._load_adapter(adapter)
            self._decode([int(self._llama.llama_vocab_bos(self._vocab))])
            self._prompt_length = self._length
            self._skip_logits()
            # Freed by `close`, or when nobody uses the model any more; when the interpreter ends, by the system alone.
            self._free = weakref.finalize(self, free_resources, resources.pop_all())
            self._free.atexit = False

    def _open(self, path: Path, threads: int, room: int, gpu: bool, resources: ExitStack) -> None:
        """`resources` are freed in the end, or where something fails."""
        llama = self._llama
        model_params = llama.llama_model_default_params()
        model_params.n_gpu_layers = ALL_LAYERS if gpu else 0
        self._model: Any = llama.llama_model_load_from_file(os.fsencode(path), model_params)
        if not self._model:
            raise _explain(f"{path} is not a model that llama.cpp can load; build or pull the bundle again", path)
        resources.callback(llama.llama_model_free, self._model)
        self._vocab: Any = llama.llama_model_get_vocab(self._model)
        self._size = int(llama.llama_vocab_n_tokens(self._vocab))
        self._table: OutputTable | None = None
        self._hidden: HiddenStates | None = None
        if not gpu:  # where all logits cost next to nothing
            self._open_table(path, resources)

        params = llama.llama_context_default_params()
        params.n_ctx = room
        params.n_batch = params.n_ubatch = min(room, BATCH)
        params.n_threads = params.n_threads_batch = threads
        params.offload_kqv = params.op_offload = gpu
        if self._hidden is not None:
            params.cb_eval = self._hidden.callback
        self._context: Any = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise OutOfMemoryError(NO_ROOM)
        resources.callback(llama.llama_free, self._context)
        self._batch: Any = llama.llama_batch_init(BATCH, 0, 1)
        resources.callback(llama.llama_batch_free, self._batch)
        self._length = 0  # tokens so far
        self._prompt_length = 0  # of these, the prompt's

    @property
    def chat_template(self) -> str | None:
        """A turn of the chat that the model was made for, `{}` in it for the user's text; None for a base model."""
        llama = self._llama
        template = llama.llama_model_chat_template(self._model, None)
        if not template:
            return None
        messages = (llama.llama_chat_message * 1)(llama.llama_chat_message(role=b"user", content=b"{}"))
        turn = ctypes.create_string_buffer(4096)
        length = llama.llama_chat_apply_template(template, messages, 1, True, turn, len(turn))
        return turn.raw[:length].decode() if 0 < length <= len(turn) else None

    @property
    def skips_logits(self) -> bool:
        """Whether logits are computed for candidates alone; else llama.cpp computes those of all tokens."""
        return self._table is not None

    def tokenize(self, text: str, special: bool = False) -> tuple[int, ...]:
        """The tokens of a text, which may hold names of special tokens, as chat templates do, only if `special`."""
        key = (text, special)
        if key not in self._tokens:
            if len(self._tokens) > 100_000:
                self._tokens.clear()
            data = text.encode(errors="replace")
            tokens = (self._llama.llama_token * (len(data) + 8))()
            count = self._llama.llama_tokenize(self._vocab, data, len(data), tokens, len(tokens), False, special)
            self._tokens[key] = tuple(tokens[:count])
        return self._tokens[key]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of some tokens."""
        return b"".join(read_token(self._llama, self._vocab, token) for token in tokens).decode(errors="replace")

    def set_prompt(self, tokens: Sequence[int]) -> None:
        """Reads what stands before every text from now on."""
        self.restart()
        self._decode(tokens)
        self._prompt_length = self._length

    def restart(self) -> None:
        """Forgets all but the prompt."""
        self._llama.llama_memory_seq_rm(self._llama.llama_get_memory(self._context), 0, self._prompt_length, -1)
        self._length = self._prompt_length

    def log_likelihoods(self, tokens: Sequence[int], candidates: Sequence[int]) -> NDArray[np.float64]:
        """Reads tokens on; float64[len(candidates)]: how likely each candidate is to follow, if one does, in nats."""
        self._decode(tokens)
        if self._table is not None and self._hidden is not None:
            selected = self._table.score(self._hidden.states[-1], candidates)
        else:
            selected = self._read_logits()[np.asarray(candidates)].astype(np.float64)
        selected -= selected.max()
        return np.asarray(selected - np.log(np.exp(selected).sum()))

    def close(self) -> None:
        """Frees the memory; nothing else can be called after it."""
        self._free()

    def _open_table(self, path: Path, resources: ExitStack) -> None:
        """Opens what tells the logits of a few tokens from a hidden state; nothing where that cannot be."""
        width = int(self._llama.llama_model_n_embd(self._model))
        library = load_ggml()
        table = open_output_table(library, path, self._size, width) if library else None
        if table is not None:
            resources.callback(table.close)
            self._table, self._hidden = table, HiddenStates(self._llama, library, width)

    def _skip_logits(self) -> None:
        """After a first pass: has llama.cpp compute no logits from now on, if ours for that pass were the same."""
        if self._table is None or self._hidden is None:
            return
        tokens = range(0, self._size, max(1, self._size // COMPARED))
        if len(self._hidden.states) == 1 and np.allclose(
            self._table.score(self._hidden.states[0], tokens), self._read_logits()[tokens], atol=SAME, rtol=SAME
        ):
            self._hidden.end_passes()
        else:
            self._table = None

    def _read_logits(self) -> NDArray[np.float32]:
        """float32[tokens there are], after the last token that was read."""
        return np.ctypeslib.as_array(self._llama.llama_get_logits_ith(self._context, -1), shape=(self._size,))

    def _load_adapter(self, path: Path) -> None:
        """The adapter is freed with the model."""
        llama = self._llama
        adapter = llama.llama_adapter_lora_init(self._model, os.fsencode(path))
        adapters = (llama.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(1.0)
        if not adapters[0] or llama.llama_set_adapters_lora(self._context, adapters, 1, scales):
            fault = f"{path} is not an adapter of the bundle's parser; build or pull the bundle again"
            raise _explain(fault, path)

    def _decode(self, tokens: Sequence[int]) -> None:
        """Runs the model on tokens; only after the last one is anything computed of what follows.

        Raises OutOfTimeError where the thread's work has to end before that: then `restart` is due.
        """
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            batch = self._batch
            batch.n_tokens = len(part)
            for index, token in enumerate(part):
                batch.token[index] = token
                batch.pos[index] = self._length + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = start + index + 1 == len(tokens)
            stopping = nullcontext() if self._hidden is None else self._hidden.stopping_in_time()
            with hear_llama() as errors, stopping:
                status = self._llama.llama_decode(self._context, batch)
            check_status(status, "read the instruction", errors)
            self._length += len(part)


def _explain(fault: str, path: Path) -> EditJudgeError:
    """The error for a file that llama.cpp did not load: its function says nothing; what it told of on the way does."""
    with hear_llama() as errors:
        said = " ".join(errors).replace(str(path), path.suffix)
    return OutOfMemoryError(NO_ROOM) if NO_MEMORY.search(said) else BundleError(fault)


def _check_room(path: Path, threads: int, gpu: bool) -> None:
    """Raises OutOfMemoryError where llama.cpp would be short of memory: where that is not met with an error of its own,
    it ends the process. It maps the file, lays out the weights anew for a CPU, and starts threads.
    """
    size = path.stat().st_size if path.is_file() else 0
    check_room(size * (1 if gpu else 2) + CONTEXT_BYTES + threads * THREAD_BYTES, LOAD)
