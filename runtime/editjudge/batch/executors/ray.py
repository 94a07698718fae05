"""Scores rows on Ray Data, with a pool of actors.

Only the numbers of rows travel through Ray: actors read their rows themselves, so that a data set need not fit one
machine; every node must find its files under the same path.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from editjudge.batch.score_columns import Values, pack
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import Dataset
from editjudge.errors import DeviceError

SPAN = 32
"""Rows that an actor scores at once."""
MOST_BLOCKS = 1000
"""Ray keeps account of every block."""


def score_on_ray(
    dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None
) -> Iterator[tuple[int, Values]]:
    """Scores on the cluster that RAY_ADDRESS names, else on a new one on this machine.

    Args:
        workers: Actors; by default one per GPU of the cluster, or one per core where the models run on the CPU.

    Yields the numbers of the pending rows with their new cells, as they come. Raises DeviceError when Ray is missing or
    gives up.
    """
    ray = _import_ray()
    spans = [
        {"start": start, "stop": min(start + SPAN, rows.stop)}
        for rows in pending
        for start in range(rows.start, rows.stop, SPAN)
    ]
    starts_ray = not ray.is_initialized()
    if starts_ray:
        own = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers, "include_dashboard": False}
        ray.init(logging_level=logging.ERROR, log_to_driver=False, **own)
    try:
        gpus = int(setup.threads is None and setup.device != "openvino")
        size = workers or int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1))
        scored = ray.data.from_items(spans, override_num_blocks=min(len(spans), MOST_BLOCKS)).map_batches(
            _Actor,
            fn_constructor_args=(dataset, setup),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(size, len(spans))),
            num_cpus=1,
            num_gpus=gpus,
        )
        for row in scored.iter_rows():
            yield int(row["row"]), json.loads(row["values"])
    except ray.exceptions.RayError as error:
        raise DeviceError(f"Ray gave up ({str(error).strip().splitlines()[-1]}); look at its logs") from error
    finally:
        if starts_ray:
            ray.shutdown()


class _Actor:
    """Scores spans of rows. The values travel as JSON, because Ray would guess at the types of columns."""

    def __init__(self, dataset: Dataset, setup: Setup) -> None:
        self._dataset = dataset
        self._worker = Worker(setup)

    def __call__(self, spans: dict[str, Any]) -> dict[str, Any]:
        numbers: list[int] = []
        values: list[str] = []
        for start, stop in zip(map(int, spans["start"]), map(int, spans["stop"]), strict=True):
            numbers += range(start, stop)
            values += (pack(self._worker.score(row)) for row in self._dataset.rows(start, stop))
        return {"row": numbers, "values": values}


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # sends nothing, unless the user says so
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its advice to developers is no error of the run
    try:
        import ray  # noqa: PLC0415  (an extra)
        import ray.data  # noqa: PLC0415
    except ImportError as error:
        raise DeviceError("the engine ray needs Ray; pip install 'editjudge[ray]'") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
