"""The page about integrations and the examples run as they stand, on pictures of the demo and pipelines of chance."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
evaluate = pytest.importorskip("evaluate")

ROOT = Path(__file__).parents[2]
COLOR = next(demo for demo in load_demo() if demo.id == "color")
GOOD = next(one.file for one in COLOR.candidates if one.label == "well done")
SIZE = (96, 64)


class Kontext:
    """FLUX Kontext of chance, which is told the size and the steps that a test has time for."""

    interrupt = diffusers.FluxKontextPipeline.interrupt

    def __call__(self, image: Any, prompt: str, **options: Any) -> Any:
        from support.tiny_editors import embed_nothing, make_kontext  # noqa: PLC0415

        width, height = SIZE
        sizes = {"width": width, "height": height, "max_area": width * height, "_auto_resize": False}
        return make_kontext()(
            image=image.resize(SIZE), **{"num_inference_steps": 4, **options, **sizes}, **embed_nothing()
        )


def read_picture() -> Image.Image:
    with Image.open(COLOR.original) as picture:
        return picture.convert("RGB").resize(SIZE)


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate.config, "HF_EVALUATE_OFFLINE", True)
    monkeypatch.setattr(evaluate.config, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", str(tmp_path / "metrics"))


def test_the_snippets_of_the_page_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(snippets) == 4
    given: dict[str, Any] = {
        "bundle": "studio", "pipeline": Kontext(), "steps": 4, "instruction": COLOR.instruction,
        "picture": read_picture(),
        "originals": [str(COLOR.original)], "edited": [str(GOOD)], "instructions": [COLOR.instruction],
    }  # fmt: skip
    for snippet in snippets[:2]:
        exec(snippet, given)
    assert (tmp_path / "best.png").is_file()
    assert len(given["edits"]) == 4
    assert given["stop"].looks
    given["edited"] = [str(GOOD)]  # which a snippet had as a picture
    for snippet in snippets[2:]:
        exec(snippet, given)


def write_table(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["original", "edited", "instruction"])
        rows.writerows([str(COLOR.original), str(one.file), COLOR.instruction] for one in COLOR.candidates)
    return path


def test_the_examples_of_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import edit_metrics  # noqa: PLC0415
    import evaluate_edits  # noqa: PLC0415

    table = str(write_table(tmp_path / "edits.csv"))
    edit_metrics.main(table)
    printed = capsys.readouterr().out
    assert re.search(r"^bpm \d\.\d{3}, not measured: 0$", printed, re.MULTILINE)
    assert re.search(r"^size \d\.\d{3}, not measured: 1$", printed, re.MULTILINE)  # of the one that was left as it was
    evaluate_edits.main(table)
    found = eval(capsys.readouterr().out)
    assert found["bpm"] == pytest.approx(float(re.search(r"^bpm (\S+),", printed, re.MULTILINE)[1]), abs=2e-3)
    assert (found["measured"]["size"], found["edits"]) == (4, 5)


def test_the_example_of_ranking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import rank_edits  # noqa: PLC0415

    monkeypatch.setattr(rank_edits, "EarlyStop", lambda *a, **k: EarlyStop(*a, **{**k, "size": SIZE}))
    from editjudge_integrations.editing_pipelines.early_stop import EarlyStop  # noqa: PLC0415

    rank_edits.main(Kontext(), str(COLOR.original), COLOR.instruction, str(tmp_path / "best.png"), "studio")
    with Image.open(tmp_path / "best.png") as best:
        assert best.size == SIZE
    assert sorted(int(line.split()[0]) for line in capsys.readouterr().out.splitlines()) == list(range(8))
