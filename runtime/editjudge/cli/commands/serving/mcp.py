"""`editjudge mcp`: scores as the tools of an assistant, on the standard streams."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from editjudge.backends.onnx.providers import check_device
from editjudge.cli.options import AcceptAt, BundleName, CompatOption, Debug, Device, LookOption, Threads
from editjudge.errors import DeviceError
from editjudge.metrics.looking.choose import check_look
from editjudge.metrics.registry import check_accept_at, check_compat
from editjudge.scorer import Scorer
from editjudge.server.options import MEGABYTE, RequestLimits

DEFAULTS = RequestLimits()


def mcp(
    *,
    allow: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Read pictures in here; may be given again.", show_default="none"),
    ] = None,
    bundle: BundleName = "studio",
    device: Device = "auto",
    threads: Threads = None,
    compat: CompatOption = None,
    accept_at: AcceptAt = None,
    look: LookOption = None,
    max_mb: Annotated[
        int, typer.Option(min=1, max=1024, metavar="MB", help="The size of a file, and of what is sent.")
    ] = DEFAULTS.max_bytes // MEGABYTE,
    max_pixels: Annotated[int, typer.Option(min=64, help="Of each picture.")] = DEFAULTS.max_pixels,
    max_items: Annotated[int, typer.Option(min=1, help="Candidates of a ranking.")] = DEFAULTS.max_items,
    debug: Debug = False,
) -> None:
    """Serve score, rank and differences as the tools of an assistant (MCP, on stdin and stdout).

    The models are opened with the first call. Nothing is written, and nothing fetched.
    """
    if find_spec("mcp") is None:
        raise DeviceError("the MCP server needs mcp; pip install 'editjudge[mcp]'")
    from editjudge.server.mcp.folders import AllowedFolders  # noqa: PLC0415  (the SDK takes a second)
    from editjudge.server.mcp.serve import serve  # noqa: PLC0415
    from editjudge.server.mcp.tools import ToolBox  # noqa: PLC0415

    check_accept_at(accept_at)
    check_device(device)
    open_scorer = partial(
        Scorer.load, bundle, device, threads, check_compat(compat), accept_at=accept_at, look=check_look(look)
    )
    limits = RequestLimits(max_bytes=max_mb * MEGABYTE, max_pixels=max_pixels, max_items=max_items)
    serve(ToolBox(open_scorer, AllowedFolders(allow or []), limits), limits)
