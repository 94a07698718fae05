"""Everything that can go wrong, as one tree. Each message is one sentence: what is wrong, and what to do.

EditJudgeError
├── InputError          exit status 2: a picture, an instruction or an option is not usable
│   ├── ImageError      a picture cannot be read, or exceeds a limit
│   └── InstructionError
├── BundleError         exit status 3: a bundle is missing, damaged or not for this version
├── DeviceError         exit status 3: the device, its provider or a needed package is not there
├── JudgeError          exit status 3: a judge cannot be asked, refused, or gave no answer that can be read
└── OutOfMemoryError    exit status 3: there is not enough memory; the Scorer can still be used
"""

from __future__ import annotations

import re

UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Halves of characters, which cannot be printed or encoded, and controls, which a terminal obeys."""

LONGEST_QUOTE = 80
"""Characters of a text, or bits of a number, that a message repeats."""


def quote_value(value: object) -> str:
    """A value that was handed in, as a message names it: its kind, where it is no short text or number."""
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if value.bit_length() <= LONGEST_QUOTE else f"a number of {value.bit_length():,} bits"
    kind = type(value).__name__
    if isinstance(value, str | bytes | bytearray):
        return repr(value) if len(value) <= LONGEST_QUOTE else f"a {kind} of length {len(value):,}"
    return f"of type {kind}"


class EditJudgeError(Exception):
    """The root: `except EditJudgeError` catches whatever this package raises on purpose."""

    exit_status = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", message))  # whatever name or text it repeats


class InputError(EditJudgeError):
    """What was handed in cannot be used as it is."""

    exit_status = 2


class ImageError(InputError):
    """A picture cannot be read, or exceeds a limit."""


class InstructionError(InputError):
    """An instruction is empty or too long, or says nothing that could be scored."""


class BundleError(EditJudgeError):
    """A bundle is missing, damaged, or written for another version."""

    exit_status = 3


class DeviceError(EditJudgeError):
    """The device, its provider or a package it needs is not there."""

    exit_status = 3


class JudgeError(EditJudgeError):
    """A vision-language model that is asked for its judgement cannot be reached, refused, or gave no usable answer."""

    exit_status = 3


class OutOfMemoryError(EditJudgeError):
    """The machine or the device has not enough memory for what was asked; what raised it can be used again."""

    exit_status = 3


class EditJudgeWarning(UserWarning):
    """Something is not as it should be, and the scores are right all the same; each is said once in a process."""
