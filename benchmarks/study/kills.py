"""Is an answer lost, or a page asked twice, when a study is killed while people rate?

    python -m benchmarks.study.kills [--kills 50]

Raters answer page after page of `editjudge study`, which is killed at moments drawn by chance and begun again. An
answer counts as given once the server has led on to the next page.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from benchmarks.common.reporting import Figure, show
from benchmarks.study.study_process import StudyProcess, fill_form, find_page, run_study, write_edits
from editjudge.study.database import StudyDatabase

RATERS = 4
INPUTS = 5000
BETWEEN = (0.2, 1.5)
"""Seconds from its start to its end, drawn by chance."""
Given = dict[int, int]


async def rate(study: StudyProcess, code: str, over: asyncio.Event, counts: Counter[str]) -> Given:
    """Answers pages until it is over; what was said on each whose answer was acknowledged."""
    given: Given = {}
    pending: tuple[int, int] | None = None
    async with httpx.AsyncClient(base_url=study.address, timeout=60, follow_redirects=True) as client:
        entered = False
        while not over.is_set():
            try:
                if not entered:
                    entered = (await client.post("/enter", data={"code": code})).is_success
                number = find_page(await client.get("/next"))
                assert number is not None, "the study is over; give it more inputs"
                if number in given:
                    counts["asked twice"] += 1
                if pending is not None and pending[0] != number:
                    given[pending[0]] = pending[1]  # it was kept, though its acknowledgement did not come
                    counts["kept unsaid"] += 1
                value = random.randint(1, 5)
                pending = number, value
                answer = await client.post(f"/pages/{number}", data=fill_form(value), follow_redirects=False)
                if answer.status_code == httpx.codes.SEE_OTHER:
                    given[number] = value
                    pending = None
            except httpx.HTTPError:
                counts["broken off"] += 1
                await asyncio.sleep(0.05)
    return given


async def kill_often(study: StudyProcess, kills: int, counts: Counter[str]) -> list[Given]:
    over = asyncio.Event()
    raters = [asyncio.create_task(rate(study, f"rater{n}", over, counts)) for n in range(RATERS)]
    for _ in range(kills):
        await asyncio.sleep(random.uniform(*BETWEEN))
        study.kill()
        await asyncio.to_thread(study.start)
    await asyncio.sleep(1.0)
    over.set()
    return list(await asyncio.gather(*raters))


def count_lost(path: Path, given: list[Given]) -> int:
    """Answers that were acknowledged and are not there as they were given."""
    lost = 0
    with StudyDatabase.open(path) as study:
        for place, pages in enumerate(given):
            rater = study.join(f"rater{place}")
            for number, value in pages.items():
                kept = study.answered(rater, number)
                lost += kept is None or {one for sides in kept.values() for one in sides.values()} != {float(value)}
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, run_study(write_edits(Path(folder), INPUTS)) as study:
        given = asyncio.run(kill_often(study, options.kills, counts))
        study.kill()
        lost = count_lost(study.database, given)
    figures = [
        Figure("kills", "times killed while people rate, and begun again", options.kills),
        Figure("answers", "answers given", sum(map(len, given))),
        Figure("broken_off", "requests broken off", counts["broken off"]),
        Figure("lost", "answers given and lost", lost, 0, False),
        Figure("asked_twice", "pages asked again after their answer", counts["asked twice"], 0, False),
        Figure("seconds", "all of it", time.monotonic() - begun, unit=" s"),
    ]
    show("a study that is killed", figures)


if __name__ == "__main__":
    main()
