"""The one file that knows llama.cpp: a small language model that holds several prompts and reads a text after each."""

from __future__ import annotations

import ctypes
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import BundleError, DeviceError
from editjudge.types import Ran

BATCH = 32
"""Tokens evaluated at once. Logits of one batch take BATCH x 262,144 x 4 bytes with Gemma 3's vocabulary."""
SHORTLIST = 256
"""How many of the likeliest tokens a grammar is asked about before it is asked about all of them."""


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
    """A GGUF model whose prompts are evaluated once, each in a sequence of its own; not safe to share between threads.

    `read` puts a text after a prompt and says how likely it is there; `write` continues it under a grammar.
    """

    def __init__(self, path: Path, prompts: Sequence[str], room: int, threads: int, gpu: bool = False) -> None:
        """room: how many tokens may follow a prompt, read and written together. gpu: whether it goes there, whole."""
        import llama_cpp  # noqa: PLC0415 (loading it takes a second, and an app that never parses need not pay)

        # Its own handler prints whatever reaches this level, and maps ggml's levels loosely.
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL + 1)
        self._llama: Any = llama_cpp
        llama_cpp.llama_backend_init()
        model_params = llama_cpp.llama_model_default_params()
        model_params.n_gpu_layers = ALL_LAYERS if gpu else 0
        self._model: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise BundleError(f"{path} is not a model that llama.cpp can load; build or pull the bundle again.")
        self._vocab: Any = llama_cpp.llama_model_get_vocab(self._model)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocab))

        encoded = [[int(llama_cpp.llama_vocab_bos(self._vocab)), *self.tokens(prompt)] for prompt in prompts]
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = sum(map(len, encoded)) + room * len(encoded)
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = threads
        params.n_seq_max = len(encoded)
        params.kv_unified = True
        params.offload_kqv = params.op_offload = gpu
        self._context: Any = llama_cpp.llama_init_from_model(self._model, params)
        if not self._context:
            raise DeviceError(
                f"llama.cpp found no memory for {path.name}; close other programs, or use the device cpu."
            )
        self._batch: Any = llama_cpp.llama_batch_init(BATCH, 0, 1)
        self._ends = [0] * len(encoded)  # tokens in each sequence so far
        self._last = [np.empty(0, np.float32)] * len(encoded)  # logits after the last token of each
        for sequence, tokens in enumerate(encoded):
            self._evaluate([(sequence, token) for token in tokens])
        self._prompts = list(zip(self._ends, self._last, strict=True))

    def tokens(self, text: str) -> list[int]:
        data = text.encode()
        found = (self._llama.llama_token * (len(data) + 8))()
        count = self._llama.llama_tokenize(self._vocab, data, len(data), found, len(found), False, False)
        return list(found[:count])

    def read(self, sequences: Sequence[int], tokens: Sequence[int], end: int) -> NDArray[np.float64]:
        """Puts the tokens after the prompts of these sequences, in place of what was there.

        Returns float64[len(sequences)]: how likely they, and `end` after them, are in each, in nats.
        """
        memory = self._llama.llama_get_memory(self._context)
        for sequence in sequences:
            self._ends[sequence], self._last[sequence] = self._prompts[sequence]
            self._llama.llama_memory_seq_rm(memory, sequence, self._ends[sequence], -1)
        likelihoods = self._evaluate([(sequence, token) for sequence in sequences for token in tokens], scored=True)
        return np.array([likelihoods[each] + _log_likelihood(self._last[each], end) for each in sequences])

    def write(self, sequence: int, lead: Sequence[int], grammar: str, limit: int) -> tuple[str, float]:
        """Continues a sequence by `lead`, then greedily inside a GBNF grammar to a newline, or for `limit` tokens.

        Returns the text and the log-likelihood, nats, of its least likely token: -inf when the limit cut it off.
        """
        sampler = self._llama.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not sampler:
            raise ValueError("llama.cpp does not accept the grammar")
        self._evaluate([(sequence, token) for token in lead])
        written = b""
        lowest = 0.0
        try:
            for _ in range(limit):
                token, likelihood = self._pick(sampler, self._last[sequence])
                lowest = min(lowest, likelihood)
                piece = self._piece(token)
                if piece.endswith(b"\n") or not piece:
                    return written.decode(errors="ignore").strip(), lowest
                written += piece
                self._llama.llama_sampler_accept(sampler, token)
                self._evaluate([(sequence, token)])
        finally:
            self._llama.llama_sampler_free(sampler)
        return written.decode(errors="ignore").strip(), -math.inf

    def close(self) -> None:
        if self._context:
            self._llama.llama_batch_free(self._batch)
            self._llama.llama_free(self._context)
            self._llama.llama_model_free(self._model)
            self._context = None

    def _evaluate(self, entries: Sequence[tuple[int, int]], scored: bool = False) -> dict[int, float]:
        """Puts tokens, each given with its sequence, at the ends of the sequences.

        Returns, when asked for it, the sum of the tokens' log-likelihoods in each sequence.
        """
        likelihoods = dict.fromkeys((sequence for sequence, _ in entries), 0.0)
        for start in range(0, len(entries), BATCH):
            part = entries[start : start + BATCH]
            batch = self._batch
            batch.n_tokens = len(part)
            for index, (sequence, token) in enumerate(part):
                batch.token[index] = token
                batch.pos[index] = self._ends[sequence]
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = sequence
                batch.logits[index] = scored or index == len(part) - 1
                self._ends[sequence] += 1
            if self._llama.llama_decode(self._context, batch):
                raise RuntimeError("llama.cpp could not evaluate the instruction")
            pointer = self._llama.llama_get_logits(self._context)
            logits = np.ctypeslib.as_array(pointer, shape=(len(part) if scored else 1, self._size))
            if scored:
                for (sequence, token), after in zip(part, logits, strict=True):
                    likelihoods[sequence] += _log_likelihood(self._last[sequence], token)
                    self._last[sequence] = after
            else:
                self._last[part[-1][0]] = logits[0]
            for sequence in {sequence for sequence, _ in part}:
                self._last[sequence] = self._last[sequence].copy()  # llama.cpp uses its buffer again
        return likelihoods

    def _pick(self, sampler: Any, logits: NDArray[np.float32]) -> tuple[int, float]:
        """The likeliest token that the grammar allows, and its log-likelihood among all tokens."""
        shortlist = np.argpartition(logits, -SHORTLIST)[-SHORTLIST:]
        for candidates in (shortlist, np.arange(self._size)):
            data = (self._llama.llama_token_data * len(candidates))()
            table = np.ctypeslib.as_array(data)
            table["id"], table["logit"] = candidates, logits[candidates]
            array = self._llama.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
            self._llama.llama_sampler_apply(sampler, ctypes.byref(array))
            best = int(table["logit"].argmax())
            if np.isfinite(table["logit"][best]):
                token = int(table["id"][best])
                return token, _log_likelihood(logits, token)
        raise RuntimeError("the grammar allows no token")

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, length)]


def _log_likelihood(logits: NDArray[np.float32], token: int) -> float:
    highest = logits.max()
    return float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))
