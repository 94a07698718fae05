"""A run over a data set: goes on from its checkpoint, has the missing rows scored, and writes the table."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import editjudge
from editjudge.backends.onnx.providers import PREFERENCE, check_device, find_problem
from editjudge.batch.checkpoint import RunCheckpoint
from editjudge.batch.executors.local import score_locally
from editjudge.batch.executors.ray import score_on_ray
from editjudge.batch.judge_columns import all_columns
from editjudge.batch.judging import JudgeOptions, JudgingStage, open_judges
from editjudge.batch.picture_files import have_changed, picture_states
from editjudge.batch.reward_file import check_reward_file, write_reward_file
from editjudge.batch.score_columns import ERROR, ColumnKind, Values, pack
from editjudge.batch.table_writers import check_output, merge_row, write_table
from editjudge.batch.worker import ScoredRow, Setup
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import file_sha256
from editjudge.bundles.manifest import FILE_NAME
from editjudge.datasets import Dataset
from editjudge.errors import EditJudgeError, InputError, quote_value
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import Compat, check_accept_at, check_compat, check_names
from editjudge.metrics.vlm_judge.names import is_judge
from editjudge.types import Look
from editjudge.utils.arguments import FLAG, FUNCTION, PATH, TEXT, instance, whole_number
from editjudge.utils.lock_file import hold_lock

Executor = Callable[[Dataset, Sequence[range], Setup, int | None], Iterator[ScoredRow]]
"""Scores the pending rows with so many workers, None for as many as there is room for; yields them in any order, and
with them others that had to be scored again."""
EXECUTORS: Mapping[str, Executor] = {"local": score_locally, "ray": score_on_ray}
"""By the names that `--engine` takes."""
IN_USE = "wait for it to end, or name another output"

DATASET = instance(Dataset, "what datasets.open_dataset(path) gives")
WORKERS = whole_number(1, 1024).or_none("as many as there are cores")


@dataclass(frozen=True)
class Progress:
    """How many rows there are, are done, and could not be scored; and why the latest of those could not.

    unmeasured: how many have a score without a number, as what it is made of was not measured.
    changed: how many of the rows that an earlier run did were to be done again, as their pictures are other files now.
    tokens: how many judges read and wrote in this run.
    unjudged: how many have a score, and a judge failed at them.
    left_out: how many rows are not in the output, which takes none that lack a number.
    """

    rows: int
    done: int
    failed: int
    error: str | None = None
    unmeasured: int = 0
    changed: int = 0
    tokens: int = 0
    unjudged: int = 0
    left_out: int = 0


def score_dataset(
    dataset: Dataset,
    output: Path,
    *,
    bundle: str = "studio",
    device: str = "auto",
    compat: Compat | None = None,
    accept_at: float | None = None,
    look: Look | None = None,
    metrics: Sequence[str] = (),
    judging: JudgeOptions | None = None,
    workers: int | None = None,
    executor: str = "local",
    resume: bool = False,
    keep_formulas: bool = False,
    form: str | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Scores every row into a table with the data set's columns and those of the score.

    A row that cannot be scored gets an `error` and is counted; one that a judge failed at has its score and the judge's
    sentence. Finished rows are kept in a part file beside the output until all are done, and judged.

    Args:
        output: A .parquet, .csv or .jsonl file.
        accept_at: The probability from which an edit is accepted; None: the bundle's.
        look: How much of edited pictures is looked at, "changes" or "all"; None: as the bundle says.
        metrics: Names of further metrics.
        judging: How those of them that are judges are asked; None: as by default.
        workers: Processes, or actors on Ray; by default one per core, and one where the models run on a GPU.
        executor: One of EXECUTORS.
        resume: Go on with the part file of an earlier run; rows whose pictures changed since are scored again.
        keep_formulas: Write texts that a spreadsheet would run, such as =1+1, to CSV as they are; by default an
            apostrophe is put before them, which `open_dataset` takes away.
        form: One of `reward_file.FORMS`: write what such a set has, to a .json file; None: write a table.
        watch: Called at the start and after each row.

    Raises InputError, BundleError, DeviceError or OutOfMemoryError for what stops the run, as a full disk, another run
    to the same output or too little memory do; the rows done so far are kept then.
    """
    DATASET.check(dataset=dataset)
    PATH.check(output=output, bundle=bundle)
    TEXT.check(device=device, executor=executor)
    WORKERS.check(workers=workers)
    FLAG.check(resume=resume, keep_formulas=keep_formulas)
    FUNCTION.check(watch=watch)
    output = Path(output)
    if output.resolve() in {file.resolve() for file in dataset.table.files}:
        raise InputError(f"writing {output} would replace the data set; choose another name")
    names = check_names(metrics)
    judge = None if form is None else check_reward_file(output, form, dataset, names)
    if judge is None:
        check_output(output)
    if executor not in EXECUTORS:
        raise InputError(f"there is no engine {quote_value(executor)}; choose one of {', '.join(EXECUTORS)}")
    threads = 1 if _on_cpu(device) else None
    measured = tuple(name for name in names if not is_judge(name))
    setup = Setup(bundle, device, check_compat(compat), threads, measured, check_accept_at(accept_at), check_look(look))
    judges = open_judges([name for name in names if is_judge(name)], judging or JudgeOptions())

    def score(pending: Sequence[range]) -> Iterator[ScoredRow]:
        return EXECUTORS[executor](dataset, pending, setup, workers)

    part = part_file(output)
    with hold_lock(part.with_name(f"{part.name}.lock"), f"{part} is in use by another run; {IN_USE}"):
        if part.exists() and not resume:
            raise InputError(f"{part} is what a run left that was cut off; go on with --resume, or delete it")
        with RunCheckpoint(part, {**_identify(dataset, setup), "metrics": names, **judges.identity}) as checkpoint:
            try:
                with judges, closing(_score_missing(dataset, checkpoint, score, judges)) as steps:
                    for done in steps:
                        watch(done)
                added = all_columns(names)
                rows = partial(_merge_rows, dataset, checkpoint, added)
                if judge is None:
                    write_table(output, rows, added, keep_formulas)
                else:
                    done = replace(done, left_out=write_reward_file(output, rows(), judge))
            except EditJudgeError as stopped:
                raise _add_hint(stopped, checkpoint, len(dataset)) from stopped
        if not done.unjudged:  # whom the judges failed at, they can be asked about again
            checkpoint.remove()
    return done


def _identify(dataset: Dataset, setup: Setup) -> dict[str, Any]:
    """What the scores depend on, by names for people. The picture files are not in it: each row has its own."""
    opened = Bundle.load(setup.bundle)
    return {
        "data set": dataset.fingerprint(),
        "bundle": f"{opened.name} {opened.version} {file_sha256(opened.folder / FILE_NAME)}",
        "version": editjudge.__version__,
        "compat": setup.compat,
        "accept-at": setup.accept_at,
        "look": setup.look,
    }


def _score_missing(
    dataset: Dataset,
    checkpoint: RunCheckpoint,
    score: Callable[[Sequence[range]], Iterator[ScoredRow]],
    judges: JudgingStage,
) -> Generator[Progress, None, None]:
    """Completes the checkpoint; yields how far it is, at the start and after each row."""
    changed, error = _drop_changed(checkpoint, dataset), None
    _drop_unjudged(checkpoint)

    def progress() -> Progress:
        kept = checkpoint.failed, error, checkpoint.unmeasured
        return Progress(len(dataset), len(checkpoint), *kept, changed, judges.tokens, len(checkpoint.unjudged))

    yield progress()
    if pending := _pending(checkpoint, len(dataset)):
        for number, scored, pictures in judges.join(score(pending), dataset, pending):
            values = judges.keep(scored, checkpoint[number]) if number in checkpoint else scored
            # What had to be scored again is the same, unless a picture beside it changed.
            if number not in checkpoint or pack(checkpoint[number]) != pack(values):
                checkpoint.add(number, values, pictures)
                error = values.get(ERROR) or error
                yield progress()


def _merge_rows(dataset: Dataset, checkpoint: RunCheckpoint, added: Mapping[str, ColumnKind]) -> Iterator[Values]:
    """The rows of the output, once all are done."""
    for number, row in enumerate(dataset.rows(pictures=False)):
        yield merge_row(row.columns, checkpoint[number], added)


def _add_hint(error: EditJudgeError, checkpoint: RunCheckpoint, rows: int) -> EditJudgeError:
    """The error, with what is kept of the run that it ends."""
    kept = f"; {len(checkpoint)} of {rows} rows are done, go on with --resume" if len(checkpoint) else ""
    return type(error)(f"{error}{kept}")


def _drop_changed(checkpoint: RunCheckpoint, dataset: Dataset) -> int:
    """Forgets the rows whose pictures are other files by now, so that they are scored anew; returns how many."""
    if not len(checkpoint):
        return 0
    changed = [
        number for number, row in enumerate(dataset.rows(pictures=False))
        if number in checkpoint and have_changed(checkpoint.pictures(number), picture_states(row))
    ]  # fmt: skip
    for number in changed:
        checkpoint.drop(number)
    return len(changed)


def _drop_unjudged(checkpoint: RunCheckpoint) -> None:
    """Forgets the rows that a judge failed at, so that it is asked again."""
    for number in checkpoint.unjudged:
        checkpoint.drop(number)


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
