"""Answers kept on disk, so that the same question is asked, and paid for, once on a machine."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from editjudge.backends.vision_language import VisionAnswer, VisionQuestion
from editjudge.bundles.cache import cache_folder, warn_unkept
from editjudge.errors import BundleError, InputError
from editjudge.utils import atomic_file
from editjudge.utils.forks import new_lock

FORMAT = 1
FOLDER = "judgements"
LARGEST = 65_536
"""Bytes of a file; what is larger is none of ours."""

_writing = new_lock()
"""For all stores of this process: the temporary file is named after it."""


class AnswerStore:
    """A file for each answer, in a folder of the user's cache. May be shared by threads and processes, and never fails:
    where nothing can be kept there is a warning, and what is damaged is asked anew.

    A file holds the answer and the hash of its question: no picture, no instruction, no address and no key.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """folder: None: of the user's cache."""
        self._folder = folder

    def get(self, identity: str, question: VisionQuestion) -> VisionAnswer | None:
        """The answer that a model gave; None where none is kept."""
        key = hash_question(identity, question)
        with suppress(OSError, ValueError, TypeError, LookupError, RecursionError, BundleError):
            path = self._path(key)
            if path.is_file() and path.stat().st_size <= LARGEST:
                return _read(json.loads(path.read_text(encoding="utf-8")), key)
        return None

    def put(self, identity: str, question: VisionQuestion, answer: VisionAnswer) -> None:
        key = hash_question(identity, question)
        try:
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            with _writing:
                atomic_file.write(path, json.dumps({"question": key, **vars(answer)}))
        except (OSError, InputError, BundleError) as error:
            warn_unkept(f"the answer of a judge cannot be kept ({error})")

    def _path(self, key: str) -> Path:
        folder = cache_folder() / FOLDER if self._folder is None else self._folder
        return folder / key[:2] / f"{key}.json"


def hash_question(identity: str, question: VisionQuestion) -> str:
    """What an answer depends on: the model, every word, the form of the answer, the pictures, and what is drawn."""
    parts = [hashlib.sha256(part).hexdigest() if isinstance(part, bytes) else part for part in question.content]
    asked = vars(question) | {"content": parts, "schema": json.dumps(dict(question.schema))}
    text = json.dumps([FORMAT, identity, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(content: Any, key: str) -> VisionAnswer:
    """Raises ValueError, TypeError or LookupError for what is no answer to this question."""
    text, read, written = content["text"], content["read_tokens"], content["written_tokens"]
    counts = all(count is None or (type(count) is int and count >= 0) for count in (read, written))
    if content["question"] != key or not isinstance(text, str) or not counts:
        raise ValueError("not an answer")
    return VisionAnswer(text, read, written)
