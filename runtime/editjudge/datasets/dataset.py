"""Opening a data set: recognises its form, and reads its rows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from editjudge.datasets import bpm, editreward, gedit, humanedit, magicbrush, piebench, plain
from editjudge.datasets.arrow import ArrowTable
from editjudge.datasets.form import Form, Record, alone
from editjudge.datasets.row import Row
from editjudge.datasets.tables import Broken, LineTable, ListTable, Table, read_json
from editjudge.errors import InputError

FORMS: dict[str, Form] = {
    each.FORM.name: each.FORM for each in (plain, bpm, magicbrush, humanedit, editreward, piebench, gedit)
}
"""By the names that `--format` takes. The first whose columns a table has is taken."""

LINES, ARROW = (".csv", ".tsv", ".jsonl", ".ndjson"), (".parquet", ".arrow")
INDEX = "mapping_file.json"
"""What PIE-Bench's folder is known by."""
TAIL = 2**20
"""Bytes from the end of a parquet or Arrow file that tell it from another one of the same size: its footer is there."""


@dataclass(frozen=True)
class Dataset:
    """A data set that is open: `for row in dataset`, `len(dataset)`. May be pickled: it is opened again where it is
    read."""

    path: Path
    form: Form
    edits: Path | None
    table: Table

    def __len__(self) -> int:
        return len(self.table) * (self.form.pieces or 1)

    def __iter__(self) -> Iterator[Row]:
        return self.rows()

    def __reduce__(self) -> tuple[object, ...]:
        return open_dataset, (self.path, self.form.name, self.edits)

    def rows(self, start: int = 0, stop: int | None = None, pictures: bool = True) -> Iterator[Row]:
        """The rows from `start` to before `stop`, read as they are asked for. Without pictures, those that lie in the
        table itself are not read."""
        pieces = self.form.pieces or 1
        stop = len(self) if stop is None else min(stop, len(self))
        wanted = self.form.pictures if pictures else frozenset[str]()
        index = start - start % pieces
        for record in self.table.records(start // pieces, -(-stop // pieces), wanted):
            for row in self._split(record, index):
                if start <= index < stop:
                    yield row
                index += 1

    def fingerprint(self) -> str:
        """What tells this data set from another: a hash of its tables, not of pictures that lie in files of their
        own; parquet and Arrow files, which may be large, by their sizes and their ends."""
        digest = hashlib.sha256(f"{self.form.name} {self.edits and self.edits.resolve()}".encode())
        for path in self.table.files:
            with path.open("rb") as file:
                if path.suffix.lower() in ARROW:
                    size = path.stat().st_size
                    file.seek(max(0, size - TAIL))
                    digest.update(f"{size} ".encode())
                    digest.update(file.read())
                else:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _split(self, record: Record | Broken, index: int) -> list[Row]:
        """The rows of a record, the first of which is number `index`."""
        try:
            if isinstance(record, Broken):
                raise InputError(record)
            folder = self.path if self.path.is_dir() else self.path.parent
            pieces = enumerate(self.form.split(record), index)
            return [self.form.row(piece, number, folder, self.edits) for number, piece in pieces]
        except (InputError, KeyError, TypeError) as error:
            problem = f"the row lacks {error}" if isinstance(error, KeyError) else str(error)
            numbers = range(index, index + (self.form.pieces or 1))
            return [Row(str(number), columns={"id": str(number)}, problem=problem) for number in numbers]


def open_dataset(
    path: str | os.PathLike[str], form: str | None = None, edits: str | os.PathLike[str] | None = None
) -> Dataset:
    """Opens a file, or a folder of parquet or Arrow files, of one of the FORMS; without `form` it is recognised.

    edits: a folder of edited pictures, named by the rows' ids or as the set's own tools name them; they go before the
    set's own. Raises InputError for what is no data set, and DeviceError when pyarrow is needed and missing.
    """
    path, folder = Path(path), None if edits is None else Path(edits)
    if form is not None and form not in FORMS:
        raise InputError(f"there is no form {form!r} of data sets; choose one of {', '.join(FORMS)}")
    if folder is not None and not folder.is_dir():
        raise InputError(f"there is no folder {folder}; name the one with the edited pictures")
    try:
        table = _table(path)
        known = _recognised(table, path, form)
        if known.pieces is None:
            table, known = _split_all(table, known)
        dataset = Dataset(path, known, folder, table)
        if not len(dataset):
            raise InputError(f"{path} has no rows")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check the path") from error
    if known.edited is None and folder is None:
        raise InputError(f"{known.name} has no edited pictures of its own; say with --edited in which folder they are")
    return dataset


def _table(path: Path) -> Table:
    if path.is_dir():
        if (path / INDEX).is_file():
            return read_json(path / INDEX)
        # Not what tools hide or cache beside the data.
        files = sorted(
            file for suffix in ARROW for file in path.rglob(f"*{suffix}")
            if not file.name.startswith("cache-") and not any(p.startswith(".") for p in file.relative_to(path).parts)
        )  # fmt: skip
        if len({file.suffix for file in files}) != 1:
            raise InputError(f"{path} holds no parquet or Arrow files, or both; name the file of the data set")
        return ArrowTable(files)
    suffix = path.suffix.lower()
    if suffix in ARROW:
        return ArrowTable([path])
    if suffix == ".json":
        return read_json(path)
    if suffix in LINES:
        return LineTable(path)
    raise InputError(f"{path} is no data set; its name must end in {', '.join((*LINES, '.json', *ARROW))}")


def _recognised(table: Table, path: Path, form: str | None) -> Form:
    columns = table.columns
    forms = FORMS.values() if form is None else [FORMS[form]]
    fitting = [each for each in forms if each.known_by <= columns]
    if fitting:
        return fitting[0]
    if not columns:
        raise InputError(f"{path} has no rows")
    has = f"{path} has the columns {', '.join(sorted(columns))}"
    if form is not None:
        raise InputError(f"{has}; as {form} it lacks {', '.join(sorted(FORMS[form].known_by - columns))}")
    raise InputError(f"{has}; rename them to original, edited and instruction")


def _split_all(table: Table, form: Form) -> tuple[Table, Form]:
    """A table whose records fall into no fixed number of rows, as one of the rows' own records."""
    records: list[Record | Broken] = []
    for number, record in enumerate(table.records(0, len(table), form.pictures), 1):
        if isinstance(record, Broken):
            records.append(record)
        else:
            records += form.split(record) or [Broken(f"row {number} has no edited picture")]
    return ListTable(records, table.files), replace(form, split=alone, pieces=1)
