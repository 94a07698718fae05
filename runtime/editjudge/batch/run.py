"""A run over a data set: goes on from its checkpoint, has an engine score what is missing, and writes the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, get_args

import editjudge
from editjudge.batch.checkpoint import Checkpoint
from editjudge.batch.columns import ERROR, Kind, Values, columns
from editjudge.batch.local import score_locally
from editjudge.batch.outputs import check_output, merged, write_table
from editjudge.batch.worker import Setup
from editjudge.bundle import Bundle
from editjudge.case import Compat, check_compat
from editjudge.datasets import Dataset
from editjudge.errors import BundleError, DeviceError, InputError
from editjudge.manifest import FILE_NAME
from editjudge.providers import PREFERENCE, check_device, why_not
from editjudge.store import file_sha256

EngineName = Literal["local", "ray"]
ENGINES: tuple[str, ...] = get_args(EngineName)
Engine = Callable[[Dataset, Sequence[range], Setup, int | None], Iterator[tuple[int, Values]]]
"""Scores the pending rows with so many workers, None for as many as there is room for; gives their numbers and new
columns, in any order."""


@dataclass(frozen=True)
class Progress:
    """How many rows there are, are done, and could not be scored; error: why the latest of those could not."""

    rows: int
    done: int
    failed: int
    error: str | None = None


def score_dataset(
    dataset: Dataset,
    output: Path,
    *,
    bundle: str = "studio",
    device: str = "auto",
    compat: Compat | None = None,
    metrics: Sequence[str] = (),
    workers: int | None = None,
    engine: str = "local",
    resume: bool = False,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Scores every row into a table of its columns and the score's: parquet, CSV or JSON lines, by the output's name.

    A row that cannot be scored gets an `error` and is counted. What is done lies in a part file beside the output until
    all is; `resume` goes on with it. workers: processes, or actors on Ray; by default one per core, and one where the
    models run on a GPU. `watch` is called at the start and after each row. Raises InputError, BundleError or
    DeviceError for what stops the run; the rows done so far are kept then.
    """
    part = part_file(output)
    if output.resolve() in {file.resolve() for file in dataset.table.files}:
        raise InputError(f"writing {output} would replace the data set; choose another name")
    check_output(output)
    if part.exists() and not resume:
        raise InputError(f"{part} is what a run left that was cut off; go on with --resume, or delete it")
    if engine not in ENGINES:
        raise InputError(f"there is no engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}; it must be at least 1")
    opened = Bundle.load(bundle)
    setup = Setup(bundle, device, check_compat(compat), 1 if _on_cpu(device) else None, tuple(metrics))
    identity = {
        "data set": dataset.fingerprint(),
        "bundle": f"{opened.name} {opened.version} {file_sha256(opened.folder / FILE_NAME)}",
        "version": editjudge.__version__,
        "compat": setup.compat,
        "metrics": setup.metrics,
    }
    with Checkpoint(part, identity) as checkpoint:
        rows, error = len(dataset), None
        watch(Progress(rows, len(checkpoint), checkpoint.failed))
        pending = _pending(checkpoint, rows)
        if pending:
            try:
                for number, values in _engine(engine)(dataset, pending, setup, workers):
                    checkpoint.add(number, values)
                    error = values.get(ERROR) or error
                    watch(Progress(rows, len(checkpoint), checkpoint.failed, error))
            except (BundleError, DeviceError) as stopped:
                kept = f"; {len(checkpoint)} of {rows} rows are done, go on with --resume" if len(checkpoint) else ""
                raise type(stopped)(f"{stopped}{kept}") from stopped
        added = columns(setup.metrics)
        write_table(output, lambda: _joined(dataset, checkpoint, added), added)
        done = Progress(rows, len(checkpoint), checkpoint.failed, error)
    part.unlink()
    return done


def part_file(output: Path) -> Path:
    """Where a run keeps what is done."""
    return output.with_name(f"{output.name}.part")


def _joined(dataset: Dataset, checkpoint: Checkpoint, added: Mapping[str, Kind]) -> Iterator[Values]:
    for number, row in enumerate(dataset.rows(pictures=False)):
        yield merged(row.columns, checkpoint[number], added)


def _pending(checkpoint: Checkpoint, rows: int) -> list[range]:
    """The runs of rows that are not done."""
    groups = groupby(range(rows), lambda number: number in checkpoint)
    missing = [list(numbers) for done, numbers in groups if not done]
    return [range(numbers[0], numbers[-1] + 1) for numbers in missing]


def _engine(name: str) -> Engine:
    if name == "ray":
        from editjudge.batch.on_ray import score_on_ray  # noqa: PLC0415  (an extra)

        return score_on_ray
    return score_locally


def _on_cpu(device: str) -> bool:
    """Whether the models are to run on the CPU, with a thread each, and a worker on every core."""
    check_device(device)
    return device == "cpu" or (device == "auto" and all(why_not(each) is not None for each in PREFERENCE[:-1]))
