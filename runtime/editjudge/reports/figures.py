"""A matplotlib figure as a picture file, the same bytes for the same figure."""

from __future__ import annotations

import io
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from editjudge.errors import DeviceError
from editjudge.utils import atomic_file
from editjudge.utils.arguments import PATH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")


def check_plot(path: str | PathLike[str]) -> None:
    """Raises InputError, before anything is measured, where the picture could not be written; DeviceError where
    matplotlib is not installed."""
    PATH.check(plot=path)
    path = Path(path)
    atomic_file.check_suffix("--plot", path, FORMATS)
    if find_spec("matplotlib") is None:
        raise DeviceError("--plot needs matplotlib; pip install 'editjudge[plots]'")
    atomic_file.check_writable(path)


def write_figure(path: Path, figure: Figure) -> None:
    """Raises InputError where the file cannot be written."""
    from matplotlib import rc_context  # noqa: PLC0415  (of an extra)

    suffix = path.suffix[1:].lower()
    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "editjudge"}):
        figure.savefig(content, format=suffix, dpi=150, metadata={"Date": None} if suffix == "svg" else None)
    atomic_file.write(path, content.getvalue())
