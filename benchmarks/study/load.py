"""Does a study lose or tell anything when many rate at once?

    python -m benchmarks.study.load [--raters 20] [--seconds 60]

Every rater opens page after page with its pictures, and answers. What counts: answers that were acknowledged and are
not there, and answers of the server in which an editor, a file's name, a metric or another rater's code stands.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from benchmarks.common.reporting import Figure, show
from benchmarks.study.kills import Given, count_lost
from benchmarks.study.study_process import EDITORS, fill_form, find_page, run_study, write_edits

INPUTS = 2000
FILES = (*EDITORS, "source-", ".png", "input-")
METRICS = ("bpm", "clip_score", "lpips")
"""Looked for in texts alone: three letters also stand by chance in the bytes of some picture."""


def tells(answer: httpx.Response, code: str) -> bool:
    """Whether an answer says what a rater must not know."""
    said = f"{answer.url} {answer.headers} {answer.content.decode('latin-1')}"
    is_picture = answer.headers.get("content-type", "").startswith("image/")
    others = set(re.findall(r"rater\d+", said)) - {code}
    return bool(others) or any(word in said for word in (FILES if is_picture else FILES + METRICS))


async def rate(address: str, code: str, until: float, spent: list[float], counts: Counter[str]) -> Given:
    given: Given = {}
    async with httpx.AsyncClient(base_url=address, timeout=60, follow_redirects=True) as client:
        await client.post("/enter", data={"code": code})
        while time.monotonic() < until:
            page = await client.get("/next")
            number = find_page(page)
            assert number is not None, "the study is over; give it more inputs"
            counts["asked twice"] += number in given
            pictures = [await client.get(path) for path in re.findall(r'src="(/pictures/[^"]+)"', page.text)]
            counts["pictures"] += len(pictures)
            value = random.randint(1, 5)
            begun = time.monotonic()
            answer = await client.post(f"/pages/{number}", data=fill_form(value), follow_redirects=False)
            spent.append(time.monotonic() - begun)
            if answer.status_code == httpx.codes.SEE_OTHER:
                given[number] = value
            counts["telling"] += sum(tells(one, code) for one in (page, answer, *pictures))
    return given


async def rate_at_once(
    address: str, raters: int, seconds: float, counts: Counter[str]
) -> tuple[list[Given], list[float]]:
    spent: list[float] = []
    until = time.monotonic() + seconds
    codes = [f"rater{n}" for n in range(raters)]
    return list(await asyncio.gather(*(rate(address, code, until, spent, counts) for code in codes))), spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raters", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, run_study(write_edits(Path(folder), INPUTS)) as study:
        given, spent = asyncio.run(rate_at_once(study.address, options.raters, options.seconds, counts))
        study.kill()
        lost = count_lost(study.database, given)
    answers = sum(map(len, given))
    figures = [
        Figure("raters", "raters at once", options.raters),
        Figure("answers", "answers given", answers),
        Figure("rate", "answers a second", answers / options.seconds),
        Figure("pictures", "pictures sent", counts["pictures"]),
        Figure("lost", "answers given and lost", lost, 0, False),
        Figure("asked_twice", "pages asked again after their answer", counts["asked twice"], 0, False),
        Figure("telling", "answers that tell an editor, a metric or another rater", counts["telling"], 0, False),
        Figure("p99", "until an answer is kept, p99", 1000 * float(np.quantile(spent, 0.99)), unit=" ms"),
    ]
    show("raters at once", figures)


if __name__ == "__main__":
    main()
