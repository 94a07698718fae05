"""From pictures and words to scores with everything real: the embedded bundle, Gemma, and the demo's pictures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from editjudge import Scorer
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.ranking import RankedCandidate

WELL, NOTHING = "well done", "nothing changed"


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", device="cpu", threads=2)


@pytest.fixture(scope="module")
def rankings(scorer: Scorer) -> list[tuple[DemoInput, list[RankedCandidate]]]:
    return [
        (demo, scorer.prepare(demo.original, demo.instruction).rank([one.file for one in demo.candidates]))
        for demo in load_demo()
    ]


def test_what_is_well_done_ranks_first(rankings: list[tuple[DemoInput, list[RankedCandidate]]]) -> None:
    firsts = {demo.instruction: demo.candidates[ranked[0].index].label for demo, ranked in rankings}
    assert set(firsts.values()) == {WELL}, firsts


def test_nothing_done_is_seen_and_earns_little(rankings: list[tuple[DemoInput, list[RankedCandidate]]]) -> None:
    for demo, ranked in rankings:
        for one in ranked:
            assert one.score is not None
            if demo.candidates[one.index].label == NOTHING:
                assert "no_op" in one.score.flags
                assert one.score.bpm <= 0.7


def test_every_score_explains_itself(rankings: list[tuple[DemoInput, list[RankedCandidate]]]) -> None:
    for _, ranked in rankings:
        for one in ranked:
            assert one.score is not None
            assert one.score.explanation.endswith(".")
            assert 0 <= one.score.bpm <= 2
            assert 0 <= one.score.confidence <= 1
            assert one.score.bundle == "studio"


def test_the_intents_name_what_is_in_the_pictures(rankings: list[tuple[DemoInput, list[RankedCandidate]]]) -> None:
    for demo, ranked in rankings:
        best = ranked[0].score
        assert best is not None
        assert not {"source_not_found", "target_not_found", "out_of_domain", "unknown_words"} & set(best.flags), (
            demo.instruction,
            best.intent,
        )
        assert best.confidence > 0.4


def test_scoring_is_the_same_whether_prepared_or_not(scorer: Scorer) -> None:
    demo = load_demo()[0]
    prepared = scorer.prepare(demo.original, demo.instruction)
    for candidate in demo.candidates:
        at_once = scorer.score(demo.original, candidate.file, prepared.intent)
        assert prepared.score(candidate.file).bpm == pytest.approx(at_once.bpm, abs=1e-4)


def test_batches_and_other_threads_give_the_scores_of_one_by_one(scorer: Scorer) -> None:
    """Ranked in batches, and by eight threads that share the scorer, against each edit alone by a scorer of its own."""
    alone = Scorer.load("studio", device="cpu", threads=1)
    for demo in load_demo():
        intent, files = scorer.parse(demo.instruction), [candidate.file for candidate in demo.candidates]
        wanted = [alone.score(demo.original, file, intent) for file in files]
        batched = [one.score for one in scorer.prepare(demo.original, intent).scores(files)]
        with ThreadPoolExecutor(8) as pool:
            shared = list(pool.map(partial(scorer.score, demo.original, instruction=intent), files))
        for scores in (batched, shared):
            assert [one and one.bpm for one in scores] == pytest.approx([one.bpm for one in wanted], abs=1e-5)
            assert [one and one.flags for one in scores] == [one.flags for one in wanted]
