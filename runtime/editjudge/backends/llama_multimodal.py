"""A GGUF model with its projector in llama.cpp: texts and pictures in, a text that follows a grammar out."""

from __future__ import annotations

import ctypes
import os
import re
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from editjudge.backends.llama_chat import ChatPart
from editjudge.backends.llama_library import (
    check_status,
    free_resources,
    hear_llama,
    load_llama_cpp,
    load_mtmd,
    read_token,
)
from editjudge.backends.llama_sampler import GrammarSampler
from editjudge.backends.vision_language import VisionAnswer
from editjudge.errors import DeviceError, EditJudgeError, ImageError, InputError, JudgeError, OutOfMemoryError
from editjudge.utils.oom import ADVICE, NO_MEMORY, check_room

BATCH = 512
"""Tokens evaluated at once. All of a picture's attend to each other: 256 in Gemma 3, at most 280 in Gemma 4."""
ALL_LAYERS = -1
VOCABULARY_BYTES, SPARE, THREAD_BYTES = 192 << 20, 192 << 20, 16 << 20
"""What 262,144 words take at most, a context besides its cache, and a thread with its stack. Where they are not to be
had, llama.cpp ends the process."""
WIDTHS = re.compile(r"text model \(n_embd = (\d+)\) and mmproj \(n_embd = (\d+)\)")
"""What libmtmd says of a projector of another model."""
LOAD = "load the model with eyes"
NO_ROOM = f"there is not enough memory to {LOAD}; {ADVICE}"


class MultimodalModel:
    """A model, its projector and its context; not safe to share between threads.

    llama-cpp-python's own handler of such questions turns the whole process's standard output and error off at each
    call, counts only when it has begun, and reads the user's text for special tokens; so its functions are called here.
    """

    def __init__(self, path: Path, mmproj: Path, threads: int, *, room: int, gpu: bool = False) -> None:
        """Loads a model.

        Args:
            path: GGUF.
            mmproj: GGUF of its projector.
            threads: That compute.
            room: How many tokens question, pictures and answer may have together.
            gpu: Whether all of it goes to the GPU.

        Raises InputError for files that do not fit, DeviceError, OutOfMemoryError.
        """
        self._llama: Any = load_llama_cpp()
        self._mtmd: Any = load_mtmd()
        scale = 1 if gpu else 2  # the file is mapped, and laid out anew for a CPU
        files = path.stat().st_size + mmproj.stat().st_size
        check_room(scale * files + VOCABULARY_BYTES + threads * THREAD_BYTES, LOAD)
        with hear_llama(), ExitStack() as resources:
            self._open(path, threads, room, gpu, resources)
            self._open_eyes(mmproj, path, threads, gpu, resources)
            # Freed by `close`, or when nobody uses the model any more; when the interpreter ends, by the system alone.
            self._free = weakref.finalize(self, free_resources, resources.pop_all())
            self._free.atexit = False

    def _open(self, path: Path, threads: int, room: int, gpu: bool, resources: ExitStack) -> None:
        """`resources` are freed in the end, or where something fails."""
        llama = self._llama
        model_params = llama.llama_model_default_params()
        model_params.n_gpu_layers = ALL_LAYERS if gpu else 0
        with hear_llama() as errors:
            self._model: Any = llama.llama_model_load_from_file(os.fsencode(path), model_params)
        if not self._model:
            raise _explain(f"{path.name} is not a language model that llama.cpp can load; name another file", errors)
        resources.callback(llama.llama_model_free, self._model)
        self._vocab: Any = llama.llama_model_get_vocab(self._model)
        check_room(self._cache_bytes(room) + SPARE, LOAD)

        params = llama.llama_context_default_params()
        params.n_ctx = room
        params.n_batch = params.n_ubatch = min(room, BATCH)
        params.n_outputs_max = 1  # only the last token's logits are read; of all they take 500 MB
        params.n_threads = params.n_threads_batch = threads
        params.swa_full = False  # nothing is taken back, so that layers with a window need keep no more than it
        params.offload_kqv = params.op_offload = gpu
        with hear_llama():
            self._context: Any = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise OutOfMemoryError(NO_ROOM)
        resources.callback(llama.llama_free, self._context)
        self._room = int(llama.llama_n_ctx(self._context))

    def _open_eyes(self, mmproj: Path, path: Path, threads: int, gpu: bool, resources: ExitStack) -> None:
        mtmd = self._mtmd
        params = mtmd.mtmd_context_params_default()
        params.use_gpu, params.n_threads, params.print_timings = gpu, threads, False
        params.warmup = False  # which looks at a picture of nothing
        with hear_llama() as errors:
            self._eyes: Any = mtmd.mtmd_init_from_file(os.fsencode(mmproj), self._model, params)
        if not self._eyes:
            if widths := WIDTHS.search(" ".join(errors)):
                told = f"its embeddings have {widths[2]} numbers where {path.name} has {widths[1]}"
                raise InputError(f"{mmproj.name} is the mmproj of another model: {told}; name the one made for it")
            raise _explain(f"{mmproj.name} is no mmproj that llama.cpp can load; name the model's own", errors)
        resources.callback(mtmd.mtmd_free, self._eyes)
        if not mtmd.mtmd_support_vision(self._eyes):
            raise InputError(f"{mmproj.name} hears but does not see; name an mmproj with a vision encoder")

    @property
    def chat_template(self) -> str | None:
        """In Jinja; None for a base model."""
        template = self._llama.llama_model_chat_template(self._model, None)
        return template.decode(errors="replace") if template else None

    @property
    def end(self) -> str:
        """The text of the last token; empty where the model has none."""
        token = self._llama.llama_vocab_eos(self._vocab)
        return "" if token < 0 else str(self._llama.llama_vocab_get_text(self._vocab, token).decode(errors="replace"))

    def answer(
        self, parts: Sequence[ChatPart], grammar: str, longest: int, *, temperature: float, seed: int
    ) -> VisionAnswer:
        """What the model goes on with, which follows a grammar (GBNF) to its end.

        Raises ImageError for a picture that cannot be decoded, InputError for a question that does not fit with the
        `longest` answer, JudgeError for an answer that is cut off there, DeviceError, OutOfMemoryError.
        """
        with hear_llama() as errors, ExitStack() as resources:
            chunks = self._tokenize(parts, resources)
            read = self._count(chunks)
            if read + longest > self._room:
                needed = f"the question has {read:,} tokens with its pictures, and its answer up to {longest:,}"
                raise InputError(f"{needed}; the context has {self._room:,}: name a larger one, or smaller pictures")
            sampler = GrammarSampler(self._vocab, grammar, temperature, seed, resources)
            self._read(chunks, errors)
            pieces = list(self._write(sampler, longest, errors))
        return VisionAnswer(b"".join(pieces).decode(errors="replace"), read, len(pieces))

    def close(self) -> None:
        """Frees the memory; nothing else can be called after it."""
        self._free()

    def _cache_bytes(self, room: int) -> int:
        """At most: keys and values of 16 bits, for every token in every layer."""
        llama, model = self._llama, self._model
        heads, shared = llama.llama_model_n_head(model), llama.llama_model_n_head_kv(model)
        width = llama.llama_model_n_embd(model) * shared // max(1, heads)
        return int(2 * 2 * room * llama.llama_model_n_layer(model) * width)

    def _tokenize(self, parts: Sequence[ChatPart], resources: ExitStack) -> Any:
        mtmd = self._mtmd
        inputs = (ctypes.POINTER(mtmd.mtmd_input_part) * len(parts))()
        kept: list[Any] = []  # what `inputs` points to
        for index, part in enumerate(parts):
            if isinstance(part.content, bytes):
                held = mtmd.mtmd_input_part(None, self._decode_picture(part.content, resources))
            else:
                data = part.content.encode(errors="replace")
                text = mtmd.mtmd_input_text(data, len(data), False, part.special)
                held = mtmd.mtmd_input_part(ctypes.pointer(text), None)
            kept.append(held)
            inputs[index] = ctypes.pointer(held)
        chunks = mtmd.mtmd_input_chunks_init()
        resources.callback(mtmd.mtmd_input_chunks_free, chunks)
        if status := mtmd.mtmd_tokenize_from_parts(self._eyes, chunks, inputs, len(parts), True):
            raise DeviceError(f"llama.cpp could not take the question apart (it says {status}); report it")
        return chunks

    def _decode_picture(self, data: bytes, resources: ExitStack) -> Any:
        mtmd = self._mtmd
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        picture = mtmd.mtmd_helper_bitmap_init_from_buf(self._eyes, buffer, len(data), False)
        if not picture:
            raise ImageError("llama.cpp cannot decode a picture; hand it in as PNG or JPEG")
        resources.callback(mtmd.mtmd_bitmap_free, picture)
        return picture

    def _count(self, chunks: Any) -> int:
        mtmd = self._mtmd
        each = (mtmd.mtmd_input_chunks_get(chunks, index) for index in range(mtmd.mtmd_input_chunks_size(chunks)))
        return sum(mtmd.mtmd_input_chunk_get_n_tokens(chunk) for chunk in each)

    def _read(self, chunks: Any, errors: list[str]) -> None:
        llama = self._llama
        llama.llama_memory_clear(llama.llama_get_memory(self._context), True)
        length = llama.llama_pos(0)
        batch = min(self._room, BATCH)
        status = self._mtmd.mtmd_helper_eval_chunks(
            self._eyes, self._context, chunks, 0, 0, batch, True, ctypes.byref(length)
        )
        check_status(status, "read the question", errors)

    def _write(self, sampler: GrammarSampler, longest: int, errors: list[str]) -> Iterator[bytes]:
        """The tokens of the answer, without the one that ends it."""
        llama = self._llama
        for _ in range(longest):
            token = sampler.sample(self._context)
            if llama.llama_vocab_is_eog(self._vocab, token):
                return
            yield read_token(llama, self._vocab, token)
            batch = llama.llama_batch_get_one((llama.llama_token * 1)(token), 1)
            check_status(llama.llama_decode(self._context, batch), "write the answer", errors)
        if not llama.llama_vocab_is_eog(self._vocab, sampler.sample(self._context)):
            raise JudgeError(f"the judge's answer was cut off at {longest:,} tokens; allow more, or ask for less")


def _explain(fault: str, errors: Sequence[str]) -> EditJudgeError:
    """The error for a file that was not loaded: the functions say nothing; what was told of on the way does."""
    return OutOfMemoryError(NO_ROOM) if any(map(NO_MEMORY.search, errors)) else InputError(fault)
