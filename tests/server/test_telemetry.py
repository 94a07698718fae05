"""The counters: what Prometheus reads of one process, and the sums over several."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from editjudge.server.telemetry import SHARED_FOLDER, Telemetry, render_metrics
from support.fresh_process import run_python


def read(text: str) -> dict[tuple[str, str], float]:
    """The values by name and labels, as Prometheus itself would read them."""
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_one_process_tells_of_itself() -> None:
    assert SHARED_FOLDER not in os.environ
    telemetry = Telemetry()
    telemetry.requests.labels("/v1/score", "200").inc()
    telemetry.requests.labels("/v1/score", "200").inc()
    telemetry.waiting.set(3)
    telemetry.request_seconds.labels("/v1/score").observe(0.04)
    Telemetry().requests.labels("/v1/score", "200").inc()  # another one's registry is its own
    content, content_type = render_metrics(telemetry)
    values = read(content.decode())
    assert content_type.startswith("text/plain; version=0.0.4")
    assert values["editjudge_requests_total", "route=/v1/score,status=200"] == 2
    assert values["editjudge_waiting", ""] == 3
    assert values["editjudge_request_seconds_bucket", "le=0.02,route=/v1/score"] == 0
    assert values["editjudge_request_seconds_bucket", "le=0.05,route=/v1/score"] == 1
    assert values["editjudge_request_seconds_sum", "route=/v1/score"] == 0.04


COUNTING = """
    import sys
    from editjudge.server.telemetry import Telemetry, render_metrics
    telemetry = Telemetry()
    telemetry.ready.set(1)
    telemetry.waiting.set(int(sys.argv[1]))
    telemetry.requests.labels("/v1/score", "200").inc(int(sys.argv[1]))
    import os
    print(os.getpid())
    {then}
"""


def test_workers_are_told_together_and_the_dead_forgotten(tmp_path: Path) -> None:
    """Counters stay, as they may not fall; the gauges are those of the living."""
    environment = {SHARED_FOLDER: str(tmp_path)}
    dead = run_python(COUNTING.format(then=""), 3, environment=environment)
    forget = (
        "from editjudge.server.telemetry import forget_worker\n"
        f"    print(render_metrics(telemetry)[0].decode())\n    forget_worker({int(dead.stdout)}, {str(tmp_path)!r})\n"
        "    print('---')\n    print(render_metrics(telemetry)[0].decode())"
    )
    living = run_python(COUNTING.format(then=forget), 4, environment=environment)
    assert living.returncode == 0, living.stderr
    before, after = (read(text) for text in living.stdout.split("\n", 1)[1].split("---\n"))
    for values in (before, after):
        assert values["editjudge_requests_total", "route=/v1/score,status=200"] == 7
    assert (before["editjudge_waiting", ""], after["editjudge_waiting", ""]) == (7, 4)
    assert (before["editjudge_ready", ""], after["editjudge_ready", ""]) == (2, 1)
