"""A run over a data set: goes on from its checkpoint, has the missing rows scored, and writes the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import editjudge
from editjudge.backends.onnx.providers import PREFERENCE, check_device, find_problem
from editjudge.batch.checkpoint import RunCheckpoint
from editjudge.batch.executors.local import score_locally
from editjudge.batch.executors.ray import score_on_ray
from editjudge.batch.score_columns import ERROR, Values, columns
from editjudge.batch.table_writers import check_output, merge_row, write_table
from editjudge.batch.worker import Setup
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import file_sha256
from editjudge.bundles.manifest import FILE_NAME
from editjudge.datasets import Dataset
from editjudge.errors import BundleError, DeviceError, InputError
from editjudge.metrics.registry import Compat, check_accept_at, check_compat

Executor = Callable[[Dataset, Sequence[range], Setup, int | None], Iterator[tuple[int, Values]]]
"""Scores the pending rows with so many workers, None for as many as there is room for; yields their numbers and new
cells, in any order."""
EXECUTORS: Mapping[str, Executor] = {"local": score_locally, "ray": score_on_ray}
"""By the names that `--engine` takes."""


@dataclass(frozen=True)
class Progress:
    """How many rows there are, are done, and could not be scored; and why the latest of those could not.

    unmeasured: how many have a score without a number, as what it is made of was not measured.
    """

    rows: int
    done: int
    failed: int
    error: str | None = None
    unmeasured: int = 0


def score_dataset(
    dataset: Dataset,
    output: Path,
    *,
    bundle: str = "studio",
    device: str = "auto",
    compat: Compat | None = None,
    accept_at: float | None = None,
    metrics: Sequence[str] = (),
    workers: int | None = None,
    executor: str = "local",
    resume: bool = False,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Scores every row into a table with the data set's columns and those of the score.

    A row that cannot be scored gets an `error` and is counted. Finished rows are kept in a part file beside the output
    until all are done.

    Args:
        output: A .parquet, .csv or .jsonl file.
        accept_at: The probability from which an edit is accepted; None: the bundle's.
        metrics: Names of further metrics.
        workers: Processes, or actors on Ray; by default one per core, and one where the models run on a GPU.
        executor: One of EXECUTORS.
        resume: Go on with the part file of an earlier run.
        watch: Called at the start and after each row.

    Raises InputError, BundleError or DeviceError for what stops the run; the rows done so far are kept then.
    """
    part = part_file(output)
    if output.resolve() in {file.resolve() for file in dataset.table.files}:
        raise InputError(f"writing {output} would replace the data set; choose another name")
    check_output(output)
    if part.exists() and not resume:
        raise InputError(f"{part} is what a run left that was cut off; go on with --resume, or delete it")
    if executor not in EXECUTORS:
        raise InputError(f"there is no engine {executor!r}; choose one of {', '.join(EXECUTORS)}")
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}; it must be at least 1")
    opened = Bundle.load(bundle)
    threads = 1 if _on_cpu(device) else None
    setup = Setup(bundle, device, check_compat(compat), threads, tuple(metrics), check_accept_at(accept_at))
    identity = {
        "data set": dataset.fingerprint(),
        "bundle": f"{opened.name} {opened.version} {file_sha256(opened.folder / FILE_NAME)}",
        "version": editjudge.__version__,
        "compat": setup.compat,
        "accept-at": setup.accept_at,
        "metrics": setup.metrics,
    }
    with RunCheckpoint(part, identity) as checkpoint:
        rows, error = len(dataset), None
        watch(Progress(rows, len(checkpoint), checkpoint.failed))
        if pending := _pending(checkpoint, rows):
            try:
                for number, values in EXECUTORS[executor](dataset, pending, setup, workers):
                    checkpoint.add(number, values)
                    error = values.get(ERROR) or error
                    watch(Progress(rows, len(checkpoint), checkpoint.failed, error))
            except (BundleError, DeviceError) as stopped:
                kept = f"; {len(checkpoint)} of {rows} rows are done, go on with --resume" if len(checkpoint) else ""
                raise type(stopped)(f"{stopped}{kept}") from stopped
        added = columns(setup.metrics)

        def merge_rows() -> Iterator[Values]:
            for number, row in enumerate(dataset.rows(pictures=False)):
                yield merge_row(row.columns, checkpoint[number], added)

        write_table(output, merge_rows, added)
        done = Progress(rows, len(checkpoint), checkpoint.failed, error, checkpoint.unmeasured)
    part.unlink()
    return done


def part_file(output: Path) -> Path:
    """The file beside the output in which a run keeps its finished rows."""
    return output.with_name(f"{output.name}.part")


def _pending(checkpoint: RunCheckpoint, rows: int) -> list[range]:
    """The runs of rows that are not done."""
    groups = groupby(range(rows), lambda number: number in checkpoint)
    missing = [list(numbers) for is_done, numbers in groups if not is_done]
    return [range(numbers[0], numbers[-1] + 1) for numbers in missing]


def _on_cpu(device: str) -> bool:
    """Whether the models are to run on the CPU, with a thread each, and a worker on every core."""
    check_device(device)
    return device == "cpu" or (device == "auto" and all(find_problem(name) is not None for name in PREFERENCE[:-1]))
