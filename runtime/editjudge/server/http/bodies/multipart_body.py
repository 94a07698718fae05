"""Reading bodies of forms (multipart/form-data): fields and files, as browsers and curl send them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from editjudge.errors import InputError
from editjudge.server.http.refusals import TooLargeError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

WHOLE = "send it whole, as curl -F and the forms of browsers do"
SILENT = logging.Logger("forms")
SILENT.disabled = True
FIELDS = 16
"""More than there are fields besides edited pictures."""


@dataclass
class FormPart:
    """A part of a form.

    Attributes:
        name: Of its field.
        file_name: None: it is no file.
        content: What it holds.
    """

    name: str = ""
    file_name: str | None = None
    content: bytes = b""


def read_form(content: bytes, content_type: str, most_items: int) -> list[FormPart]:
    """The parts of a body, in their order. most_items: how many pictures it may have.

    Raises InputError for what is no form, and TooLargeError for more parts than there are fields.
    """
    try:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    except (ValueError, UnicodeError):
        boundary = b""
    if not boundary:
        raise InputError(f"the head of the body names no boundary of its parts; {WHOLE}")
    reader = _PartReader(most_items + FIELDS)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.logger = SILENT  # it would fill the log with what is said to the client
        parser.write(content)
        parser.finalize()
    except (FormParserError, UnicodeError):
        raise InputError(f"the body is no form: its parts are malformed; {WHOLE}") from None
    if not reader.is_complete:
        raise InputError(f"the body ends before its last boundary; {WHOLE}")
    return reader.parts


@dataclass
class _PartReader:
    most: int
    parts: list[FormPart] = field(default_factory=list)
    is_complete: bool = False
    _pieces: list[bytes] = field(default_factory=list)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._name,
            "on_part_data": lambda data, start, end: self._pieces.append(bytes(data[start:end])),
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        if len(self.parts) == self.most:
            raise TooLargeError(f"the form has more than {self.most} parts; send fewer pictures in one request")
        self._disposition = b""

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _name(self) -> None:
        options = parse_options_header(self._disposition)[1]
        name, file_name = options.get(b"name"), options.get(b"filename")
        if name is None:
            raise InputError(f"a part of the form has no name; {WHOLE}")
        self.parts.append(FormPart(_decode(name), None if file_name is None else _decode(file_name)))

    def _end(self) -> None:
        self.parts[-1].content = b"".join(self._pieces)
        self._pieces.clear()

    def _complete(self) -> None:
        self.is_complete = True


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "replace")
