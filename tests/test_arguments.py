"""What is handed in and cannot be used is refused in one sentence, which names the argument and says what to give."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import PIL.Image
import pytest

from editjudge import (
    EditIntent,
    EditJudgeError,
    InputError,
    InstructionError,
    ParseResult,
    Scorer,
    from_float,
    guidance,
)
from editjudge.batch import score_dataset
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import open_dataset
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, MetricColumn, ScoreTable, read_scores, select_columns
from editjudge.evaluation.plots import write_plot
from editjudge.image.decode import load_image, load_picture
from editjudge.image.decoding.limits import ImageLimits
from editjudge.parser.calibration import UNSURE
from editjudge.reports.html import render_differences_page, render_html

PICTURE = np.full((32, 48, 3), 90, np.uint8)
EDITED = PICTURE + np.uint8(70)
SPOTTED = PICTURE.copy()
SPOTTED[8:24, 8:24] = 200, 30, 30
INTENT = EditIntent("color", "car", "blue car")
TABLE = ScoreTable("scores", {"bpm": [1.0, 0.5], "human": [2, 1], "group": ["a", "a"], "model": ["m", "n"]})
METRICS, OPTIONS = (MetricColumn("bpm", "bpm"),), EvaluationOptions(resamples=0)
LATENTS, MASK = np.zeros((1, 4, 8, 8), np.float32), np.ones((8, 8), bool)


@pytest.fixture(scope="module")
def scorer(toy: Bundle) -> Scorer:
    return Scorer.load(toy.folder, "cpu", 1, keep_answers=False)


@pytest.fixture(scope="module")
def calls(scorer: Scorer, toy: Bundle, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[..., Any]]:
    """Calls of the public functions that work, by name; each takes arguments to be put in the place of its own."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "edits.csv").write_text("original,edited,instruction\na.png,b.png,+++\n", encoding="utf-8")
    prepared, score = scorer.prepare(PICTURE, INTENT), scorer.score(PICTURE, EDITED, INTENT)
    differences = scorer.differences(PICTURE, SPOTTED)
    dataset = open_dataset(folder / "edits.csv")
    predictions = {"unconditional": LATENTS, "image": LATENTS, "text": LATENTS, "mask": MASK}
    usual: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "Scorer": (Scorer, {"models": scorer.models}),
        "load": (Scorer.load, {"bundle": toy.folder, "device": "cpu", "threads": 1}),
        "parse": (scorer.parse, {"instruction": "make it blue"}),
        "score": (scorer.score, {"original": PICTURE, "edited": EDITED, "instruction": INTENT}),
        "prepare": (scorer.prepare, {"original": PICTURE, "instruction": INTENT}),
        "embed_edit": (scorer.embed_edit, {"original": PICTURE, "edited": EDITED, "encoder": "vifi_clip"}),
        "embed_instruction": (scorer.embed_instruction, {"instruction": "make it blue", "encoder": "vifi_clip"}),
        "rescore": (prepared.score, {"edited": EDITED}),
        "rank": (prepared.rank, {"edited": [EDITED]}),
        "scores": (prepared.scores, {"edited": [EDITED]}),
        "EditIntent": (EditIntent, {"edit_type": "color", "source": "car", "target": "blue car"}),
        "ParseResult": (ParseResult, {"intents": (INTENT,), "certainty": (UNSURE,), "confident": True}),
        "from_float": (from_float, {"values": PICTURE / 255}),
        "load_picture": (load_picture, {"source": PICTURE}),
        "load_image": (load_image, {"source": PICTURE}),
        "ImageLimits": (ImageLimits, {}),
        "find_mask": (guidance.find_mask, {"score": score}),
        "latent_mask": (guidance.latent_mask, {"score": score}),
        "find_difference_mask": (guidance.find_difference_mask, {"differences": differences}),
        "encode_png": (guidance.encode_png, {"mask": MASK}),
        "guidance": (guidance.guidance, {**predictions, "image_scale": 1.5, "text_scale": 7.5}),
        "open_dataset": (open_dataset, {"path": folder / "edits.csv"}),
        "rows": (dataset.rows, {}),
        "score_dataset": (score_dataset, {"dataset": dataset, "output": folder / "out.csv"}),
        "read_scores": (read_scores, {"path": folder / "edits.csv"}),
        "ScoreTable": (ScoreTable, {"name": "scores", "columns": {"a": [1], "b": [2]}}),
        "where": (TABLE.where, {"column": "group", "value": "a"}),
        "select_columns": (select_columns, {"table": TABLE}),
        "MetricColumn": (MetricColumn, {"name": "bpm", "column": "bpm"}),
        "EvaluationOptions": (EvaluationOptions, {}),
        "write_plot": (write_plot, {"path": folder / "plot.svg", "result": None}),
        "render_html": (render_html, {"edits": []}),
        "render_differences_page": (render_differences_page, {"found": differences, "name": "edited.png"}),
    }
    usual |= {
        name: (experiment, {"table": TABLE, "metrics": METRICS, "options": OPTIONS})
        for name, experiment in EXPERIMENTS.items()
    }
    return {
        name: lambda _function=function, _usual=arguments, **given: _function(**{**_usual, **given})
        for name, (function, arguments) in usual.items()
    }


WHOLE = "give a whole number from 1 to 1,024"
PATH = "give a path, as a text or a pathlib.Path"
FLAG = "give True or False"
REQUEST = "give a text, an EditIntent, or what parse gave"
LIST = "give a list of pictures, or a single one to score()"
PHRASE = "give a phrase as a text, or None for none"

OF_RATINGS = {"agreement", "rewards"}
"""Experiments that need no metric."""
REFUSED: list[tuple[str, str, Any, str]] = [
    ("Scorer", "models", "studio", "open one with Scorer.load(bundle)"),
    ("Scorer", "models", None, "open one with Scorer.load(bundle)"),
    ("Scorer", "keep_answers", "no", FLAG),
    ("load", "bundle", None, PATH),
    ("load", "bundle", 5, PATH),
    ("load", "bundle", b"studio", PATH),
    ("load", "bundle", ["studio"], PATH),
    ("load", "bundle", "\ud800", r"no bundle named '\ud800'"),
    ("load", "bundle", "x" * 4000, "no bundle named a str of length 4,000"),
    ("load", "device", None, "give a text"),
    ("load", "device", 0, "give a text"),
    ("load", "device", b"cpu", "give a text"),
    ("load", "device", ["cpu"], "give a text"),
    ("load", "device", np.zeros(2), "give a text"),
    ("load", "threads", "2", f"threads is '2'; {WHOLE}"),
    ("load", "threads", 2.0, WHOLE),
    ("load", "threads", True, f"threads is True; {WHOLE}"),
    ("load", "threads", 0, WHOLE),
    ("load", "threads", -1, WHOLE),
    ("load", "threads", 100_000, f"threads is 100000; {WHOLE}"),
    ("load", "threads", 10**5000, WHOLE),
    ("load", "threads", math.nan, WHOLE),
    ("load", "threads", [2], WHOLE),
    ("load", "compat", 5, "choose paper or released"),
    ("load", "compat", ["paper"], "choose paper or released"),
    ("load", "compat", np.zeros(2), "choose paper or released"),
    ("load", "accept_at", "0.5", "it must be a probability from 0 to 1"),
    ("load", "accept_at", True, "it must be a probability from 0 to 1"),
    ("load", "accept_at", math.nan, "it must be a probability from 0 to 1"),
    ("load", "accept_at", [0.5], "it must be a probability from 0 to 1"),
    ("load", "keep_answers", None, FLAG),
    ("load", "keep_answers", "False", FLAG),
    ("parse", "instruction", None, "instruction is None; give a text"),
    ("parse", "instruction", 5, "instruction is 5; give a text"),
    ("parse", "instruction", b"make it blue", "give a text"),
    ("parse", "instruction", ["make it blue"], "give a text"),
    ("score", "instruction", None, REQUEST),
    ("score", "instruction", 5, REQUEST),
    ("score", "instruction", b"make it blue", REQUEST),
    ("score", "instruction", ("make it blue",), REQUEST),
    ("score", "instruction", INTENT.to_dict(), REQUEST),
    ("prepare", "instruction", None, REQUEST),
    ("score", "original", None, "a picture is a path"),
    ("score", "edited", 3.5, "a picture is a path"),
    ("score", "edited", [EDITED], "a picture is a path"),
    ("score", "edited", "car \ud800.png", "check the path"),
    ("score", "edited", "a\0b.png", "check the path"),
    ("score", "edited", "x" * 10_000_000, "check the path"),
    ("score", "edited", np.float32(1), "no picture"),
    ("score", "edited", np.zeros(3, object), "an array must be uint8[H, W, 3]"),
    ("score", "compat", 1, "choose paper or released"),
    ("score", "metrics", None, "give a list of texts"),
    ("score", "metrics", 5, "give a list of texts"),
    ("score", "metrics", [5], "give a list of texts"),
    ("score", "metrics", [["l2"]], "give a list of texts"),
    ("score", "metrics", b"l2", "give a list of texts"),
    ("score", "metrics", ["a" * 5_000_000], "there is no metric a str of length 5,000,000; choose"),
    ("score", "metrics", ["\x1b[31ml2"], r"there is no metric '\x1b[31ml2'; choose"),
    ("embed_edit", "original", None, "a picture is a path"),
    ("embed_edit", "edited", [EDITED], "a picture is a path"),
    ("embed_edit", "encoder", None, "there is no embedding None; choose one of edit_clip, vifi_clip"),
    ("embed_edit", "encoder", ["vifi_clip"], "choose one of edit_clip, vifi_clip"),
    ("embed_edit", "encoder", np.zeros(2), "choose one of edit_clip, vifi_clip"),
    ("embed_instruction", "instruction", None, "instruction is None; give a text"),
    ("embed_instruction", "instruction", ["make it blue"], "give a text"),
    ("embed_instruction", "instruction", "", "the instruction is empty"),
    ("embed_instruction", "encoder", "x" * 5_000_000, "there is no embedding a str of length 5,000,000; choose"),
    ("rescore", "edited", None, "a picture is a path"),
    ("rank", "edited", "edited.png", f"edited is 'edited.png'; {LIST}"),
    ("rank", "edited", b"\x89PNG", LIST),
    ("rank", "edited", EDITED, LIST),
    ("rank", "edited", {"a": EDITED}, LIST),
    ("rank", "edited", io.BytesIO(b"x"), LIST),
    ("rank", "edited", None, "give a list"),
    ("rank", "edited", 5, "give a list"),
    ("rank", "edited", Path("edited.png"), "give a list"),
    ("rank", "edited", PIL.Image.new("RGB", (48, 32)), "give a list"),
    ("rank", "edited", (), "no candidates"),
    ("scores", "edited", "edited.png", LIST),
    ("EditIntent", "edit_type", 5, "it must be one of add, remove"),
    ("EditIntent", "edit_type", ["add"], "it must be one of add, remove"),
    ("EditIntent", "edit_type", np.zeros(2), "it must be one of add, remove"),
    ("EditIntent", "edit_type", "paint", "it must be one of add, remove"),
    ("EditIntent", "source", 5, f"source is 5; {PHRASE}"),
    ("EditIntent", "target", 3.5, f"target is 3.5; {PHRASE}"),
    ("EditIntent", "target", b"car", PHRASE),
    ("EditIntent", "anchor", ["car"], PHRASE),
    ("EditIntent", "size", 2, "it must be one of larger, smaller, unchanged"),
    ("EditIntent", "position", None, "it must be one of left, right"),
    ("EditIntent", "keep", True, PHRASE),
    ("EditIntent", "text", {}, PHRASE),
    ("EditIntent", "source", "car " * 2_500_000, "give at most 4,000"),
    ("EditIntent", "source", "car \ud800", r"source holds '\ud800', which no phrase is made of"),
    ("EditIntent", "target", "a\0b", r"target holds '\x00', which no phrase is made of"),
    ("EditIntent", "anchor", "a\x9bb", r"anchor holds '\x9b', which no phrase is made of"),
    ("EditIntent", "keep", "\x1b[31mcar", r"keep holds '\x1b', which no phrase is made of"),
    ("EditIntent", "text", "a\x7f", r"text holds '\x7f', which no phrase is made of"),
    ("ParseResult", "intents", (), "take what parse gives"),
    ("ParseResult", "intents", ("car",), "take what parse gives"),
    ("ParseResult", "certainty", (), "take what parse gives"),
    ("ParseResult", "certainty", -1, "take what parse gives"),
    ("ParseResult", "certainty", (1.0,), "take what parse gives"),
    ("from_float", "values", None, "no array of floats"),
    ("from_float", "values", "car", "takes floats from 0 to 1"),
    ("from_float", "values", object(), "no array of floats"),
    ("from_float", "values", 0.5, "floats must be [H, W, C]"),
    ("from_float", "values", np.broadcast_to(np.float32(0), (100_000, 100_000, 3)), "more than the limit"),
    ("load_picture", "limits", 5, "give ImageLimits(...)"),
    ("load_image", "source", {}, "a picture is a path"),
    ("ImageLimits", "max_pixels", "many", "give a whole number"),
    ("ImageLimits", "max_pixels", 0, "give a whole number"),
    ("ImageLimits", "min_side", -1, "give a whole number"),
    ("find_mask", "score", None, "give what Scorer.score gave"),
    ("find_difference_mask", "differences", None, "give what Scorer.differences gave"),
    ("latent_mask", "score", PICTURE, "give what Scorer.score gave"),
    ("latent_mask", "factor", 0, WHOLE),
    ("latent_mask", "factor", "8", WHOLE),
    ("encode_png", "mask", None, "give a mask, bool[H, W] or uint8[H, W]"),
    ("encode_png", "mask", PICTURE, "give a mask, bool[H, W] or uint8[H, W]"),
    ("encode_png", "mask", np.zeros((0, 4), bool), "give a mask, bool[H, W] or uint8[H, W]"),
    ("guidance", "text", None, "give an array"),
    ("guidance", "mask", [[1]], "give an array"),
    ("guidance", "image", LATENTS[..., :4], "hand in three of one shape"),
    ("guidance", "mask", np.zeros((0, 0), bool), "the mask has 0 x 0 cells"),
    ("guidance", "text_scale", "7.5", "give a number"),
    ("open_dataset", "path", None, PATH),
    ("open_dataset", "path", b"edits.csv", PATH),
    ("open_dataset", "path", ["edits.csv"], PATH),
    ("open_dataset", "form", 5, "choose one of"),
    ("open_dataset", "form", ["plain"], "choose one of"),
    ("open_dataset", "edits", 5, PATH),
    ("rows", "start", -1, "give a whole number from 0"),
    ("rows", "start", "0", "give a whole number from 0"),
    ("rows", "stop", 2.5, "give a whole number from 0"),
    ("score_dataset", "dataset", "edits.csv", "give what datasets.open_dataset(path) gives"),
    ("score_dataset", "output", None, PATH),
    ("score_dataset", "output", 5, PATH),
    ("score_dataset", "bundle", None, PATH),
    ("score_dataset", "device", None, "give a text"),
    ("score_dataset", "compat", 5, "choose paper or released"),
    ("score_dataset", "accept_at", "0.5", "it must be a probability from 0 to 1"),
    ("score_dataset", "metrics", "l2", "give a list of texts"),
    ("score_dataset", "metrics", None, "give a list of texts"),
    ("score_dataset", "workers", "2", WHOLE),
    ("score_dataset", "workers", 0, WHOLE),
    ("score_dataset", "workers", 100_000, WHOLE),
    ("score_dataset", "workers", True, WHOLE),
    ("score_dataset", "executor", ["local"], "give a text"),
    ("score_dataset", "executor", "x" * 5_000_000, "there is no engine a str of length 5,000,000; choose"),
    ("score_dataset", "resume", "yes", FLAG),
    ("score_dataset", "watch", None, "give a function"),
    ("read_scores", "path", None, PATH),
    ("read_scores", "path", "x" * 10_000_000, f"path is a str of length 10,000,000; {PATH}"),
    ("open_dataset", "path", "x" * 10_000_000, f"path is a str of length 10,000,000; {PATH}"),
    ("where", "value", "x" * 10_000_000, "has no row with a str of length 10,000,000"),
    ("where", "column", "x" * 10_000_000, "has no column ...xxx"),
    ("read_scores", "path", 5, PATH),
    ("ScoreTable", "name", None, "give a text"),
    ("ScoreTable", "columns", None, "give a dictionary of lists"),
    ("ScoreTable", "columns", {"a": "text"}, "give a dictionary of lists"),
    ("ScoreTable", "columns", {1: [2]}, "give a dictionary of lists"),
    ("ScoreTable", "columns", {"a": [1], "b": []}, "give each a value in every row"),
    ("where", "column", 5, "give a text"),
    ("where", "value", None, "give a text"),
    ("select_columns", "table", None, "give what read_scores(path) gives"),
    ("select_columns", "names", "bpm", "give a list of texts"),
    ("select_columns", "names", [5], "give a list of texts"),
    ("MetricColumn", "column", 5, "give a text"),
    ("MetricColumn", "higher_is_better", "yes", FLAG),
    ("EvaluationOptions", "human", None, "give a text"),
    ("EvaluationOptions", "ties", 5, "it must be one of wrong"),
    ("EvaluationOptions", "method", ["pearson"], "it must be one of spearman"),
    ("EvaluationOptions", "alpha", "0.5", "it must lie between 0 and 1"),
    ("EvaluationOptions", "alpha", True, "it must lie between 0 and 1"),
    ("EvaluationOptions", "satisfied", "3", "give a number"),
    ("EvaluationOptions", "resamples", "10", "give a whole number from 0"),
    ("EvaluationOptions", "resamples", 10**9, "give a whole number from 0 to 100,000"),
    ("EvaluationOptions", "seed", -1, "give a whole number from 0"),
    ("EvaluationOptions", "ratings", None, "give a dictionary"),
    ("EvaluationOptions", "kinds", {"edited": "1"}, "give a dictionary"),
    *((name, "table", "scores.csv", "give what read_scores(path) gives") for name in EXPERIMENTS),
    *((name, "metrics", (), "give what select_columns(table) gives") for name in EXPERIMENTS if name not in OF_RATINGS),
    *((name, "metrics", ["bpm"], "give what select_columns(table") for name in EXPERIMENTS),
    *((name, "options", {}, "give EvaluationOptions(...)") for name in EXPERIMENTS),
    ("write_plot", "path", None, PATH),
    ("write_plot", "path", "plot.gif", "must end in .png or .svg"),
    ("write_plot", "result", None, "give what an experiment gives"),
    ("render_differences_page", "found", [], "give what Scorer.differences gave"),
    ("render_differences_page", "name", None, "give a text"),
    ("render_differences_page", "instruction", 5, "give a text"),
    ("render_html", "edits", None, "give a list of RankedEdit"),
    ("render_html", "edits", ["edit"], "give a list of RankedEdit"),
    ("render_html", "title", 5, "give a text"),
]
"""A call, an argument, a value, and words of the message."""


def test_what_cannot_be_used_is_refused_in_a_sentence(calls: dict[str, Callable[..., Any]]) -> None:
    wrong = []
    for name, argument, value, words in REFUSED:
        try:
            calls[name](**{argument: value})
            wrong.append(f"{name}({argument}={str(value)[:40]}) is taken")
        except EditJudgeError as error:
            message = str(error)
            if words not in message or not message.isprintable() or len(message) > 400:
                wrong.append(f"{name}({argument}={str(value)[:40]}): {message[:400]}")
        except Exception as error:
            wrong.append(f"{name}({argument}={str(value)[:40]}): {type(error).__name__}: {str(error)[:400]}")
    assert wrong == []


@pytest.mark.parametrize("threads", [np.int64(1), np.uint8(1), None])
def test_whole_numbers_of_numpy_are_threads(toy: Bundle, threads: Any) -> None:
    scored = Scorer.load(toy.folder, "cpu", threads, keep_answers=False).score(PICTURE, EDITED, INTENT)
    assert 0 <= scored.changed_share <= 1


def test_what_is_as_good_as_the_usual_is_taken(scorer: Scorer, toy: Bundle) -> None:
    """Paths as texts, arrays of several pictures, generators, probabilities of NumPy."""
    prepared, float32 = scorer.prepare(PICTURE, INTENT), cast("float", np.float32(0.5))
    assert len(prepared.rank(np.stack([EDITED, PICTURE]))) == 2
    assert len(prepared.rank(each for each in (EDITED, PICTURE))) == 2
    assert Scorer.load(str(toy.folder), "cpu", 1, accept_at=float32).accept_at == 0.5
    assert select_columns(TABLE, ["bpm"]) == (select_columns(TABLE)[0],)


def test_an_instruction_that_is_no_text_is_one_of_the_instruction(scorer: Scorer) -> None:
    with pytest.raises(InstructionError):
        scorer.score(PICTURE, EDITED, 5)  # type: ignore[arg-type]
    with pytest.raises(InstructionError):
        scorer.parse(None)  # type: ignore[arg-type]


def make_strangers() -> list[Any]:
    def fail(*_: object) -> Any:
        raise RuntimeError("hostile")

    released = memoryview(b"picture")
    released.release()
    return [
        type("Array", (), {"__array__": fail})(),
        type("Open", (), {"read": fail})(),
        type("Path", (), {"__fspath__": fail})(),
        type("Asked", (), {"__getattr__": fail})(),
        type("Known", (), {"__getattribute__": fail})(),
        type("Content", (bytes,), {"__bytes__": fail, "__len__": fail})(b"picture"),
        type("Name", (str,), {"strip": fail})("name"),
        EDITED.view(type("Pixels", (np.ndarray,), {"__getattribute__": fail})),
        released,
        SimpleNamespace(shape=3, dtype="uint8"),
    ]


def test_a_stranger_that_fails_at_whatever_it_is_asked(scorer: Scorer) -> None:
    for stranger in make_strangers():
        with pytest.raises(InputError, match=r"; hand in|not"):
            scorer.score(PICTURE, stranger, INTENT)
        with pytest.raises(InputError, match=r"; hand in|not"):
            scorer.score(stranger, EDITED, INTENT)


def test_strangers_among_candidates_do_not_end_a_ranking(scorer: Scorer) -> None:
    strangers, prepared = make_strangers(), scorer.prepare(PICTURE, INTENT)
    best, *others = prepared.rank([*strangers, EDITED])
    assert best.index == len(strangers)
    assert best.score is not None
    assert [(other.index, other.score) for other in others] == [(index, None) for index in range(len(strangers))]
    with pytest.raises(InputError, match="hostile; hand in"):
        prepared.rank(strangers[4])


def test_a_message_shows_what_it_repeats_and_can_be_printed() -> None:
    message = str(EditJudgeError("there is no a\x1b[31m\ud800\x9b; choose\tanother"))
    assert message == "there is no a\ufffd[31m\ufffd\ufffd; choose\tanother"


def test_a_text_to_be_written_may_have_lines() -> None:
    assert EditIntent("texture", "sign", "sign", text="open\nall\tday").text == "open\nall\tday"
