"""The one file that knows llama.cpp: a small language model with an adapter, and a prompt that is read once."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import BundleError, DeviceError
from editjudge.types import Ran

BATCH = 64
"""Tokens evaluated at once."""
ALL_LAYERS = -1
GPU_BUILD = "CMAKE_ARGS='-DGGML_CUDA=on' pip install --force-reinstall --no-binary llama-cpp-python llama-cpp-python"


def placement(device: str) -> Ran:
    """Where a language model is to run when the other models run on `device`; it loads llama.cpp.

    All of it goes to the GPU when an NVIDIA device is asked for, or auto, and llama.cpp was built for a GPU that is
    there; else to the CPU.
    """
    if device == "cpu":
        return Ran("cpu", "llama.cpp")
    if device == "openvino":
        return Ran("cpu", "llama.cpp", reason="llama.cpp does not use OpenVINO")
    import llama_cpp  # noqa: PLC0415 (loading it takes a second, and an app that never parses need not pay)

    if llama_cpp.llama_supports_gpu_offload():
        return Ran("gpu", "llama.cpp")
    if device == "auto":
        return Ran("cpu", "llama.cpp")
    missing = f"llama.cpp was built without GPU support, or finds no GPU; {GPU_BUILD}"
    return Ran("cpu", "llama.cpp", reason=missing)


class LanguageModel:
    """A GGUF model and the text that it goes on with; not safe to share between threads."""

    def __init__(self, path: Path, threads: int, *, room: int, adapter: Path | None = None, gpu: bool = False) -> None:
        """room: how many tokens prompt and text may have together. gpu: whether all of it goes there.

        Raises BundleError for what is no model or no adapter of it, DeviceError where memory does not suffice.
        """
        import llama_cpp  # noqa: PLC0415 (loading it takes a second, and an app that never parses need not pay)

        # Its own handler prints whatever reaches this level, and maps ggml's levels loosely.
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)
        self._llama: Any = llama_cpp
        self._spelt: dict[str, tuple[int, ...]] = {}
        llama_cpp.llama_backend_init()
        with ExitStack() as opened:
            self._open(path, threads, room, gpu, opened)
            if adapter is not None:
                self._adapt(adapter)
            self._read_in([int(llama_cpp.llama_vocab_bos(self._vocab))])
            self._kept = self._read
            self._opened = opened.pop_all()

    def _open(self, path: Path, threads: int, room: int, gpu: bool, opened: ExitStack) -> None:
        """opened: what is to be freed in the end, or where something fails."""
        llama = self._llama
        model_params = llama.llama_model_default_params()
        model_params.n_gpu_layers = ALL_LAYERS if gpu else 0
        self._model: Any = llama.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise BundleError(f"{path} is not a model that llama.cpp can load; build or pull the bundle again.")
        opened.callback(llama.llama_model_free, self._model)
        self._vocab: Any = llama.llama_model_get_vocab(self._model)
        self._size = int(llama.llama_vocab_n_tokens(self._vocab))

        params = llama.llama_context_default_params()
        params.n_ctx = room
        params.n_batch = params.n_ubatch = min(room, BATCH)
        params.n_threads = params.n_threads_batch = threads
        params.offload_kqv = params.op_offload = gpu
        self._context: Any = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise DeviceError(
                f"llama.cpp found no memory for {path.name}; close other programs, or use the device cpu."
            )
        opened.callback(llama.llama_free, self._context)
        self._batch: Any = llama.llama_batch_init(BATCH, 0, 1)
        opened.callback(llama.llama_batch_free, self._batch)
        self._read = 0  # tokens so far
        self._kept = 0  # of these, the prompt's

    @property
    def chat_template(self) -> str | None:
        """A turn of the chat that the model was made for, `{}` in it for what is said to it; None for a base model."""
        llama = self._llama
        if not llama.llama_model_chat_template(self._model, None):
            return None
        said = (llama.llama_chat_message * 1)(llama.llama_chat_message(role=b"user", content=b"{}"))
        turn = ctypes.create_string_buffer(4096)
        length = llama.llama_chat_apply_template(
            llama.llama_model_chat_template(self._model, None), said, 1, True, turn, len(turn)
        )
        return turn.raw[:length].decode() if 0 < length <= len(turn) else None

    def spell(self, text: str, special: bool = False) -> tuple[int, ...]:
        """The tokens of a text. special: whether it may hold names of special tokens, as chat templates do."""
        key = f"{special:d}{text}"
        if key not in self._spelt:
            if len(self._spelt) > 100_000:
                self._spelt.clear()
            data = text.encode(errors="replace")
            found = (self._llama.llama_token * (len(data) + 8))()
            count = self._llama.llama_tokenize(self._vocab, data, len(data), found, len(found), False, special)
            self._spelt[key] = tuple(found[:count])
        return self._spelt[key]

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens spell."""
        return b"".join(map(self._piece, tokens)).decode(errors="replace")

    def prompt(self, tokens: Sequence[int]) -> None:
        """Reads what stands before every text from now on."""
        self.restart()
        self._read_in(tokens)
        self._kept = self._read

    def restart(self) -> None:
        """Forgets all but the prompt."""
        self._llama.llama_memory_seq_rm(self._llama.llama_get_memory(self._context), 0, self._kept, -1)
        self._read = self._kept

    def likelihoods(self, tokens: Sequence[int], among: Sequence[int]) -> NDArray[np.float64]:
        """Reads tokens on, and says how likely each of some tokens is to follow, among them alone, in nats."""
        self._read_in(tokens)
        logits = np.ctypeslib.as_array(self._llama.llama_get_logits_ith(self._context, -1), shape=(self._size,))
        some = logits[np.asarray(among)].astype(np.float64)
        some -= some.max()
        return np.asarray(some - np.log(np.exp(some).sum()))

    def close(self) -> None:
        self._opened.close()

    def _adapt(self, adapter: Path) -> None:
        """The adapter is freed with the model."""
        llama = self._llama
        adapters = (llama.llama_adapter_lora_p_ctypes * 1)(
            llama.llama_adapter_lora_init(self._model, str(adapter).encode())
        )
        scales = (ctypes.c_float * 1)(1.0)
        if not adapters[0] or llama.llama_set_adapters_lora(self._context, adapters, 1, scales):
            raise BundleError(f"{adapter} is not an adapter of the bundle's parser; build or pull the bundle again.")

    def _read_in(self, tokens: Sequence[int]) -> None:
        """Only the last token's logits are computed."""
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            batch = self._batch
            batch.n_tokens = len(part)
            for index, token in enumerate(part):
                batch.token[index] = token
                batch.pos[index] = self._read + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = start + index + 1 == len(tokens)
            if self._llama.llama_decode(self._context, batch):
                raise DeviceError("llama.cpp could not read the instruction; the memory may not suffice.")
            self._read += len(part)

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, length)]
