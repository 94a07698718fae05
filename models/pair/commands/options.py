"""Values of options, checked as they are read, and how a command ends that cannot go on."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import contextmanager

from editjudge.errors import EditJudgeError, InputError

Part = tuple[int, int]
"""I and N: of N processes, this one takes every Nth shard from I on."""
PART_HELP = "I/N: of N processes, this one writes every Nth from I on"
BUNDLE_HELP = "whose CLIP looks at the pictures: a name, or a folder such as ./bundle"


def read_natural(text: str) -> int:
    """A whole number from 0."""
    return _read_whole(text, least=0)


def read_count(text: str) -> int:
    """A whole number from 1."""
    return _read_whole(text, least=1)


def read_pairs(text: str) -> int:
    """A whole number from 2: one alone can be told from nothing."""
    return _read_whole(text, least=2)


def read_positive(text: str) -> float:
    """A number above 0."""
    number = _read_number(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be above 0")
    return number


def read_not_negative(text: str) -> float:
    """A number from 0."""
    number = _read_number(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be 0 or more")
    return number


def read_share(text: str) -> float:
    """A number from 0 to 1."""
    number = _read_number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 0 to 1")
    return number


def read_part(text: str) -> Part:
    """I/N, with I from 0 to before N."""
    first, _, parts = text.partition("/")
    if not (first.isdecimal() and parts.isdecimal() and int(first) < int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} must be I/N with I from 0 to N - 1, such as 0/2 and 1/2")
    return int(first), int(parts)


@contextmanager
def exit_with_reason(command_line: argparse.ArgumentParser) -> Iterator[None]:
    """Ends the process with one sentence and a status of its own where the block cannot go on."""
    try:
        yield
    except EditJudgeError as error:
        command_line.exit(error.exit_status, f"{error}\n")
    except OSError as error:
        command_line.exit(InputError.exit_status, f"{error}\n")


def _read_whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} must be {least} or more")
    return number


def _read_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} must be finite")
    return number
