"""Answers kept on disk, so that an instruction is read once on a machine."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Error
from typing import Any

import diskcache

from editjudge.parser.language_model import ModelAnswer

FORMAT = 2
"""To be raised with what makes the same model answer otherwise: `normalize`, `grammar`, `prompts`."""
LARGEST = 64 * 2**20
"""Bytes, then what was not used for longest goes."""


class ParseCache:
    """May be shared by threads and processes. Where the folder cannot be written, nothing is kept."""

    def __init__(self, folder: Path, model: str) -> None:
        """`model` tells the model, with its adapter, from all others."""
        self._model = f"{FORMAT} {model}"
        self._cache: Any = None
        with suppress(Error, OSError):
            # As JSON: the other way that it knows, pickles, would run whatever is in the folder.
            self._cache = diskcache.Cache(str(folder), disk=diskcache.JSONDisk, size_limit=LARGEST)

    def get(self, text: str) -> ModelAnswer | None:
        with suppress(Error, OSError, ValueError, KeyError, TypeError):
            content = self._cache.get(self._key(text)) if self._cache is not None else None
            return ModelAnswer.from_dict(content) if content is not None else None
        return None

    def put(self, text: str, answer: ModelAnswer) -> None:
        with suppress(Error, OSError):
            if self._cache is not None:
                self._cache.set(self._key(text), asdict(answer))

    def close(self) -> None:
        if self._cache is not None:
            self._cache.close()

    def _key(self, text: str) -> str:
        return f"{self._model} {text}"
