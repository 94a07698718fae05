"""The tokenizer of a checkpoint folder: its tokenizer.json, or the one that transformers makes of older files."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from tokenizers import Tokenizer
from transformers import BertTokenizerFast, CLIPTokenizerFast, PreTrainedTokenizerFast
from transformers.utils import logging

from editjudge.errors import InputError

TOKENIZER_FILE = "tokenizer.json"

VOCABULARIES: dict[tuple[str, ...], type[PreTrainedTokenizerFast]] = {
    ("vocab.json", "merges.txt"): CLIPTokenizerFast,
    ("vocab.txt",): BertTokenizerFast,
}
"""The files that hold a vocabulary where there is no tokenizer.json, and what makes one of them."""
SPECIAL_TOKENS = ("special_tokens_map.json", "added_tokens.json")
"""Which belong to a vocabulary, but may be missing."""


def find_tokenizer_files(names: Collection[str]) -> tuple[str, ...]:
    """Those of a checkpoint's files that its tokenizer is made of; none where they make none."""
    if TOKENIZER_FILE in names:
        return (TOKENIZER_FILE,)
    found = next((files for files in VOCABULARIES if set(files) <= set(names)), ())
    return (*found, *(name for name in SPECIAL_TOKENS if name in names)) if found else ()


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer as it is. Raises InputError where there is none."""
    if not (folder / TOKENIZER_FILE).is_file():
        return _make_tokenizer(folder)
    try:
        return Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    except Exception as error:  # the Rust side raises a bare Exception
        raise InputError(f"{folder / TOKENIZER_FILE} is not a tokenizer: {error}") from error


def save_tokenizer(folder: Path, path: Path) -> None:
    """Writes the tokenizer of a checkpoint folder, in which nothing is changed, as a tokenizer.json named `path`.

    Raises InputError where there is none.
    """
    if (folder / TOKENIZER_FILE).is_file():
        shutil.copyfile(folder / TOKENIZER_FILE, path)
    else:
        _make_tokenizer(folder).save(str(path))


def _make_tokenizer(folder: Path) -> Tokenizer:
    files = find_tokenizer_files([file.name for file in folder.iterdir()])
    if not files:
        raise InputError(f"{folder} has no tokenizer.json: save its fast tokenizer with save_pretrained first")
    make, sources = next((make, names) for names, make in VOCABULARIES.items() if set(names) <= set(files))
    what = f"{folder} has no tokenizer.json, and its {' and '.join(sources)} make none"
    logging.set_verbosity_error()
    try:
        made = make.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the Rust side raises a bare Exception
        raise InputError(f"{what}: {error}") from error
    tokenizer = made.backend_tokenizer
    lacking = set(made.all_special_tokens) - set(tokenizer.get_vocab(with_added_tokens=False))
    if lacking:  # then they are those of another kind of tokenizer
        raise InputError(f"{what}: they have no {', '.join(sorted(lacking))}")
    return tokenizer
