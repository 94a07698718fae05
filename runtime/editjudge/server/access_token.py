"""What clients of a service have to show: read from a file, or from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from editjudge.errors import InputError
from editjudge.utils.text import shorten

VARIABLE = "EDITJUDGE_TOKEN"
TOKEN = re.compile(r"[\w.~+/-]{16,4096}=*", re.ASCII)
"""What `Authorization: Bearer` can carry, and long enough not to be guessed."""
LONGEST = 8192
"""Bytes of a file that are read."""


def read_token(path: Path | None) -> str | None:
    """The text of the file, or else of the environment; None: there is neither. Raises InputError."""
    if path is None:
        text, source = os.environ.get(VARIABLE), VARIABLE
        if text is None:
            return None
    else:
        source = shorten(str(path))
        try:
            with path.open("rb") as file:
                text = file.read(LONGEST).decode("ascii", "replace")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"cannot read the token of {source}: {reason}; name another with --token-file") from error
    token = text.strip()
    if not TOKEN.fullmatch(token):
        raise InputError(
            f"the token of {source} cannot be used; write at least 16 letters, digits, or any of -._~+/, as openssl "
            "rand -hex 32 makes them"
        )
    return token
