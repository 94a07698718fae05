"""`editjudge serve`: scores over HTTP, until a signal ends it."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from editjudge.backends.onnx.providers import check_device
from editjudge.bundles.bundle import Bundle
from editjudge.cli.options import AcceptAt, BundleName, CompatOption, Debug, Device, LookOption, Threads
from editjudge.errors import InputError
from editjudge.metrics.looking.choose import choose_look
from editjudge.metrics.registry import check_accept_at, check_compat
from editjudge.server.access_token import read_token
from editjudge.server.options import MEGABYTE, RequestLimits, ServiceOptions
from editjudge.server.run import Address, run_service
from editjudge.utils.text import printable

HOST, PORT = "127.0.0.1", 8400
LIMITS, OPTIONS = RequestLimits(), ServiceOptions()


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="An address of this machine.", metavar="HOST", show_default=HOST)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="0: any that is free.", min=0, max=65_535, show_default=str(PORT))
    ] = None,
    uds: Annotated[
        Path | None,
        typer.Option(help="Listen on a Unix socket instead, which only its owner may use.", metavar="PATH"),
    ] = None,
    workers: Annotated[
        int, typer.Option(help="Processes that answer, each with its own models and queue.", min=1, max=256)
    ] = 1,
    queue: Annotated[
        int, typer.Option(help="Requests that may wait in each; the next is refused.", min=1, max=100_000)
    ] = OPTIONS.queue,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Whose text clients have to show.", metavar="FILE", show_default="EDITJUDGE_TOKEN, if set"),
    ] = None,
    max_mb: Annotated[
        int, typer.Option(help="MiB of the body of a request.", metavar="MIB", min=1, max=4096)
    ] = LIMITS.max_bytes // MEGABYTE,
    max_pixels: Annotated[int, typer.Option(help="Of each picture.", min=1024)] = LIMITS.max_pixels,
    max_request_pixels: Annotated[
        int, typer.Option(help="Of all pictures of a request.", min=1024)
    ] = LIMITS.max_request_pixels,
    max_items: Annotated[int, typer.Option(help="Edited pictures of a request.", min=1, max=10_000)] = LIMITS.max_items,
    receive_seconds: Annotated[
        float, typer.Option(help="How long a request may take to arrive.", min=0.1, max=3600)
    ] = LIMITS.receive_seconds,
    answer_seconds: Annotated[
        float, typer.Option(help="How long it may wait and be worked on.", min=0.1, max=86_400)
    ] = LIMITS.answer_seconds,
    inference_threads: Annotated[
        int | None,
        typer.Option(
            help="Threads of each process that run the models.",
            min=1,
            max=1024,
            show_default="one on a GPU, else one for each core, but four at most",
        ),
    ] = None,
    log_instructions: Annotated[
        bool, typer.Option("--log-instructions", help="Write instructions to the log; pictures never are.")
    ] = False,
    bundle: BundleName = OPTIONS.bundle,
    device: Device = OPTIONS.device,
    threads: Threads = None,
    compat: CompatOption = None,
    accept_at: AcceptAt = None,
    look: LookOption = None,
    debug: Debug = False,
) -> None:
    """Score over HTTP: for apps in any language, for trainers, and on a page for people."""
    if uds is not None and (host is not None or port is not None):
        raise InputError("--uds is where the service listens; leave out --host and --port, or --uds")
    for flag, seconds in {"--receive-seconds": receive_seconds, "--answer-seconds": answer_seconds}.items():
        if math.isnan(seconds):  # which no bound refuses
            raise InputError(f"{flag} is nan; give a number of seconds")
    address = Address(HOST if host is None else host, PORT if port is None else port, uds)
    check_device(device)
    options = ServiceOptions(
        bundle=bundle,
        device=device,
        threads=threads,
        compat=check_compat(compat),
        accept_at=check_accept_at(accept_at),
        look=choose_look(look, Bundle.load(bundle)) if look is not None else None,
        inference_threads=inference_threads,
        queue=queue,
        limits=RequestLimits(
            max_bytes=max_mb * MEGABYTE,
            max_pixels=max_pixels,
            max_request_pixels=max_request_pixels,
            max_items=max_items,
            receive_seconds=receive_seconds,
            answer_seconds=answer_seconds,
        ),
        token=read_token(token_file),
        log_instructions=log_instructions,
    )
    Bundle.load(bundle)
    run_service(address, options, workers, _announce)


def _announce(address: str) -> None:
    page = "" if address.startswith("unix:") else f"; the page for people is {address}/"
    with suppress(OSError):  # nobody reads it
        print(printable(f"editjudge answers at {address}{page}"), flush=True)
