"""Opens the tokenizer of a bundle."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from editjudge.backends.error_origin import came_from
from editjudge.errors import BundleError

SAMPLE = "an \N{SNOWMAN} xqzv"
"""Words that a vocabulary has, and some that it has not: what is wrong with a file often shows only then."""


def open_tokenizer(path: Path) -> Tokenizer:
    """Raises BundleError for what is no tokenizer, or one that cannot take a text apart."""
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.encode(SAMPLE)
    except BaseException as error:  # the library raises bare Exceptions, and where it panics not even those
        if not came_from(error) or isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        reason = " ".join(str(error).split())[:200]
        raise BundleError(f"{path} is not a tokenizer: {reason}; fetch or build the bundle again") from error
    return tokenizer
