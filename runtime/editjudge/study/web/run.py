"""Runs the pages of a study until a signal comes."""

from __future__ import annotations

from collections.abc import Callable

from editjudge.datasets import Dataset
from editjudge.server.run import Address, check_packages, write_address
from editjudge.study.database import StudyDatabase

HEAD_SECONDS = 30.0
DRAIN_SECONDS = 10
"""How long what was sent may take to be kept when the study ends."""


def run_study(
    database: StudyDatabase,
    dataset: Dataset,
    address: Address,
    on_ready: Callable[[str], None],
    *,
    title: str | None = None,
) -> None:
    """Shows pages and keeps what is answered until a signal comes; SIGINT raises KeyboardInterrupt then.

    Args:
        database: Of the study; it is not closed.
        dataset: Where its pictures are.
        address: Where browsers find it.
        on_ready: Called once, when it answers, with the address.
        title: What its pages are headed with.

    Raises InputError where it may not listen, and DeviceError where a package is missing.
    """
    check_packages()
    if not database.has_codes:
        address.check_private("say with --codes who may rate, or listen on 127.0.0.1")
    import uvicorn  # noqa: PLC0415  (of an extra, as what follows)

    from editjudge.server.processes.web_server import configure, ended_by_signals  # noqa: PLC0415
    from editjudge.study.web.app import build_study  # noqa: PLC0415
    from editjudge.study.web.picture_check import check_beside  # noqa: PLC0415
    from editjudge.study.web.pictures import StudyPictures  # noqa: PLC0415

    with address.listen() as listener:
        pictures = StudyPictures(database, dataset)
        app = build_study(database, pictures, title)
        server = uvicorn.Server(configure(app, head_seconds=HEAD_SECONDS, drain_seconds=DRAIN_SECONDS))
        with ended_by_signals(server), check_beside(database, dataset, pictures):
            on_ready(write_address(address, listener))  # it listens; who comes now is answered in a moment
            server.run([listener])
