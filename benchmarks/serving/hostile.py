"""What does a service make of hostile bodies and of slow clients?

    python -m benchmarks.serving.hostile [--bodies 10000] [--slow 50]

Each body is sent to a route by chance. An answer of 500 and more but 503, one that does not come, a file that was read
or made on the server, and a service that does not answer afterwards are counted. Then so many clients send one byte a
second, while another asks for scores: it is compared with itself before them.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.serving.clients import AskedEdit, ask_for, record_asked
from benchmarks.serving.hostile_bodies import HostileBody, Material, draw_bodies
from benchmarks.serving.service import Service, run_service
from editjudge import Scorer

HANG = 60.0
"""Seconds from which on an answer is taken for one that does not come."""
AT_ONCE = 8
RECEIVE_SECONDS = 15.0
MEASURED = 10.0
"""Seconds for which a client asks beside slow ones, and before them."""


async def send_all(service: Service, bodies: list[HostileBody], counts: Counter[str]) -> Counter[tuple[str, int]]:
    """Sends them, some at once; returns how often each kind got each status. Faults are added to the counts."""
    statuses: Counter[tuple[str, int]] = Counter()
    waiting = iter(progress(bodies, len(bodies), "bodies"))
    async with httpx.AsyncClient(base_url=service.address, timeout=HANG) as client:

        async def send_on() -> None:
            for body in waiting:
                head = {"Content-Type": body.content_type.encode("latin-1")} if body.content_type else {}
                try:
                    response = await client.post(body.route, content=body.body, headers=head)
                except httpx.TimeoutException:
                    counts["hung"] += 1
                    continue
                except httpx.TransportError:  # it may close the connection on what is too large
                    statuses[body.kind, 0] += 1
                    continue
                statuses[body.kind, response.status_code] += 1
                unavailable = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
                counts["failed"] += response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and not unavailable
                counts["read"] += body.reads_file and _is_answered(response)

        await asyncio.gather(*(send_on() for _ in range(AT_ONCE)))
    return statuses


def _is_answered(response: httpx.Response) -> bool:
    """Whether it gives a number for an edit."""
    if response.status_code != httpx.codes.OK:
        return False
    answer = response.json()
    if "results" in answer:
        return any(result.get("reward") for result in answer["results"])
    if "ranking" in answer:
        return any(row["score"] for row in answer["ranking"])
    return True


async def measure_beside_slow(service: Service, edits: list[AskedEdit], slow: int) -> tuple[float, float, int]:
    """Median seconds of a client alone and beside slow ones, and how many of these were ended by the service."""
    alone = await ask_for(service.address, edits, 1, MEASURED)
    crowd = [asyncio.create_task(_drip(service)) for _ in range(slow)]
    await asyncio.sleep(2)
    beside = await ask_for(service.address, edits, 1, MEASURED)
    ended = await asyncio.gather(*crowd)
    return median(alone.seconds), median(beside.seconds), sum(ended)


async def _drip(service: Service) -> bool:
    """Sends a request byte by byte, one a second; whether the service ended it."""
    address = urlsplit(service.address)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    begun, ended = time.monotonic(), False
    try:
        writer.write(head)
        while time.monotonic() < begun + 3 * RECEIVE_SECONDS:
            writer.write(b" ")
            await writer.drain()
            try:
                answer = await asyncio.wait_for(reader.read(1000), 1)
            except TimeoutError:
                continue
            ended = not answer or answer.startswith(b"HTTP/1.1 408")
            break
    except OSError:
        ended = True
    writer.close()
    return ended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts: Counter[str] = Counter(failed=0, hung=0, read=0)
    with Scorer.load("studio", "cpu") as scorer:
        edits = record_asked(scorer)
    limits = ["--receive-seconds", str(RECEIVE_SECONDS)]
    with tempfile.TemporaryDirectory() as folder, run_service(*limits) as service:
        file = Path(folder) / "secret.png"
        file.write_bytes(edits[0].original)
        material = Material(edits[0].original, edits[0].edited, file)
        bodies = list(draw_bodies(material, options.bodies, options.seed))
        statuses = asyncio.run(send_all(service, bodies, counts))
        made = [path.name for path in Path(folder).iterdir() if path != file]
        again = asyncio.run(ask_for(service.address, edits, 4, MEASURED))
        alone, beside, ended = asyncio.run(measure_beside_slow(service, edits, options.slow))
    figures = [
        Figure("bodies", "hostile bodies sent", options.bodies),
        Figure("failed", "answered with 500 and more, but for 503", counts["failed"], 0, False),
        Figure("hung", f"not answered within {HANG:g} s", counts["hung"], 0, False),
        Figure("read", "files of the server read", counts["read"], 0, False),
        Figure("made", "files made on the server", len(made), 0, False),
        Figure("wrong", "honest requests after them: wrong or lost", again.counts["wrong"] + again.counts["lost"], 0,
               False),
        Figure("right", "honest requests after them: right", again.counts["right"]),
        Figure("alone", "an honest request alone, median", 1000 * alone, unit=" ms"),
        Figure("beside", f"beside {options.slow} clients of a byte a second", 1000 * beside, unit=" ms"),
        Figure("ratio", "that against alone", beside / alone, 1.5, False),
        Figure("ended", "slow clients ended by the service", ended, options.slow),
    ]  # fmt: skip
    table: dict[str, dict[str, int]] = {}
    for (kind, status), number in sorted(statuses.items()):
        table.setdefault(kind, {})[str(status) if status else "closed"] = number
    show("hostile bodies and slow clients", figures, statuses=table)


if __name__ == "__main__":
    main()
