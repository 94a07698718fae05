"""How many threads take requests, by where the models run."""

from __future__ import annotations

from editjudge.scorer import Scorer
from editjudge.server.options import ServiceOptions
from editjudge.utils.pools import usable_cores

MOST_ON_CPU = 4
"""A third of the time of a picture passes outside of the models, and most of that holds Python's lock: more threads
would wait for each other. What cores there are beyond these work for the models, whose threads all of them share."""


def find_device(scorer: Scorer) -> str:
    """What the models run on: the CPU only where none of them runs on anything else."""
    return next((one.device for one in scorer.models.placements.values() if one.device != "cpu"), "cpu")


def choose_threads(options: ServiceOptions, device: str) -> int:
    """As many as were asked for. Else on a CPU one per core, up to some: two threads on two cores, with each model on
    both, took 1.2 times as many edits as one did, and 1.3 to 1.8 times as many as two with each model on one core. On
    a GPU one, as a session of CUDA takes memory for every thread that ever called it.
    """
    if options.inference_threads is not None:
        return options.inference_threads
    return min(MOST_ON_CPU, usable_cores()) if device == "cpu" else 1
