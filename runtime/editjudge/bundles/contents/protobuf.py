"""Messages of Protocol Buffers, field by field: enough to look through a file without building it in memory."""

from __future__ import annotations

from collections.abc import Iterator

Value = int | memoryview


class MalformedError(ValueError):
    """It is no message, or not one of this kind."""


_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """The fields of a message by number, in order: an integer, or the bytes of a text, message or fixed-size number.

    Raises MalformedError for what is no message.
    """
    position, end = 0, len(message)
    while position < end:
        key, position = _read_varint(message, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if wire == _BYTES:
            length, position = _read_varint(message, position)
        elif wire in {_FIXED64, _FIXED32}:
            length = 8 if wire == _FIXED64 else 4
        else:
            raise MalformedError(f"a field has the wire type {wire}")
        if length > end - position:
            raise MalformedError("it ends in the middle of a field")
        yield number, message[position : position + length]
        position += length


def read_integers(value: Value) -> list[int]:
    """The integers of a repeated field, packed or one by one, signed. Raises MalformedError."""
    if isinstance(value, int):
        return [_to_signed(value)]
    numbers, position = [], 0
    while position < len(value):
        number, position = _read_varint(value, position)
        numbers.append(_to_signed(number))
    return numbers


def read_text(value: Value) -> str:
    """The text of a field. Raises MalformedError where it is none."""
    if isinstance(value, int):
        raise MalformedError("a text is a number")
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise MalformedError("a text is not UTF-8") from None


def read_message(value: Value) -> memoryview:
    """The bytes of a field. Raises MalformedError where it is a number."""
    if isinstance(value, int):
        raise MalformedError("a message is a number")
    return value


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(message) or shift > 63:
            raise MalformedError("it ends in the middle of a number")
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value & (2**64 - 1), position
        shift += 7


def _to_signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number
