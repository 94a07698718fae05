"""Pictures as they are named on a command line: paths, and addresses, which would not survive being made paths."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from editjudge.errors import ImageError
from editjudge.image.decoding.sources import find_file, is_address


def list_files(pictures: Iterable[str]) -> list[Path]:
    """The files that they are in, which no output may replace; those in none are left out."""
    files = []
    for picture in pictures:
        try:
            files.append(find_file(picture))
        except ImageError:  # an address: whoever reads it says what is wrong with it
            continue
    return files


def name_picture(picture: str) -> str:
    """What to call it in a report: the name of its file, or the kind of its address."""
    if is_address(picture) and picture.lstrip()[:5].lower() == "data:":
        return "data: address"
    return Path(picture).name
