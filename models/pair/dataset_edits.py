"""The edits of a data set on this machine, and which of them are held out: no scene is in both parts."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from editjudge.datasets.dataset import Dataset
from editjudge.datasets.sample import EditSample
from editjudge.errors import InputError
from editjudge.image.decode import load_picture
from editjudge.metrics.pair.embed import frame_pair
from editjudge.types import FRAME, Image

HELD_OUT = 0.2
"""The share of scenes that is not trained on: of HumanEdit's 5,751 edits some 1,150."""
SCENE_COLUMNS = ("scene", "img_id")
"""Which name the scene of an edit: one's own column, and MagicBrush's, where a turn begins with another's result."""
log = logging.getLogger("pair")


@dataclass(frozen=True, eq=False)
class DatasetEdit:
    """An edit with its pictures decoded.

    Attributes:
        original, edited: uint8[H, W, 3], of one size.
        instruction: What was asked for.
        scene: A hash, 0 <= scene < 2^63, which edits of the same original share.
    """

    original: Image
    edited: Image
    instruction: str
    scene: int

    def is_held_out(self, share: float) -> bool:
        """Whether it is of the share (0 to 1) of scenes that is not trained on; a larger share holds a smaller one."""
        return self.scene / 2**63 < share


def read_edits(
    dataset: Dataset, start: int = 0, stop: int | None = None, longest: int = FRAME
) -> Iterator[DatasetEdit]:
    """The edits of the rows from `start` to before `stop`, with pictures of at most `longest` pixels a side.

    Rows that cannot be read are left out, and the log says why.
    """
    for number, row in enumerate(dataset.rows(start, stop), start):
        try:
            yield read_edit(row, longest)
        except InputError as error:
            log.warning("row %d is left out: %s", number, error)


def read_edit(row: EditSample, longest: int = FRAME) -> DatasetEdit:
    """Raises InputError for a row that has no two pictures or no instruction that can be read."""
    original, edited, instruction = row.edit()
    loaded = load_picture(original)
    named = next((str(row.columns[name]) for name in SCENE_COLUMNS if row.columns.get(name) is not None), None)
    # A picture is told by its pixels: in another file, or compressed without loss, it is still the same.
    known_by = loaded.pixels.tobytes() if named is None else named.encode(errors="surrogatepass")
    scene = int.from_bytes(hashlib.blake2b(known_by, digest_size=8).digest()) >> 1
    return DatasetEdit(*frame_pair(loaded, load_picture(edited), longest), instruction, scene)
