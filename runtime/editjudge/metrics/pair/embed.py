"""Edits as vectors: their pictures decoded and framed as those that are scored, and embedded together."""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.image.decode import ImageSource, start_decoding
from editjudge.image.decoding.read import LoadedPicture
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.task import EditTask
from editjudge.models.clip import Embeddings
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EditPictures, open_pair_encoder


def embed_edits(
    models: ModelSet, edits: Sequence[tuple[ImageSource, ImageSource]], encoder: str
) -> tuple[Embeddings, list[EditPictures]]:
    """float32[N, D], of length 1, of N >= 1 edits, an original and an edited picture each; and these in the frame.

    Raises InputError for what cannot be read, and BundleError where the bundle has no such encoder.
    """
    opened = open_pair_encoder(models, encoder)
    pictures = frame_edits(edits, models.bundle.manifest.frame)
    return opened.edits(pictures), pictures


def frame_edits(edits: Sequence[tuple[ImageSource, ImageSource]], longest: int) -> list[EditPictures]:
    """The pictures of N edits as they are embedded; those of one edit are in memory as they were decoded.

    Raises InputError.
    """
    decoded = ([picture.result() for picture in start_decoding(edit)] for edit in edits)
    return [frame_pair(original, edited, longest) for original, edited in decoded]


def frame_pair(original: LoadedPicture, edited: LoadedPicture, longest: int) -> EditPictures:
    """Two pictures of any sizes in the frame in which they are scored, of `longest` pixels."""
    task = EditTask.of(original.pixels, (), Framing(), longest=longest)
    return task.picture, task.fit(edited.pixels)
