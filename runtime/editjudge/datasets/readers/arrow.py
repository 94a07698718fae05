"""Parquet and Arrow files as records, read in a stream; the one file here that knows pyarrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from editjudge.bundles.contents.regular_file import open_regular
from editjudge.datasets.format import Broken, Record
from editjudge.datasets.readers.arrow_cells import read_cells
from editjudge.errors import DeviceError, InputError

BATCH = 16
"""Records that are in memory at once: each may hold some pictures of several megabytes."""
MAGIC = b"ARROW1"
"""How an Arrow file begins; what `datasets` saves is an Arrow stream, without it."""
DAMAGE = (ValueError, OSError, NotImplementedError, LookupError)
"""What pyarrow raises, by itself or under these names, for files that it cannot make sense of."""


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
        names = self._open(self.files[0]).schema.names
        if doubles := [name for name, count in Counter(names).items() if count > 1]:
            raise InputError(f"{self.files[0]} has more than one column {doubles[0]}; rename the others")
        return frozenset(names)

    @cached_property
    def _lengths(self) -> list[int]:
        return [len(self._open(path)) for path in self.files]

    def __len__(self) -> int:
        return sum(self._lengths)

    def records(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Record | Broken]:
        """Reads the records from `start` to before `stop`; of pictures in columns not named here, only the names.

        Records behind damage in a parquet file are Broken, up to the next group of rows.
        """
        for path, length in zip(self.files, self._lengths, strict=True):
            if start < length and stop > 0:
                with _readable(path):
                    for batch in self._open(path).batches(max(start, 0), min(stop, length), pictures):
                        yield from batch.records if isinstance(batch, _DamagedBatch) else _read_records(batch)
            start, stop = start - length, stop - length

    def _open(self, path: Path) -> _ParquetFile | _ArrowFile:
        with _readable(path):
            open_regular(path).close()
            if path.suffix.lower() == ".parquet":
                return _ParquetFile(self._arrow, path)
            return _ArrowFile(self._arrow, path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raises InputError for the errors of pyarrow and of the file system."""
    try:
        yield
    except DAMAGE as error:
        raise InputError(f"{path} cannot be read ({_reason(error)}); fetch or write it again") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())


def _read_records(batch: Any) -> list[Record]:
    names, columns = batch.schema.names, map(read_cells, batch.columns)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


@dataclass(frozen=True)
class _DamagedBatch:
    """Stands in place of records that are lost to damage; has of a batch what `_slice_batches` needs."""

    num_rows: int
    reason: str

    @property
    def records(self) -> list[Broken]:
        return [Broken(self.reason)] * self.num_rows

    def slice(self, first: int, length: int) -> _DamagedBatch:
        return replace(self, num_rows=length)


class _ParquetFile:
    def __init__(self, arrow: Any, path: Path) -> None:
        self._arrow = arrow
        self._path = path
        self._file = arrow.parquet.ParquetFile(path)
        self.schema = self._file.schema_arrow

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def batches(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Any]:
        """Reads only the columns that are needed, and only the groups of rows that overlap `start` to `stop`."""
        metadata = self._file.metadata
        lengths = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        ends = list(accumulate(lengths))
        groups = [group for group, end in enumerate(ends) if end > start and end - lengths[group] < stop]
        skipped = sum(lengths[: groups[0]]) if groups else 0
        columns = _columns_to_read(self._arrow, self.schema, pictures)
        names = [name if is_whole else f"{name}.path" for name, is_whole in columns]
        batches = (batch for group in groups for batch in self._read_group(group, lengths[group], names))
        return _slice_batches(batches, start - skipped, stop - skipped)

    def _read_group(self, group: int, length: int, names: list[str]) -> Iterator[Any]:
        left = length
        try:
            for batch in self._file.iter_batches(BATCH, row_groups=[group], columns=names):
                yield batch
                left -= batch.num_rows
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno:  # the disk's or the network's, and may be over by and by
                raise
            yield _DamagedBatch(left, f"{self._path} is damaged here ({_reason(error)}); fetch or write it again")


class _ArrowFile:
    def __init__(self, arrow: Any, path: Path) -> None:
        self._arrow = arrow
        self._path = path
        with path.open("rb") as file:
            self._is_stream = file.read(len(MAGIC)) != MAGIC
        self.schema = self._open().schema

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self._read())

    def batches(self, start: int, stop: int, pictures: frozenset[str]) -> Iterator[Any]:
        columns, get_field = _columns_to_read(self._arrow, self.schema, pictures), self._arrow.compute.struct_field
        parts = (batch.slice(first, BATCH) for batch in self._read() for first in range(0, batch.num_rows, BATCH))
        for batch in _slice_batches(parts, start, stop):
            cells = [
                batch.column(name) if is_whole else get_field(batch.column(name), "path") for name, is_whole in columns
            ]
            yield self._arrow.RecordBatch.from_arrays(cells, [name for name, _ in columns])

    def _read(self) -> Iterator[Any]:
        reader = self._open()
        return iter(reader) if self._is_stream else map(reader.get_batch, range(reader.num_record_batches))

    def _open(self) -> Any:
        source = self._arrow.memory_map(str(self._path))
        return self._arrow.ipc.open_stream(source) if self._is_stream else self._arrow.ipc.open_file(source)


def _columns_to_read(arrow: Any, schema: Any, pictures: frozenset[str]) -> list[tuple[str, bool]]:
    """The columns, and whether they are read whole: of other pictures than these, a struct {"bytes", "path"} of the hub
    is read for its path alone, and bare bytes are left out."""
    columns = []
    for field in schema:
        kind = field.type
        is_struct = arrow.types.is_struct(kind) and {"bytes", "path"} == {part.name for part in kind}
        is_binary = arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind)
        if field.name in pictures or not is_binary:
            columns.append((field.name, field.name in pictures or not is_struct))
    return columns


def _slice_batches(batches: Iterator[Any], start: int, stop: int) -> Iterator[Any]:
    """The parts of the batches between two rows."""
    for batch in batches:
        if start < batch.num_rows and stop > 0:
            first = max(start, 0)
            yield batch.slice(first, min(stop, batch.num_rows) - first)
        start, stop = start - batch.num_rows, stop - batch.num_rows
        if stop <= 0:
            return
