"""Scores rows on Ray Data, with a pool of actors.

What travels through Ray are the numbers of the rows: each actor reads its rows itself, so that a data set need not fit
one machine; every node must find its files under the same path.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from editjudge.batch.columns import Values, packed
from editjudge.batch.worker import Setup, Worker
from editjudge.datasets import Dataset
from editjudge.errors import DeviceError

SPAN = 32
"""Rows that an actor is given at once."""
MOST_BLOCKS = 1000
"""Pieces that Ray is handed at most: it keeps account of each."""


def score_on_ray(
    dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None
) -> Iterator[tuple[int, Values]]:
    """The numbers of the pending rows with their new columns, as they come.

    On the cluster that RAY_ADDRESS names, else on one of its own on this machine. workers: actors; None: as many as the
    cluster has GPUs, or cores where the models run on the CPU. Raises DeviceError when Ray is missing or gives up.
    """
    ray = _ray()
    spans = [
        {"start": start, "stop": min(start + SPAN, each.stop)}
        for each in pending
        for start in range(each.start, each.stop, SPAN)
    ]
    started = not ray.is_initialized()
    if started:
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
        for each in scored.iter_rows():
            yield int(each["row"]), json.loads(each["values"])
    except ray.exceptions.RayError as error:
        raise DeviceError(f"Ray gave up ({str(error).strip().splitlines()[-1]}); look at its logs") from error
    finally:
        if started:
            ray.shutdown()


class _Actor:
    """Holds a scorer, and scores spans of rows. Its values travel as JSON: Ray would guess at the types of columns."""

    def __init__(self, dataset: Dataset, setup: Setup) -> None:
        self._dataset = dataset
        self._worker = Worker(setup)

    def __call__(self, spans: dict[str, Any]) -> dict[str, Any]:
        numbers = [range(int(start), int(stop)) for start, stop in zip(spans["start"], spans["stop"], strict=True)]
        values = [
            packed(self._worker.score(row)) for each in numbers for row in self._dataset.rows(each.start, each.stop)
        ]
        return {"row": [number for each in numbers for number in each], "values": values}


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is to be sent anywhere, unless the user says so
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its advice to developers is no error of the run
    try:
        import ray  # noqa: PLC0415  (an extra)
        import ray.data  # noqa: PLC0415
    except ImportError as error:
        raise DeviceError("the engine ray needs Ray; pip install 'editjudge[ray]'") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray
