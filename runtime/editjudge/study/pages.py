"""A page as a rater sees it, and where its pictures lie. Nothing on it tells an editor, a metric or a file's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from editjudge.datasets import Dataset, EditSample
from editjudge.datasets.cells import read_picture
from editjudge.errors import InputError
from editjudge.image.decode import ImageSource

MASK_PREFIX = "mask_"
"""How the columns begin that name the masks of an edit."""
MadePicture = Literal["again", "noise", "empty"]
"""What is made for a check: the original once more, the original under strong noise, and a mask of nothing."""


@dataclass(frozen=True)
class PicturePlace:
    """Where a picture lies: in which row of the data set, counted from 0, and in which column.

    Attributes:
        column: original, edited, or mask_NAME.
        made: None for the picture as it is. "again": with changes that nobody sees, so that its bytes are not those of
            the picture beside it. "noise": the original under strong noise. "empty": a mask of the size of
            the column's picture that covers nothing.
    """

    row: int
    column: str
    made: MadePicture | None = None


@dataclass(frozen=True)
class ShownCandidate:
    """A candidate on a page, from left to right.

    Attributes:
        position: From 1.
        picture: The token of the edited picture.
        mask: The token of the mask over it, in a study of masks.
    """

    position: int
    picture: str
    mask: str | None = None


@dataclass(frozen=True)
class StudyPage:
    """A page as it is shown to one rater.

    Attributes:
        number: From 1 to `total`, in the order of this rater.
        original: The token of the original picture.
        edited: The token of the edited picture, in a study of masks.
    """

    number: int
    total: int
    instruction: str
    original: str
    candidates: tuple[ShownCandidate, ...]
    edited: str | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        """Of all pictures that it shows."""
        shown = (one.mask or one.picture for one in self.candidates)
        return self.original, *([self.edited] if self.edited else []), *shown


def find_source(dataset: Dataset, place: PicturePlace, sample: EditSample | None = None) -> ImageSource:
    """The picture at a place of the data set, to be read by `editjudge.image.decode`; what is made is made of it.

    sample: its row, where that is at hand.

    Raises InputError where there is none.
    """
    for row in dataset.rows(place.row, place.row + 1) if sample is None else (sample,):
        source = read_source(dataset, row, place.column)
        if source is not None:
            return source
    raise InputError(f"row {place.row + 1} has no {place.column} picture any more; put the data set back as it was")


def read_source(dataset: Dataset, sample: EditSample, column: str) -> ImageSource | None:
    """What a row has in a column of pictures; None for nothing."""
    if column == "original":
        return sample.original
    if column == "edited":
        return sample.edited
    path = Path(dataset.path)
    return read_picture(sample.columns.get(column), path if path.is_dir() else path.parent)
