"""The files that commands write: of which kind each is, and that it can be written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from editjudge.utils import atomic_file

HTML = (".html", ".htm")
PNG = (".png",)
JSON_LINES = (".jsonl", ".ndjson")


def check_outputs(inputs: Iterable[Path], **outputs: tuple[Path | None, tuple[str, ...]]) -> None:
    """Checks, before any work is done, that all outputs can be written, are named as what they are, and replace no
    input.

    Args:
        inputs: What is read.
        outputs: By the name of their options, without the dashes: where each goes, if anywhere, and the suffixes that
            it may have.

    Raises InputError.
    """
    atomic_file.check_outputs((path for path, _ in outputs.values()), inputs)
    for option, (path, suffixes) in outputs.items():
        if path is not None:
            atomic_file.check_suffix(f"--{option}", path, suffixes)
