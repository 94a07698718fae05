"""Many clients at once: each gets its own answer, and none is lost."""

from __future__ import annotations

import random
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import combinations
from typing import Any

from editjudge import Scorer
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.refusal import QueueFullError
from editjudge.server.engine.request import ScoringRequest
from editjudge.server.telemetry import Telemetry
from support.engine_runs import RECOLOUR, SECONDS, SWAP, TOY, agree, ask, edited, open_engine, original

REQUESTS, CLIENTS = 200, 16
SIDES = range(12, 40, 4)
SEEDS = range(3)
BAD = b"no picture"


def make_request(number: int) -> ScoringRequest:
    """One of many kinds, by its number."""
    chance = random.Random(number)
    seed, instruction = chance.choice(SEEDS), chance.choice((SWAP, RECOLOUR))
    kind = chance.choice(("score", "score", "score", "rank", "rank", "differences"))
    pictures = [
        edited(side, seed) for side in chance.sample(SIDES, 1 if kind == "differences" else chance.randint(1, 7))
    ]
    if kind != "differences" and chance.random() < 0.2:
        pictures.insert(chance.randrange(len(pictures) + 1), BAD)
    fields: dict[str, Any] = {}
    if kind == "rank" and chance.random() < 0.3:
        fields["best"] = 2
    elif kind != "differences" and chance.random() < 0.2:
        fields["budget_ms"] = 60_000.0
    return ScoringRequest(kind, original(seed), tuple(pictures), instruction, **fields)  # type: ignore[arg-type]


def send(engine: Engine, number: int) -> tuple[ScoringRequest, Any]:
    """A request and its answer; None: its client went away."""
    request = make_request(number)
    while True:
        try:
            future = engine.submit(request)
            break
        except QueueFullError:
            time.sleep(0.01)
    if number % 17 == 0 and future.cancel():
        return request, None
    try:
        return request, future.result(SECONDS)
    except CancelledError:
        return request, None


def test_of_two_hundred_requests_none_is_lost_and_none_is_swapped() -> None:
    telemetry = Telemetry()
    with open_engine(queue=8, inference_threads=4, telemetry=telemetry) as engine, ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda number: send(engine, number), range(REQUESTS)))
        assert engine.drain(SECONDS)
        assert engine.waiting == 0
        assert not engine._under_way
    assert sum(answer is None for _, answer in answers) <= REQUESTS // 17 + 1
    with Scorer.load(TOY, "cpu") as scorer:
        edits = [
            ask(side, seed=seed, instruction=asked) for seed in SEEDS for side in SIDES for asked in (SWAP, RECOLOUR)
        ]
        known = {
            (one.original, one.instruction, one.edited[0]): scorer.score(one.original, one.edited[0], one.instruction)
            for one in edits
        }
        # A swapped answer would be seen.
        assert not any(agree(one, other) for one, other in combinations(known.values(), 2))
        for request, answer in answers:
            if answer is None:
                continue
            if request.kind == "differences":
                expected = scorer.differences(request.original, request.edited[0], request.instruction)
                assert answer == expected
                continue
            assert sorted(one.index for one in answer) == list(range(len(request.edited)))
            for candidate in answer:
                picture = request.edited[candidate.index]
                if picture == BAD:
                    assert candidate.error
                elif candidate.left_out is None:
                    assert agree(candidate.score, known[request.original, request.instruction, picture])
            if request.kind == "score":
                assert [one.index for one in answer] == list(range(len(request.edited)))
    ready = telemetry.registry.get_sample_value("editjudge_prepared_shared_total")
    assert ready
    assert ready > REQUESTS / 3


def test_a_hail_of_one_original_is_answered_in_order_of_each() -> None:
    with open_engine(queue=64, inference_threads=4) as engine:
        futures = [engine.submit(ask(*sides)) for sides in ((12, 16), (20,), (24, 28, 32), (12,)) * 8]
        found = [[one.score.changed_share for one in future.result(SECONDS)] for future in futures]
        assert found == found[:4] * 8
        assert found[0][0] == found[3][0]
        assert len({share for row in found for share in row}) == 6
