"""Calls the command line and the Python functions with hostile arguments, pictures, manifests, tables and caches.

A fault is a traceback, "this is a bug", a warning, an abort, or a call of over 5 s. The bytes that a call is made of
are steered by coverage where `atheris` is installed, else random. Children make the calls, so that an abort is seen.

python -m benchmarks.reliability.fuzz --calls 20000 --folder FOLDER [--seed 1]
python -m benchmarks.reliability.fuzz --replay
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import faulthandler
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common.paths import ROOT
from benchmarks.common.reporting import Figure, show

if TYPE_CHECKING:
    from benchmarks.reliability.fuzzing.outcome import Caller

SEEDS = ROOT / "benchmarks" / "data" / "fuzz_seeds.jsonl"
"""The bytes of every fault that was found, and what it was: tests/process/test_fuzz_seeds.py calls them again."""
SECONDS = 5
"""Of the processor, as the machine may have other work; after four times as many of the clock, the child is ended."""
CHUNK = 2000
"""Calls of a child."""
LENGTH = 400
"""Bytes of a call at most."""


def read_seeds() -> list[tuple[bytes, str]]:
    """The bytes of the faults that were found, and what they were."""
    records = map(json.loads, SEEDS.read_text(encoding="utf-8").splitlines())
    return [(base64.b64decode(record["bytes"]), record["fault"]) for record in records]


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--calls", type=int, default=20_000)
    command_line.add_argument("--seed", type=int, default=1)
    command_line.add_argument("--folder", type=Path, default=Path("fuzz"), help="the log, and what steers the calls")
    command_line.add_argument("--replay", action="store_true", help="make the calls of the seeds that are kept")
    command_line.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = command_line.parse_args()
    options.folder = options.folder.resolve()
    if options.replay:
        sys.exit(replay(read_seeds()))
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.child is not None:
        make_calls(options.folder, options.child, options.calls)
    else:
        sys.exit(run_children(options.folder, options.seed, options.calls))


def replay(seeds: list[tuple[bytes, str]]) -> int:
    """Makes the calls of the seeds once more; returns how many are faults still."""
    faults = 0
    with tempfile.TemporaryDirectory() as folder, _open_caller(Path(folder) / "world") as caller:
        for data, _ in seeds:
            outcome = caller.make(data)
            if outcome.fault is not None:
                faults += 1
                print(f"{outcome.area}: {outcome.call}\n{outcome.fault}\n")
    print(f"{faults} faults in {len(seeds)} calls")
    return faults


def run_children(folder: Path, seed: int, calls: int) -> int:
    """Runs children until all calls are made, goes on with a folder that was begun; returns how many faults it has."""
    began = time.monotonic()
    already = done = _count_calls(folder)
    chunk = 0
    while done < calls:
        chunk += 1
        command = [sys.executable, "-m", "benchmarks.reliability.fuzz", "--folder", str(folder)]
        command += ["--child", str(seed * 100_000 + done), "--calls", str(min(CHUNK, calls - done))]
        with (folder / "child.log").open("a") as log:
            child = subprocess.run(command, stdout=log, stderr=log, cwd=ROOT, check=False)
        _log_death(folder, child.returncode)
        now = _count_calls(folder)
        if now == done:
            raise SystemExit(f"the child made no call; see {folder / 'child.log'}")
        done = now
        rate = (done - already) / (time.monotonic() - began) * 60
        print(f"{done} calls, {rate:.0f} a minute, {len(list(_read_faults(folder)))} faults", flush=True)
    return report(folder)


def report(folder: Path) -> int:
    """Prints what all calls came to, the faults to stderr; returns how many of these there are."""
    with (folder / "calls.jsonl").open(encoding="utf-8") as log:
        records = [json.loads(line) for line in log]
    faults = list(_read_faults(folder))
    for kind, count in Counter(fault["fault"].strip().splitlines()[-1][:200] for fault in faults).most_common():
        print(f"{count:5} {kind}", file=sys.stderr)
    slowest = max(record.get("seconds", 0.0) for record in records)
    figures = [
        Figure("calls", "calls", len(records)),
        Figure("faults", "tracebacks, bugs, warnings, aborts and hangs among them", len(faults), 0, False),
        Figure("slowest", "the slowest call, of the processor", slowest, SECONDS, False, " s"),
    ]
    by_area = Counter(record["area"] for record in records)
    show("fuzzed calls", figures, by_area={area: {"calls": count} for area, count in sorted(by_area.items())})
    return len(faults)


def make_calls(folder: Path, seed: int, calls: int) -> None:
    """Makes calls in this process, and logs each."""
    log = (folder / "calls.jsonl").open("a", encoding="utf-8")
    running = folder / "running.json"

    def call(data: bytes) -> None:
        began = time.process_time()
        running.write_text(json.dumps({"bytes": base64.b64encode(data).decode(), "call": "being drawn"}))
        faulthandler.dump_traceback_later(SECONDS * 4, exit=True)
        outcome = caller.make(data)
        faulthandler.cancel_dump_traceback_later()
        seconds = time.process_time() - began
        fault = outcome.fault or (f"it took {seconds:.1f} s" if seconds > SECONDS else None)
        record: dict[str, Any] = {"area": outcome.area, "status": outcome.status, "seconds": round(seconds, 3)}
        if fault is not None:
            record |= {"call": outcome.call, "fault": fault, "bytes": base64.b64encode(data).decode()}
        log.write(f"{json.dumps(record)}\n")
        log.flush()

    def watch(said: str) -> None:
        content = json.loads(running.read_text())
        running.write_text(json.dumps({**content, "call": said}))

    with _open_caller(folder / "world", watch) as caller:
        _steer(call, folder / "corpora" / str(seed), seed, calls)


def _steer(call: Callable[[bytes], None], corpus: Path, seed: int, calls: int) -> None:
    """Makes the calls; what reached new code is kept in `corpus`, and changed to reach more."""
    numbers = random.Random(seed)
    if find_spec("atheris") is None:
        for _ in range(calls):
            call(numbers.randbytes(LENGTH))
        return
    atheris = import_module("atheris")
    corpus.mkdir(parents=True, exist_ok=True)
    for number in range(calls // 2):  # libFuzzer begins with one short input: the other half of the calls is random
        (corpus / f"random-{number}").write_bytes(numbers.randbytes(LENGTH))
    arguments = [f"-runs={calls}", f"-seed={seed % 2**31}", f"-max_len={LENGTH}", "-len_control=0", "-timeout=60"]
    arguments += ["-rss_limit_mb=6000", "-print_final_stats=1", f"-artifact_prefix={corpus}/", str(corpus)]
    atheris.Setup([sys.argv[0], *arguments], call)
    atheris.Fuzz()


def _count_calls(folder: Path) -> int:
    log = folder / "calls.jsonl"
    return sum(1 for _ in log.open("rb")) if log.exists() else 0


def _read_faults(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "calls.jsonl").open(encoding="utf-8") as log:
        yield from (record for record in map(json.loads, log) if "fault" in record)


def _log_death(folder: Path, status: int) -> None:
    """Logs the call that a child did not come back from, if it did not end well."""
    running = folder / "running.json"
    if status and running.exists():
        record = {
            "area": "any",
            "status": "died",
            "fault": f"the process ended with {status}",
            **json.loads(running.read_text()),
        }
        with (folder / "calls.jsonl").open("a", encoding="utf-8") as log:
            log.write(f"{json.dumps(record)}\n")
    running.unlink(missing_ok=True)


@contextmanager
def _open_caller(folder: Path, watch: Callable[[str], None] = lambda _: None) -> Iterator[Caller]:
    """A caller in a fresh folder, its modules watched for coverage where atheris is installed."""
    with contextlib.suppress(ImportError), import_module("atheris").instrument_imports(include=["editjudge"]):
        import_module("editjudge.cli.main")
        import_module("editjudge.evaluation.plots")
    outcome = import_module("benchmarks.reliability.fuzzing.outcome")
    world = import_module("benchmarks.reliability.fuzzing.world")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield outcome.Caller(world.World(folder), watch)


if __name__ == "__main__":
    main()
