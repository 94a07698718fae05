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

from editjudge.batch.grouping import find_blocks, read_groups
from editjudge.batch.score_columns import pack
from editjudge.batch.worker import ScoredRow, Setup, Worker
from editjudge.datasets import Dataset
from editjudge.errors import DeviceError

MOST_BLOCKS = 1000
"""Ray keeps account of every block."""


def score_on_ray(dataset: Dataset, pending: Sequence[range], setup: Setup, workers: int | None) -> Iterator[ScoredRow]:
    """Scores on the cluster that RAY_ADDRESS names, else on a new one on this machine.

    Args:
        workers: Actors; by default one per GPU of the cluster, or one per core where the models run on the CPU.

    Yields the pending rows with their new cells, as they come, and now and then others of their batches. Raises
    DeviceError when Ray is missing or gives up.
    """
    ray = _import_ray()
    blocks = [{"pending": json.dumps(sorted(numbers))} for _, numbers in find_blocks(pending)]
    starts_ray = not ray.is_initialized()
    if starts_ray:
        own = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers, "include_dashboard": False}
        ray.init(logging_level=logging.ERROR, log_to_driver=False, **own)
    try:
        gpus = int(setup.threads is None and setup.device != "openvino")
        size = workers or int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1))
        scored = ray.data.from_items(blocks, override_num_blocks=min(len(blocks), MOST_BLOCKS)).map_batches(
            _Actor,
            fn_constructor_args=(dataset, setup),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(size, len(blocks))),
            num_cpus=1,
            num_gpus=gpus,
        )
        for row in scored.iter_rows():
            yield ScoredRow(*json.loads(row["scored"]))
    except ray.exceptions.RayError as error:
        raise DeviceError(f"Ray gave up ({str(error).strip().splitlines()[-1]}); look at its logs") from error
    finally:
        if starts_ray:
            ray.shutdown()


class _Actor:
    """Scores blocks of rows. What it scored travels as JSON, because Ray would guess at the types of columns."""

    def __init__(self, dataset: Dataset, setup: Setup) -> None:
        self._dataset = dataset
        self._worker = Worker(setup)

    def __call__(self, blocks: dict[str, Any]) -> dict[str, Any]:
        pending = [range(number, number + 1) for numbers in blocks["pending"] for number in json.loads(numbers)]
        groups = [group for block in read_groups(self._dataset, pending) for group in block]
        return {"scored": [pack(row) for group in groups for row in self._worker.score(group)]}


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
