"""Choices out of bytes: the same bytes make the same choices, so that a fuzzer of bytes can steer what is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")

ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80",
    b"\n",
    b'"',
    b",",
    b"\0" * 64,
    b"9" * 20,
)


class Draw:
    """Bytes that are used up by choices; when none are left, every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, below: int) -> int:
        """A number from 0 to below `below`."""
        length = max(1, (below - 1).bit_length() + 7 >> 3)
        piece = self._data[self._at : self._at + length]
        self._at += length
        return int.from_bytes(piece, "big") % below

    def choose(self, items: Sequence[Choice]) -> Choice:
        return items[self.number(len(items))]

    def chance(self, one_in: int) -> bool:
        """Whether a case of so many comes up; never when the bytes are used up."""
        return self.number(one_in) == 1

    def mutate(self, content: bytes, most: int = 6) -> bytes:
        """The bytes with up to `most` changes."""
        changed = bytearray(content)
        for _ in range(1 + self.number(most)):
            place = self.number(len(changed) + 1)
            kind = self.number(7)
            if kind == 0:
                changed[place : place + 1] = bytes([self.number(256)])
            elif kind == 1:
                changed[place : place + 1] = bytes(
                    [(changed[place] if place < len(changed) else 0) ^ 1 << self.number(8)]
                )
            elif kind == 2:
                del changed[place : place + 1 + self.number(64)]
            elif kind == 3:
                del changed[place:]
            elif kind == 4:
                changed[place:place] = self.choose(ODD_BYTES)
            elif kind == 5:
                odd = self.choose(ODD_BYTES)
                changed[place : place + len(odd)] = odd
            else:
                start = self.number(len(changed) + 1)
                changed[place:place] = changed[start : start + 1 + self.number(256)]
        return bytes(changed)

    def mutate_text(self, text: str) -> str:
        """The same of a text, what is no UTF-8 any more as lone surrogates."""
        return self.mutate(text.encode("utf-8", "surrogatepass"), 3).decode("utf-8", "surrogateescape")
