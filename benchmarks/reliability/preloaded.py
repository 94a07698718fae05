"""Does an app that a web server preloads and forks answer every request? gunicorn, a POSIX system.

python -m benchmarks.reliability.preloaded --requests 5000 --workers 4
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from statistics import quantiles
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.reliability.stress import new_instruction
from editjudge.benchmarking.inputs import demo_edits

HUNG = 60
"""Seconds from which on a request is taken for hung."""
START = 120
"""Seconds that the app has to load, score and parse."""
PARSE_EVERY = 10
"""One request in so many brings an instruction that was not read before."""


@contextmanager
def serve(workers: int) -> Iterator[str]:
    """Runs the toy app; its address, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(workers), "--bind", f"127.0.0.1:{port}"]
    # More workers than cores: llama.cpp's threads, which OpenMP has spin while they wait, would keep each other out.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    command += ["--timeout", str(2 * HUNG), "benchmarks.reliability.web_app:answer"]
    server = subprocess.Popen(command, env=environment)
    try:
        give_up = time.monotonic() + START
        while server.poll() is None and time.monotonic() < give_up:
            try:
                urlopen(f"http://127.0.0.1:{port}/?edit=0", timeout=HUNG).close()
                break
            except (URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def ask(address: str, edits: int, number: int) -> tuple[str, int, float]:
    """What became of a request, which worker answered it, and after how many seconds."""
    asked = {"edit": number % edits}
    if number % PARSE_EVERY == 0:
        asked |= {"instruction": new_instruction(number)}
    start = time.monotonic()
    try:
        with urlopen(f"{address}/?{urlencode(asked)}", timeout=HUNG) as response:
            content = json.load(response)
    except TimeoutError:
        return "hung", 0, time.monotonic() - start
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return "lost", 0, time.monotonic() - start
    outcome = "lost" if "error" in content else "right" if content["right"] else "wrong"
    if "instruction" in asked and content.get("type") is None:
        outcome = "lost"
    return outcome, content.get("worker", 0), time.monotonic() - start


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--requests", type=int, default=5000)
    command_line.add_argument("--workers", type=int, default=4)
    command_line.add_argument("--clients", type=int, default=8, help="requests under way at once")
    options = command_line.parse_args()
    edits = sum(1 for _ in demo_edits())
    with serve(options.workers) as address, ThreadPoolExecutor(options.clients) as pool:
        answers = pool.map(partial(ask, address, edits), range(options.requests))
        outcomes = list(progress(answers, options.requests, "asking"))
    counts = Counter(outcome for outcome, _, _ in outcomes)
    slowest = quantiles([seconds for _, _, seconds in outcomes], n=100)
    figures = [
        Figure("right", "requests answered rightly", counts["right"], options.requests),
        Figure("wrong", "answered wrongly", counts["wrong"], 0, False),
        Figure("lost", "lost", counts["lost"], 0, False),
        Figure("hung", "hung", counts["hung"], 0, False),
        Figure("workers", "workers that answered", len({worker for _, worker, _ in outcomes if worker})),
        Figure("p50", "one request, half of them within", 1000 * slowest[49], unit=" ms"),
        Figure("p99", "99 in 100 within", 1000 * slowest[98], unit=" ms"),
    ]
    show(f"an app preloaded by gunicorn, {options.workers} workers", figures)
    sys.exit(not all(figure.met in (None, True) for figure in figures))


if __name__ == "__main__":
    main()
