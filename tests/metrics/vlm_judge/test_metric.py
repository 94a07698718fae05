"""Judges among the metrics: by their names, in scores, tables and evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from editjudge import EditIntent, Scorer
from editjudge.batch.score_columns import metric_column, score_values
from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError, InstructionError, JudgeError
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, ScoreTable, select_columns
from editjudge.metrics.registry import METRICS, check_names, find_metric, parse_names, select_metrics
from editjudge.metrics.rewards.reward_score import RewardResult
from editjudge.metrics.vlm_judge.names import JudgeName, parse_judge_name
from editjudge.parser.result import UNKNOWN
from editjudge.reports.metrics_table import list_metrics
from support.judge_faults import FAULTS, answer_right, draw_edit
from support.judge_server import JudgeServer, list_shown, serve_judge

NAME = "vlm:three_sides@openai:judge/one:7b@main"
INTENT = EditIntent("color", "car", "blue car")
COLOUR = replace(UNKNOWN, intents=(INTENT,), confident=True, instruction="paint the car blue")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[JudgeServer]:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serve_judge(answer_right) as served:
        monkeypatch.setenv("OPENAI_BASE_URL", served.url)
        yield served


def test_names() -> None:
    assert parse_judge_name(NAME) == JudgeName("three_sides", "openai", "judge/one:7b@main")
    assert str(parse_judge_name(NAME)) == NAME
    for text in ("vlm:sc_pq@llama:/models/gemma-3-4b-it.gguf", "vlm:alignment_coherence@openai:llava:7b"):
        assert str(parse_judge_name(text)) == text
    assert parse_names(f"l2, {NAME} ,l2") == ("l2", NAME)
    assert check_names([NAME, NAME]) == (NAME,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vlm:", "names the prompt set ''; choose one of three_sides, sc_pq, alignment_coherence, as in vlm:PROMPTS@"),
        ("vlm:four_sides@openai:m", "names the prompt set 'four_sides'; choose one of"),
        ("vlm:coherence@openai:m", "'coherence', which judges a difference; choose one of"),
        ("vlm:sc_pq", "names no back end; choose llama or openai"),
        ("vlm:sc_pq@gemini:m", "names no back end"),
        ("vlm:sc_pq@openai", "names no model"),
        ("vlm:sc_pq@openai:", "names no model"),
        ("vlm:sc_pq@openai: m", "names no model"),
        ("vlm:sc_pq@openai:a\x1bb", "names no model"),
    ],
)
def test_names_that_are_none(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        check_names([text])
    assert said in str(caught.value)


def test_other_names_are_told_of_judges() -> None:
    with pytest.raises(InputError, match=r"or a judge as vlm:PROMPTS@BACKEND:MODEL"):
        check_names(["gpt4"])


def test_a_judge_needs_no_model_of_a_bundle(toy: Bundle) -> None:
    (metric,) = select_metrics([NAME], toy, parsed=False)
    assert metric.spec.range == (0.0, 5.0)
    assert metric.spec.title == "VLM three sides (judge/one:7b@main)"
    assert find_metric("vlm:sc_pq@openai:m").spec.range == (0.0, 10.0)
    assert NAME not in {metric.spec.name for metric in METRICS}  # "all" asks nobody


def test_in_a_score(toy: Bundle, server: JudgeServer) -> None:
    original, edited, _ = draw_edit(4)
    with Scorer.load(toy.folder, "cpu", threads=1) as scorer:
        score = scorer.score(original, edited, COLOUR, metrics=[NAME, "l2"])
        result = score.metrics[NAME]
        assert isinstance(result, RewardResult)
        assert result.value == pytest.approx(4)
        assert result.parts == {"following": 4.0, "preserving": 4.0, "quality": 4.0}
        assert result.reward is not None
        assert result.reward.judge.model == "judge/one:7b@main"
        assert score_values(score)[f"metrics.{NAME}"] == pytest.approx(4)
        assert [spec.name for spec, _, _ in list_metrics(score)] == [NAME, "l2"]
        json.dumps(score.to_dict())
        again = scorer.score(original, edited, COLOUR, metrics=[NAME])
        assert again.metrics[NAME] == result
        assert len(server.requests) == 3
        server.behave = FAULTS["15 instead of 5"].behave
        with pytest.raises(JudgeError, match="with '15' for score"):
            scorer.score(original, draw_edit(5)[1], COLOUR, metrics=[NAME])
        with pytest.raises(InstructionError, match="needs the instruction in words"):
            scorer.score(original, edited, INTENT, metrics=[NAME])


def test_what_is_shown_is_what_was_handed_in(toy: Bundle, server: JudgeServer) -> None:
    original, edited, _ = draw_edit(4)
    small = edited[:10, :13]
    with Scorer.load(toy.folder, "cpu", threads=1) as scorer:
        scorer.score(original, small, COLOUR, metrics=[NAME])
    shown = [part.shape for request in server.requests for part in list_shown(request) if not isinstance(part, str)]
    assert sorted(shown) == [(10, 13, 3)] * 3 + [(24, 32, 3)] * 2


def test_in_a_table_that_is_evaluated() -> None:
    rows = 8
    columns = {
        "bpm": [0.1 * row for row in range(rows)],
        "human": [float(row) for row in range(rows)],
        "group": [str(row // 4) for row in range(rows)],
        metric_column(NAME): [row / 2 for row in range(rows)],
        metric_column("vlm:five@openai:m"): [1.0] * rows,  # not one of ours
        metric_column("vlm:sc_pq@openai:empty"): [None] * rows,
    }
    table = ScoreTable("table", columns)
    assert [column.name for column in select_columns(table)] == ["bpm", NAME]
    (chosen,) = select_columns(table, [NAME])
    assert (chosen.column, chosen.higher_is_better, chosen.aspect) == (f"metrics.{NAME}", True, "overall")
    result = EXPERIMENTS["human-alignment"](table, select_columns(table), EvaluationOptions(resamples=0))
    assert result.grids["mean"].row(NAME)["all pairs"].value == 1
