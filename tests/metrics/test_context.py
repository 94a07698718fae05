"""What metrics of one edit share: models run no more often than needed, and each metric is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.session import Session
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.metrics import METRICS, MetricResult, MetricSpec
from editjudge.metrics.answers.score_contexts import Judging, score_contexts
from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import scoring_metric
from editjudge.metrics.task import EditTask
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from editjudge.types import EditIntent
from editjudge.utils.timing import StageTimer
from support import toy_world
from support.toy_world import ADD, COLOR, REMOVE, STYLE, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL = draw(CAR, TOWER)
EDITED = draw(("blue", "car", 60, 60), TOWER)


def patches(shape: tuple[int, int]) -> np.ndarray:
    """uint8[H, W, 3]: a tenth as many patches of random colours as pixels each way."""
    height, width = shape
    colours = np.random.default_rng(0).integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
    return np.kron(colours, np.ones((10, 10, 1), np.uint8))


def calls_of(models: ModelSet) -> tuple[list[int], list[int], list[int]]:
    """How many pictures each run of the detector, the segmenter and CLIP was given so far."""
    return tuple(models.model(kind).calls for kind in (Detector, Segmenter, Clip))


def context_of(models: ModelSet, intent: EditIntent = COLOR, edited: np.ndarray = EDITED) -> EditContext:
    task = EditTask.of(ORIGINAL, [intent], scoring_metric().rules)
    return EditContext(task, task.align(edited), models)


class Counted:
    """A metric that counts how often it is computed."""

    spec = MetricSpec("counted", "Counted", "how often it was computed", range=(0.0, None))

    def __init__(self) -> None:
        self.computed = 0

    def compute(self, context: EditContext) -> MetricResult:
        self.computed += 1
        return MetricResult(float(self.computed))


@pytest.mark.parametrize(
    ("intent", "original", "edited", "embedded"),
    [
        # Both crops; both pictures; DICE: both without what was asked for, and that which was asked for.
        (COLOR, ORIGINAL, EDITED, [2, 2, 2, 1]),
        (ADD, ORIGINAL, draw(CAR, TOWER, ("blue", "box", 150, 60)), [2, 2, 2, 1]),
        (REMOVE, ORIGINAL, draw(CAR), [2, 2, 2]),  # what is gone cannot be compared with words
        (STYLE, ORIGINAL, draw(("green", "car", 60, 60), TOWER), [2, 2, 1]),  # the score needs both pictures itself,
        (COLOR, draw(TOWER), EDITED, [2]),  # and here none: the car is missing in the original, and was not asked for
    ],
)
def test_with_all_metrics_pictures_are_looked_at_once(
    intent: EditIntent, original: np.ndarray, edited: np.ndarray, embedded: list[int]
) -> None:
    alone, together = toy_world.scorer(), toy_world.scorer()
    score = alone.score(original, edited, intent)
    with_metrics = together.score(original, edited, intent, metrics="all")
    assert replace(with_metrics, metrics={}, timings_ms=score.timings_ms) == score
    assert calls_of(together.models)[:2] == calls_of(alone.models)[:2]
    assert calls_of(together.models)[2] == embedded


class CountedSession:
    """A session whose runs are counted."""

    def __init__(self, session: Session, role: str, runs: Counter[str]) -> None:
        self._session = session
        self._role = role
        self._runs = runs
        self.placement = session.placement

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        self._runs[self._role] += 1
        return self._session.run(feeds)


def test_with_all_metrics_each_graph_runs_as_often_as_it_must(toy: Bundle) -> None:
    """On real graphs: SAM's encoder once per picture, CLIP's vision for the crops and for the pictures."""
    runs: Counter[str] = Counter()

    def open_counted(graph: GraphFile, device: str, threads: int | None) -> CountedSession:
        return CountedSession(open_model(graph, device, threads), graph.role, runs)

    scorer = Scorer(ModelSet(toy, "cpu", 1, open_session=open_counted))
    picture = patches((100, 200))
    edited = picture.copy()
    edited[:, 100:] = 255 - edited[:, 100:]
    request = ParseResult((EditIntent("replace", "cat", "dog"),), (UNSURE,), confident=True, instruction="a dog")
    score = scorer.score(picture, edited, request, metrics="all")
    assert score.kind == "edit"
    assert not {"source_not_found", "target_not_found"} & set(score.flags)
    assert set(score.metrics) == {metric.spec.name for metric in METRICS} - {"edit_clip"}  # which the toy lacks
    assert score.metrics["vifi_clip"].value is not None
    assert runs == {
        "detector": 1, "sam_encoder": 2, "sam_decoder": 1, "clip_vision": 2, "clip_text": 2,
        "lpips": 1, "dino": 1, "dinov2": 1,
    }  # fmt: skip


def test_a_metric_is_computed_once() -> None:
    context, metric = context_of(toy_world.model_set()), Counted()
    assert context.result(metric) is context.result(metric)
    assert metric.computed == 1
    assert context.results == {"counted": MetricResult(1.0)}
    assert context_of(toy_world.model_set()).result(metric).value == 2.0  # another edit


def test_what_no_metric_asks_for_is_not_made() -> None:
    models = toy_world.model_set()
    context = context_of(models)
    by_name = {metric.spec.name: metric for metric in METRICS}
    for name in ("l2", "ssim", "psnr"):
        assert context.result(by_name[name]).value is not None
    assert calls_of(models) == ([], [], [])
    context.result(by_name["clip_i"])
    once = [list(calls) for calls in calls_of(models)]
    assert once == [[2], [2], [2, 2]]
    for metric in METRICS[:1] + tuple(by_name[name] for name in ("clip_t", "clip_directional", "clip_t_plus_i")):
        context.result(metric)
    assert list(calls_of(models)) == once


def test_a_text_that_two_metrics_need_is_embedded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(toy_world.scorer().models)
    clip, embedded = context.models.model(Clip), []
    embed = clip.texts
    monkeypatch.setattr(clip, "texts", lambda texts: embedded.append(texts) or embed(texts))
    first = context.text_feature("blue car")
    assert np.array_equal(context.text_feature("blue car"), first)
    context.text_feature("car")
    assert embedded == [["blue car"], ["car"]]


def test_the_time_of_a_score_is_without_other_metrics() -> None:
    events, counted = [], Counted()

    class Recorder(StageTimer):
        def read(self, share: int = 1) -> dict[str, float]:
            events.append(("read", counted.computed))
            return super().read(share)

    contexts = [context_of(toy_world.scorer().models)]
    score = score_contexts(contexts, Judging(scoring_metric(), [counted], dict), Recorder())[0]
    assert events == [("read", 0)]
    assert score.metrics == {"counted": MetricResult(1.0)}


def test_metrics_of_candidates_are_those_of_each_edit_alone() -> None:
    candidates = [EDITED, ORIGINAL, draw(TOWER)]
    prepared = toy_world.scorer().prepare(ORIGINAL, COLOR, metrics="all")
    for edited, ranked in zip(candidates, prepared.scores(candidates), strict=True):
        assert ranked.score is not None
        alone = toy_world.scorer().score(ORIGINAL, edited, COLOR, metrics="all")
        assert ranked.score.metrics == alone.metrics
        assert prepared.score(edited).metrics == alone.metrics


@pytest.mark.parametrize("names", ["all", ["bpm"], ["l2", "bpm"]])
def test_the_score_among_the_metrics_is_the_score(names: str | list[str]) -> None:
    """Also by the rules of the released code, which take the patch of 40 levels for one of 8."""
    edited = EDITED.copy()
    edited[150:, :50] += 40
    by_paper = toy_world.scorer().score(ORIGINAL, edited, COLOR, metrics=names)
    always_released = toy_world.scorer("released").score(ORIGINAL, edited, COLOR, metrics=names)
    once_released = toy_world.scorer().score(ORIGINAL, edited, COLOR, "released", metrics=names)
    for score in (by_paper, always_released, once_released):
        assert score.metrics["bpm"].value == score.bpm
        assert score.metrics["bpm"].flags == score.flags
        assert score.metrics["bpm"].explanation == score.explanation
        assert score.metrics["bpm"].parts == {part.name: part.value for part in score.sub_scores}
    assert always_released.bpm == once_released.bpm
    assert always_released.semantic.preserve_raw > by_paper.semantic.preserve_raw
