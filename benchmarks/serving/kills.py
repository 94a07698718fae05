"""Is an answer lost or wrong when a service is killed under load and begun again?

    python -m benchmarks.serving.kills [--kills 20]

Clients ask for scores and ask again whatever was not answered. What counts: answers that came whole and are wrong,
requests that never got one, and how long it took from the end of the service to its next right answer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from statistics import median

import httpx

from benchmarks.common.reporting import Figure, show
from benchmarks.serving.clients import TIMEOUT, AskedEdit, is_same, record_asked
from benchmarks.serving.service import Service, run_service
from editjudge import Scorer

CLIENTS = 16
BETWEEN = (1.0, 4.0)
"""Seconds from when it is ready to its end, drawn by chance."""


async def ask_until(service: Service, edits: list[AskedEdit], over: asyncio.Event, counts: Counter[str]) -> None:
    """Asks for one edit after another until it is over, each until it is answered."""
    turn = random.randrange(len(edits))
    async with httpx.AsyncClient(base_url=service.address, timeout=TIMEOUT) as client:
        while not over.is_set():
            turn += 1
            edit = edits[turn % len(edits)]
            counts["asked"] += 1
            while True:
                try:
                    response = await client.post("/v1/score", **edit.fields)
                except httpx.HTTPError:
                    counts["broken off"] += 1
                    await asyncio.sleep(0.1)
                    continue
                if response.status_code != httpx.codes.OK:
                    counts["refused"] += 1
                    await asyncio.sleep(0.1)
                    continue
                is_right = is_same(response.json(), edit.answer)
                counts["right" if is_right else "wrong"] += 1
                break


async def kill_often(service: Service, edits: list[AskedEdit], kills: int, counts: Counter[str]) -> list[float]:
    """Kills it so often under load; returns the seconds that it took each time until it was ready again."""
    over = asyncio.Event()
    clients = [asyncio.create_task(ask_until(service, edits, over, counts)) for _ in range(CLIENTS)]
    spent = []
    for _ in range(kills):
        await asyncio.sleep(random.uniform(*BETWEEN))
        service.process.kill()
        await asyncio.to_thread(service.process.wait)
        begun = time.monotonic()
        service.start()
        await asyncio.to_thread(service.wait_until_ready)
        spent.append(time.monotonic() - begun)
    over.set()
    await asyncio.wait_for(asyncio.gather(*clients), TIMEOUT)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    with Scorer.load("studio", "cpu") as scorer:
        edits = record_asked(scorer)
    counts: Counter[str] = Counter()
    with run_service() as service:
        spent = asyncio.run(kill_often(service, edits, options.kills, counts))
    figures = [
        Figure("kills", "times killed under load, and begun again", options.kills),
        Figure("asked", "requests", counts["asked"]),
        Figure("broken_off", "broken off, and asked again", counts["broken off"]),
        Figure("right", "answered rightly in the end", counts["right"]),
        Figure("lost", "never answered", counts["asked"] - counts["right"] - counts["wrong"], 0, False),
        Figure("wrong", "answered wrongly", counts["wrong"], 0, False),
        Figure("ready", "from start to ready under that load, median", median(spent), unit=" s"),
    ]
    show("a service that is killed", figures)


if __name__ == "__main__":
    main()
