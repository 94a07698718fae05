"""Makes an index of the edits of a data set."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import editjudge
from editjudge.batch.embedding import TOGETHER, EmbeddedRow, embed_rows
from editjudge.batch.picture_files import PictureState, have_changed, picture_states
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import Dataset
from editjudge.errors import EditJudgeError, InputError
from editjudge.models.clip import Embeddings
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EDIT_CLIP, open_pair_encoder
from editjudge.retrieval.draft import RUN_FILE, DraftEdit, DraftFailure, IndexDraft
from editjudge.retrieval.edit_table import IndexedEdit, Thumbnails
from editjudge.retrieval.index import EditIndex
from editjudge.retrieval.manifest import FORMAT, EncoderIdentity, IndexManifest
from editjudge.retrieval.neighbours import VECTORS, write_neighbours
from editjudge.retrieval.thumbnails import encode_thumbnail
from editjudge.utils.arguments import FLAG, FUNCTION, PATH, TEXT, THREADS, instance
from editjudge.utils.lock_file import hold_lock
from editjudge.utils.text import printable, replace_surrogates, shorten

SECONDS = 1.0
"""How much work is lost when a run is cut off, beside the rows that are in the models."""
LONGEST_NAME = 500
"""Characters of the name of a picture: what is longer is the picture itself, as text."""
DATASET = instance(Dataset, "what datasets.open_dataset(path) gives")


@dataclass(frozen=True)
class IndexProgress:
    """How many rows there are, are done, and could not be embedded; and why the latest of those could not."""

    rows: int
    done: int
    failed: int
    error: str | None = None


@dataclass(frozen=True)
class _Block:
    """Rows that are written together. Of their pictures the small ones are kept."""

    edits: list[DraftEdit] = field(default_factory=list)
    failures: list[DraftFailure] = field(default_factory=list)
    pictures: dict[int, list[PictureState]] = field(default_factory=dict)

    def take(self, embedded: EmbeddedRow) -> None:
        number, row, vector, error, states, pictures = embedded
        name = replace_surrogates(row.id)
        self.pictures[number] = states
        if vector is None or pictures is None:
            self.failures.append(DraftFailure(number, name, replace_surrogates(error or "")))
            return
        original, edited = (_name(row.columns.get(side)) for side in ("original", "edited"))
        edit = IndexedEdit(number, name, original, edited, replace_surrogates(row.instruction or ""))
        self.edits.append(DraftEdit(edit, Thumbnails(*map(encode_thumbnail, pictures)), vector))


def build_index(
    dataset: Dataset,
    output: str | os.PathLike[str],
    *,
    bundle: str | os.PathLike[str] = "studio",
    device: str = "auto",
    encoder: str = EDIT_CLIP,
    threads: int | None = None,
    resume: bool = False,
    watch: Callable[[IndexProgress], None] = lambda progress: None,
) -> IndexProgress:
    """Embeds every edit, and writes an index of them into a new folder. A row that cannot be embedded is left out.

    What is done is kept in a folder beside the output, which takes its name in the end.

    Args:
        output: The folder.
        bundle: The name or the folder of the bundle.
        device: cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml, directml, or auto for the best.
        encoder: "edit_clip" knows which picture comes first; "vifi_clip" does not.
        threads: The CPU threads each model may use.
        resume: Go on with what an earlier run left.
        watch: Called at the start, and whenever rows were written.

    Raises InputError, BundleError, DeviceError or OutOfMemoryError for what stops the run; what was done is kept then.
    """
    DATASET.check(dataset=dataset)
    PATH.check(output=output, bundle=bundle)
    TEXT.check(device=device, encoder=encoder)
    THREADS.check(threads=threads)
    FLAG.check(resume=resume)
    FUNCTION.check(watch=watch)
    folder = Path(output)
    check_new(folder)
    draft = draft_folder(folder)
    with closing(ModelSet(Bundle.load(bundle), device, threads)) as models:
        with models.in_use():
            open_pair_encoder(models, encoder)  # before anything is written
        identity = EncoderIdentity.of_bundle(models.bundle, encoder)
        busy = f"{shorten(str(draft))} is in use by another run; wait for it to end, or name another output"
        with hold_lock(draft.with_name(f"{draft.name}.lock"), busy):
            if draft.exists() and not resume:
                raise InputError(
                    f"{shorten(str(draft))} is what a run left that was cut off; go on with --resume, or delete it"
                )
            run = {"data set": dataset.fingerprint(), "version": editjudge.__version__, **asdict(identity)}
            with IndexDraft(draft, run) as written:
                _embed_missing(dataset, models, encoder, written, watch)
                if not len(written):
                    reason = written.latest_failure
                    written.delete()
                    raise InputError(f"none of the {len(dataset):,} rows can be embedded: {reason}")
                progress, vectors = _progress(dataset, written), written.vectors()
            manifest = IndexManifest(
                **asdict(identity),
                format=FORMAT,
                version=editjudge.__version__,
                data=printable(dataset.path.resolve().name),
                count=len(vectors),
                dimensions=vectors.shape[1],
                left_out=progress.failed,
            )
            finish_index(draft, folder, vectors, manifest)
    return progress


def draft_folder(output: Path) -> Path:
    """The folder beside an index in which it is made."""
    return output.with_name(f"{output.name}.part")


def check_whole(index: EditIndex, dataset: Dataset, encoder: str) -> None:
    """Raises InputError where an index is not of this data set and encoder, as far as its manifest tells."""
    manifest = index.manifest
    made = manifest.data, manifest.encoder, manifest.count + manifest.left_out
    if made != (printable(dataset.path.resolve().name), encoder, len(dataset)):
        what = f"{made[2]:,} rows of {manifest.data} by {manifest.encoder}"
        raise InputError(f"{shorten(str(index.folder))} is the index of {what}, and not of these; name another folder")


def check_new(folder: Path) -> None:
    """Raises InputError for what cannot become a folder, or is there already."""
    name = shorten(str(folder))
    if not folder.name:
        raise InputError("the path to write to is empty, or the folder itself; name a new folder")
    if os.path.lexists(folder):
        raise InputError(f"{name} exists already; name a new folder, or delete that one")
    if not folder.parent.is_dir():
        raise InputError(f"cannot write {name}: there is no folder {folder.parent}; create it or choose another")


def _embed_missing(
    dataset: Dataset, models: ModelSet, encoder: str, written: IndexDraft, watch: Callable[[IndexProgress], None]
) -> None:
    """Completes the draft. What goes through the models together is the same wherever an earlier run was cut off."""
    _drop_changed(dataset, written)
    watch(_progress(dataset, written))
    block, latest = _Block(), time.monotonic()
    try:
        for row in embed_rows(dataset, models, encoder, written.rows):
            block.take(row)
            done = row.number + 1
            if done == len(dataset) or (done % TOGETHER == 0 and time.monotonic() - latest >= SECONDS):
                written.add(block.edits, block.failures, block.pictures)
                block, latest = _Block(), time.monotonic()
                watch(_progress(dataset, written))
    except EditJudgeError as error:
        kept = f"; {written.rows} of {len(dataset)} rows are done, go on with --resume" if written.rows else ""
        raise type(error)(f"{error}{kept}") from error


def _progress(dataset: Dataset, written: IndexDraft) -> IndexProgress:
    return IndexProgress(len(dataset), written.rows, written.failed, written.latest_failure)


def _drop_changed(dataset: Dataset, draft: IndexDraft) -> None:
    """Forgets what was done from the first row on whose pictures are other files by now."""
    rows = dataset.rows(0, draft.rows, pictures=False)
    for number, (row, before) in enumerate(zip(rows, draft.picture_states(), strict=True)):
        if have_changed(before, picture_states(row)):
            draft.cut_off(number - number % TOGETHER)
            return


def _name(cell: Any) -> str | None:
    return replace_surrogates(cell) if isinstance(cell, str) and len(cell) <= LONGEST_NAME else None


def finish_index(draft: Path, folder: Path, vectors: Embeddings, manifest: IndexManifest) -> None:
    """Completes the folder of a draft that was closed, and puts it in its place. Raises InputError."""
    try:
        np.save(draft / VECTORS, vectors)
        write_neighbours(draft, vectors)
        manifest.write(draft)
        draft.rename(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = "make room, and go on with --resume, or choose another place"
        raise InputError(f"cannot write {shorten(str(folder))}: {reason}; {remedy}") from error
    with suppress(OSError):  # the index is whole without it
        (folder / RUN_FILE).unlink()  # not before: without it the draft would be of no use
