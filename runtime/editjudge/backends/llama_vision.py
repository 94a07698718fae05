"""A local vision-language model: llama.cpp with a GGUF and its mmproj, such as Gemma 3 4B or Gemma 4."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from editjudge.backends.llama_chat import render_chat, write_grammar
from editjudge.backends.llama_cpp import choose_placement
from editjudge.backends.llama_multimodal import NO_ROOM, MultimodalModel
from editjudge.backends.vision_language import VisionAnswer, VisionQuestion
from editjudge.bundles.cache import file_sha256
from editjudge.bundles.contents.gguf import GgufKind, check_gguf
from editjudge.errors import EditJudgeError, InputError, OutOfMemoryError
from editjudge.utils.arguments import PATH, THREADS, whole_number
from editjudge.utils.forks import leave_behind, renew_after_fork
from editjudge.utils.oom import lacks_memory
from editjudge.utils.own_thread import OwnThread

CONTEXT = 8192
"""Tokens. A picture is 256 of Gemma 3's, whatever its size, and two around it. Two pictures, the 250 of a question of
`three_sides` and the 764 of its longest answer are 1,530: 2,048 do, and 8,192 take some 350 MB of memory with Gemma 3
4B. Gemma 4 takes up to 280 for a picture.
"""
ROOM = whole_number(256, 2**20)
SPARE = 1
"""Cores left to others: llama.cpp's threads spin while they wait for each other, and one that shares its core stalls
them all."""


class LlamaVisionModel:
    """A GGUF and its mmproj in llama.cpp. May be shared by threads, which it answers one after the other.

    Tried: Gemma 3 270M with a projector of random weights. The vision of Gemma 3 4B, 12B and 27B and of Gemma 4 takes
    the same calls; it was not tried here.
    """

    backend = "llama"

    def __init__(
        self,
        model: str | Path,
        mmproj: str | Path | None = None,
        *,
        context: int = CONTEXT,
        threads: int | None = None,
        gpu: bool | None = None,
    ) -> None:
        """Loads a model, which takes seconds.

        Args:
            model: The file of the language model, GGUF.
            mmproj: That of its projector; None: the one beside the model whose name begins with mmproj.
            context: How many tokens a question with its pictures and its answer may have together.
            threads: That compute; None: a core fewer than there are, at most 8.
            gpu: Whether all of it goes to the GPU; None: where llama.cpp was built for one and it has the room.

        Raises InputError for arguments that make no sense and for files that are missing, broken or not made for each
        other, DeviceError where llama.cpp was built without libmtmd, and OutOfMemoryError.
        """
        PATH.check(model=model)
        PATH.or_none("the one beside the model").check(mmproj=mmproj)
        ROOM.check(context=context)
        THREADS.check(threads=threads)
        self._path = Path(model)
        _check(self._path, "model")
        self._mmproj = Path(mmproj) if mmproj is not None else _find_mmproj(self._path)
        _check(self._mmproj, "projector")
        self._context, self._gpu = context, gpu
        self._threads = threads or max(1, min(8, (os.cpu_count() or 2) - SPARE))
        self._seeing: MultimodalModel | None = None
        self._thread = OwnThread("editjudge-judge")
        renew_after_fork(self)
        self._thread.run(self._open)

    @property
    def model(self) -> str:
        """The name of its file."""
        return self._path.name

    @property
    def identity(self) -> str:
        """The sha256 of both files. Reading them takes a second for each gigabyte, once."""
        return "+".join(map(_hash, (self._path, self._mmproj)))

    def renew(self) -> None:
        """In a forked process the model is loaded again when needed."""
        leave_behind(self._seeing)
        self._seeing = None

    def answer(self, question: VisionQuestion) -> VisionAnswer:
        """Asks once. The text fits the schema: llama.cpp lets the model write nothing else.

        Raises InputError for a question that does not fit in the context with its longest answer, which is counted
        before, ImageError, JudgeError for an answer that was cut off, DeviceError or OutOfMemoryError.
        """
        return self._thread.run(self._ask, question)

    def close(self) -> None:
        """Frees the model; it is loaded again when needed."""
        if self._seeing is not None:
            self._thread.run(self._seeing.close)
            self._thread.close()
        self._seeing = None

    def _ask(self, question: VisionQuestion) -> VisionAnswer:
        seeing = self._open()
        parts = render_chat(seeing.chat_template, seeing.end, question.system, question.content)
        grammar = write_grammar(question.schema)
        return seeing.answer(parts, grammar, question.longest, temperature=question.temperature, seed=question.seed)

    def _open(self) -> MultimodalModel:
        if self._seeing is None:
            gpu = choose_placement("auto").device == "gpu" if self._gpu is None else self._gpu
            try:
                self._seeing = self._load(gpu)
            except EditJudgeError:
                if not gpu or self._gpu:
                    raise
                self._seeing = self._load(False)  # most likely for want of GPU memory; llama.cpp does not say
        return self._seeing

    def _load(self, gpu: bool) -> MultimodalModel:
        return MultimodalModel(self._path, self._mmproj, self._threads, room=self._context, gpu=gpu)


def _check(path: Path, kind: GgufKind) -> None:
    """Raises InputError for what llama.cpp, which ends the process over some damaged files, should not be handed."""
    what = "an mmproj" if kind == "projector" else "a model"
    try:
        check_gguf(path, kind)
    except FileNotFoundError:
        raise InputError(f"{path} is not there; name {what} in GGUF") from None
    except OSError as error:
        if lacks_memory(error):
            raise OutOfMemoryError(NO_ROOM) from error
        raise InputError(f"{path} cannot be read ({error.strerror or error}); name {what} in GGUF") from error
    except ValueError as error:
        raise InputError(f"{path} is not {what}: {error}; name {what} in GGUF") from error


def _find_mmproj(path: Path) -> Path:
    """The one beside a model, where it is the only one. Raises InputError."""
    found = sorted(path.parent.glob("*mmproj*.gguf"))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found[:4])
        raise InputError(f"{path.name} has {len(found)} mmproj files beside it ({names}); name the one to see with")
    raise InputError(f"{path.name} has no eyes: no mmproj file lies beside it; name a model that sees and its mmproj")


def _hash(path: Path) -> str:
    try:
        status = path.stat()
        return _hash_once(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); name a model in GGUF") from error


@lru_cache(maxsize=64)
def _hash_once(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)
