"""Parquet and Arrow files as records, read in a stream; the one file here that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from editjudge.datasets.form import Record
from editjudge.errors import DeviceError, InputError

BATCH = 16
"""Records that are in memory at once: each may hold some pictures of several megabytes."""
MAGIC = b"ARROW1"
"""How an Arrow file begins; what `datasets` saves is an Arrow stream, without it."""


def pyarrow() -> Any:
    """The package, with its modules for files. Raises DeviceError."""
    try:
        import pyarrow  # noqa: PLC0415  (an extra)
        import pyarrow.compute  # noqa: PLC0415
        import pyarrow.ipc  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise DeviceError("parquet and Arrow files need pyarrow; pip install 'editjudge[datasets]'") from error
    return pyarrow


class ArrowTable:
    """Parquet or Arrow files of one schema, one after the other. Raises InputError for one that is damaged."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self._arrow = pyarrow()

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset(self._open(self.files[0]).schema.names)

    @cached_property
    def _lengths(self) -> list[int]:
        return [len(self._open(path)) for path in self.files]

    def __len__(self) -> int:
        return sum(self._lengths)

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record]:
        for path, length in zip(self.files, self._lengths, strict=True):
            if start < length and stop > 0:
                with _told(path):
                    for batch in self._open(path).batches(max(start, 0), min(stop, length), pictures):
                        yield from batch.to_pylist()
            start, stop = start - length, stop - length

    def _open(self, path: Path) -> _Parquet | _Arrow:
        with _told(path):
            return _Parquet(self._arrow, path) if path.suffix.lower() == ".parquet" else _Arrow(self._arrow, path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read ({reason}); fetch or write it again") from error


class _Parquet:
    def __init__(self, arrow: Any, path: Path) -> None:
        self._file = arrow.parquet.ParquetFile(path)
        self._arrow = arrow
        self.schema = self._file.schema_arrow

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def batches(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Any]:
        """What the wanted pictures do not need is not read; nor are groups of rows outside of `start` to `stop`."""
        columns = []
        for field in self.schema:
            kind = _picture_kind(self._arrow, field.type)
            if field.name in pictures or kind is None:
                columns.append(field.name)
            elif kind == "struct":
                columns.append(f"{field.name}.path")
        groups, first, seen = [], 0, 0
        for group in range(self._file.num_row_groups):
            length = self._file.metadata.row_group(group).num_rows
            if seen + length <= start:
                first += length
            elif seen < stop:
                groups.append(group)
            seen += length
        batches = self._file.iter_batches(BATCH, row_groups=groups, columns=columns)
        return _within(batches, start - first, stop - first)


class _Arrow:
    def __init__(self, arrow: Any, path: Path) -> None:
        self._arrow = arrow
        self._path = path
        with path.open("rb") as file:
            self._is_file = file.read(len(MAGIC)) == MAGIC
        self.schema = self._read().schema

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self._all())

    def batches(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Any]:
        for batch in _within((part for each in self._all() for part in _cut(each)), start, stop):
            names, columns = [], []
            for field in self.schema:
                kind, column = _picture_kind(self._arrow, field.type), batch.column(field.name)
                if kind == "struct" and field.name not in pictures:
                    column = self._arrow.compute.struct_field(column, "path")
                if kind != "bytes" or field.name in pictures:
                    names.append(field.name)
                    columns.append(column)
            yield self._arrow.RecordBatch.from_arrays(columns, names)

    def _all(self) -> Iterator[Any]:
        reader = self._read()
        return (reader.get_batch(index) for index in range(reader.num_record_batches)) if self._is_file else reader

    def _read(self) -> Any:
        source = self._arrow.memory_map(str(self._path))
        return self._arrow.ipc.open_file(source) if self._is_file else self._arrow.ipc.open_stream(source)


def _picture_kind(arrow: Any, kind: Any) -> str | None:
    """struct: as the hub keeps a picture, {"bytes", "path"}. bytes: bare. None: it holds no picture."""
    if arrow.types.is_struct(kind) and {"bytes", "path"} == {kind.field(i).name for i in range(kind.num_fields)}:
        return "struct"
    return "bytes" if arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind) else None


def _cut(batch: Any) -> Iterator[Any]:
    return (batch.slice(start, BATCH) for start in range(0, batch.num_rows, BATCH))


def _within(batches: Iterator[Any], start: int, stop: int) -> Iterator[Any]:
    """What of the batches lies between two rows."""
    for batch in batches:
        if start < batch.num_rows and stop > 0:
            first = max(start, 0)
            yield batch.slice(first, min(stop, batch.num_rows) - first)
        start, stop = start - batch.num_rows, stop - batch.num_rows
        if stop <= 0:
            return
