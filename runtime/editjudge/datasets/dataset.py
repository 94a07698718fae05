"""Opens a data set: recognises its format, and reads its rows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editjudge.datasets.format import UNREADABLE, Broken, DatasetFormat, Record, keep_whole
from editjudge.datasets.formats import (
    bpm,
    editreward,
    editscore,
    gedit,
    humanedit,
    magicbrush,
    piebench,
    plain,
    realedit,
    rewardedit,
)
from editjudge.datasets.readers.arrow import ArrowTable
from editjudge.datasets.readers.text import TextTable, open_lines, read_json
from editjudge.datasets.sample import EditSample
from editjudge.errors import InputError, quote_value
from editjudge.utils.arguments import FLAG, PATH, whole_number

Table = TextTable | ArrowTable

FORMATS: dict[str, DatasetFormat] = {
    module.FORM.name: module.FORM
    for module in (
        plain,
        bpm,
        magicbrush,
        humanedit,
        editreward,
        editscore,
        piebench,
        gedit,
        rewardedit,
        realedit,
    )
}
"""By the names that `--format` takes. A table is read in the first format whose columns it has."""

LINES, ARROW = (".csv", ".tsv", ".jsonl", ".ndjson"), (".parquet", ".arrow")
COLUMNS = "a table has its columns in the first line, .jsonl an object in each line, .json one list of objects"
INDEX = "mapping_file.json"
"""The file that a folder of PIE-Bench is recognised by."""
TAIL = 2**20
"""Bytes at the end of a parquet or Arrow file that tell it from another one of the same size: its footer is there."""


LISTED = 500
"""Characters of the names of columns that a message lists."""
ROW = whole_number(0, 2**62)


@dataclass(frozen=True)
class Dataset:
    """An open data set: `for row in dataset`, `len(dataset)`. When it is unpickled, it is opened again."""

    path: Path
    form: DatasetFormat
    edits: Path | None
    table: Table

    def __len__(self) -> int:
        return len(self.table) * (self.form.pieces or 1)

    def __iter__(self) -> Iterator[EditSample]:
        return self.rows()

    def __reduce__(self) -> tuple[object, ...]:
        return open_dataset, (self.path, self.form.name, self.edits)

    def rows(self, start: int = 0, stop: int | None = None, pictures: bool = True) -> Iterator[EditSample]:
        """Reads the rows from `start` to before `stop` one by one. Without `pictures`, those inside the table are not
        read."""
        ROW.check(start=start)
        ROW.or_none("the last row").check(stop=stop)
        FLAG.check(pictures=pictures)
        return self._rows(start, stop, pictures)

    def _rows(self, start: int, stop: int | None, pictures: bool) -> Iterator[EditSample]:
        pieces = self.form.pieces or 1
        stop = len(self) if stop is None else min(stop, len(self))
        columns = self.form.pictures if pictures else frozenset[str]()
        index = start - start % pieces
        for record in self.table.records(start // pieces, -(-stop // pieces), columns):
            for row in self._split(record, index):
                if start <= index < stop:
                    yield row
                index += 1

    def fingerprint(self) -> str:
        """A hash of the tables that tells this data set from another. It does not cover pictures in files of their
        own, and covers only size and end of parquet and Arrow files, which may be large."""
        edits = f"{self.form.name} {self.edits and self.edits.resolve()}"
        digest = hashlib.sha256(edits.encode(errors="surrogatepass"))
        for path in self.table.files:
            with path.open("rb") as file:
                if path.suffix.lower() in ARROW:
                    size = path.stat().st_size
                    file.seek(max(0, size - TAIL))
                    digest.update(f"{size} ".encode() + file.read())
                else:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _split(self, record: Record | Broken, index: int) -> list[EditSample]:
        """The rows of a record, the first of which is number `index`."""
        return [self._read(piece, number) for number, piece in enumerate(self._pieces(record), index)]

    def _pieces(self, record: Record | Broken) -> Sequence[Record | Broken]:
        count = self.form.pieces or 1
        if isinstance(record, Broken):
            return [record] * count
        try:
            return self.form.split(record)
        except UNREADABLE as error:
            plain = {key: cell for key, cell in record.items() if isinstance(cell, str | int | float)}
            return [Broken(_explain(error), plain)] * count

    def _read(self, piece: Record | Broken, number: int) -> EditSample:
        folder = self.path if self.path.is_dir() else self.path.parent
        try:
            return self.form.row(piece, number, folder, self.edits)
        except UNREADABLE as error:
            return self.form.broken_row(piece.known if isinstance(piece, Broken) else piece, number, _explain(error))


def _explain(error: Exception) -> str:
    return f"the row lacks {error}" if isinstance(error, KeyError) else str(error)


def open_dataset(
    path: str | os.PathLike[str], form: str | None = None, edits: str | os.PathLike[str] | None = None
) -> Dataset:
    """Opens a file, or a folder of parquet or Arrow files.

    Args:
        form: One of FORMATS; by default the data set's columns decide.
        edits: A folder of edited pictures, named by the rows' ids or as the set's own tools name them. They replace the
            set's own.

    Raises InputError for what is no data set, and DeviceError when pyarrow is needed and missing.
    """
    PATH.check(path=path)
    PATH.or_none("the set's own edited pictures").check(edits=edits)
    path, folder = Path(path), None if edits is None else Path(edits)
    if form is not None and not (isinstance(form, str) and form in FORMATS):
        raise InputError(f"there is no form {quote_value(form)} of data sets; choose one of {', '.join(FORMATS)}")
    if folder is not None and not folder.is_dir():
        raise InputError(f"there is no folder {folder}; name the one with the edited pictures")
    try:
        table = _open_table(path)
        known = _recognise(table, path, form)
        if known.pieces is None:
            table, known = _split_all(table, known)
        dataset = Dataset(path, known, folder, table)
        if not len(dataset):
            raise InputError(f"{path} has no rows below the names of its columns; add some")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path") from error
    if known.edited is None and folder is None:
        raise InputError(f"{known.name} has no edited pictures of its own; say with --edited in which folder they are")
    return dataset


def _open_table(path: Path) -> Table:
    if path.is_dir():
        return read_json(path / INDEX) if (path / INDEX).is_file() else ArrowTable(_find_arrow_files(path))
    suffix = path.suffix.lower()
    if suffix in ARROW:
        return ArrowTable([path])
    if suffix == ".json":
        return read_json(path)
    if suffix in LINES:
        return open_lines(path)
    raise InputError(f"{path} is no data set; its name must end in {', '.join((*LINES, '.json', *ARROW))}")


def _find_arrow_files(folder: Path) -> list[Path]:
    """The files of one kind in the folder, without what tools hide or cache beside the data."""
    files = sorted(
        file for suffix in ARROW for file in folder.rglob(f"*{suffix}")
        if not file.name.startswith("cache-") and not any(p.startswith(".") for p in file.relative_to(folder).parts)
    )  # fmt: skip
    if len({file.suffix for file in files}) != 1:
        raise InputError(f"{folder} holds no parquet or Arrow files, or both; name the file of the data set")
    return files


def _recognise(table: Table, path: Path, name: str | None) -> DatasetFormat:
    columns = table.columns
    for form in FORMATS.values() if name is None else [FORMATS[name]]:
        if form.known_by <= columns:
            return form
    if not columns:
        first = next(iter(table.records(0, 1, frozenset())), None)
        reason = f" that can be read: {first}" if isinstance(first, Broken) else ""
        raise InputError(f"{path} has no rows{reason}; {COLUMNS}")
    names = ", ".join(sorted(columns))
    has = f"{path} has the columns {names if len(names) <= LISTED else f'{names[:LISTED]}...'}"
    if name is not None:
        raise InputError(f"{has}; as {name} it lacks {', '.join(sorted(FORMATS[name].known_by - columns))}")
    raise InputError(f"{has}; rename them to original, edited and instruction, in small letters")


def _split_all(table: Table, form: DatasetFormat) -> tuple[Table, DatasetFormat]:
    """Splits a table whose records hold varying numbers of edits into a record per edit."""
    records: list[Record | Broken] = []
    for number, record in enumerate(table.records(0, len(table), form.pictures), 1):
        if isinstance(record, Broken):
            records.append(record)
        else:
            records += form.split(record) or [Broken(f"row {number} has no edited picture", record)]
    return TextTable(table.files, lambda: records), replace(form, split=keep_whole, pieces=1)
