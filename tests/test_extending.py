"""The page on extending, run: its lines are put into a copy of the sources, and what it promises is there."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
DEMO = ROOT / "models" / "editjudge_models" / "demo"
TOY = ROOT / "tests" / "fixtures" / "toy"
MOST = 10
"""Lines that a thing takes, blank ones apart."""


class Copy:
    """A copy of the runtime with the lines of one section."""

    def __init__(self, folder: Path, section: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "runtime", folder / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
        self.lines = 0
        self.files = set()
        for kind, path, content in blocks(section):
            self.files.add(path)
            if kind == "python":
                assert not (folder / path).exists(), f"{path} is there already"
                (folder / path).write_text(content, encoding="utf-8")
                self.lines += sum(bool(line.strip()) for line in content.splitlines())
            else:
                self.lines += patch(folder / path, content)

    def run(self, *command: str | Path) -> str:
        """What a program prints that imports the copy."""
        paths = [self.folder / "runtime", ROOT / "models"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def editjudge(self, *arguments: str | Path) -> str:
        return self.run("-c", "from editjudge.cli.main import main; main()", *arguments)


def blocks(section: str) -> list[tuple[str, str, str]]:
    """The blocks of a section: whether they are a file or lines of one, its path, and the content."""
    text = PAGE[PAGE.index(f"## {section}\n") :].split("\n## ")[0]
    return [
        (kind, path, content) for kind, path, content in re.findall(r"```(python|diff)\n# (\S+)\n(.*?)```", text, re.S)
    ]


def patch(path: Path, difference: str) -> int:
    """Puts the lines of a block into a file; returns how many were added."""
    content = path.read_text(encoding="utf-8").splitlines()
    added, place = 0, 0
    for line in difference.splitlines():
        mark, words = line[0], line[1:]
        if mark == "+":
            content.insert(place, words)
            place, added = place + 1, added + 1
        else:
            assert content.count(words) == 1, f"{path.name} has {words!r} {content.count(words)} times"
            place = content.index(words) + 1
            if mark == "-":
                place -= 1
                del content[place]
    path.write_text("\n".join(content) + "\n", encoding="utf-8")
    return added


def sections() -> list[str]:
    return re.findall(r"^## (.+)$", PAGE, re.M)


@pytest.mark.parametrize("section", sections())
def test_it_takes_ten_lines(section: str, tmp_path: Path) -> None:
    copy = Copy(tmp_path, section)
    assert 0 < copy.lines <= MOST
    assert len(copy.files) == 2


def test_a_metric_is_everywhere(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A metric")
    original, edited = DEMO / "color-original.webp", DEMO / "color-1.webp"
    instruction = "Make the car blue."
    options = ["--device", "cpu", "--metrics", "brightness", "--json", "--report", "report.html"]
    score = json.loads(copy.editjudge("score", original, edited, instruction, *options))
    pictures = [np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) for path in (original, edited)]
    brighter = (pictures[1].mean() - pictures[0].mean()) / 255
    assert score["metrics"] == {"brightness": pytest.approx(brighter, abs=1e-6)}
    assert "Brightness" in (tmp_path / "report.html").read_text(encoding="utf-8")

    names = ("original", "edited", "instruction", "group", "model", "human")
    rows = [
        (original, DEMO / f"color-{number}.webp", instruction, "car", f"model {number}", number) for number in (1, 2, 3)
    ]
    with (tmp_path / "edits.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    copy.editjudge(
        "score-dataset", "edits.csv", "-o", "scores.csv", "--workers", "1", "--device", "cpu", "--metrics", "brightness"
    )
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = list(csv.DictReader(file))
    assert float(scores[0]["metrics.brightness"]) == pytest.approx(brighter, abs=1e-6)
    report = json.loads(copy.editjudge("evaluate", "human-alignment", "scores.csv", "--resamples", "0", "--json"))
    assert list(report["tables"]["mean"]["rows"]) == ["bpm", "verdict.probability", "brightness"]


def test_a_model_role_opens(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A model role")
    bundle = tmp_path / "bundle"
    shutil.copytree(TOY, bundle)
    graph = (TOY / "dino.onnx").read_bytes()
    (bundle / "aesthetic.onnx").write_bytes(graph)
    manifest = (TOY / "bundle.toml").read_text(encoding="utf-8")
    section = manifest[manifest.index("[dino]") : manifest.index("[dinov2]")].replace("[dino]", "[aesthetic]")
    entry = {"role": "aesthetic", "path": "aesthetic.onnx", "sha256": hashlib.sha256(graph).hexdigest()}
    lines = ["[[file]]", *(f'{key} = "{value}"' for key, value in entry.items()), f"bytes = {len(graph)}"]
    (bundle / "bundle.toml").write_text("\n".join([manifest.replace("[norm]", f"{section}[norm]"), *lines]), "utf-8")
    program = """
import sys
import numpy as np
from editjudge.bundles.bundle import Bundle
from editjudge.models.aesthetic import rate
from editjudge.models.model_set import ModelSet
from editjudge.models.perceptual import embed
models = ModelSet(Bundle.load(sys.argv[1] + "/"), "cpu")
picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
print(rate(models, picture) == float(embed(models, "dino", [picture])[0, 0]), *models.placements)
"""
    assert copy.run("-c", program, bundle).split() == ["True", "aesthetic", "dino"]
    assert "aesthetic" in copy.editjudge("bundle", "build", "--help")


def test_a_data_set_is_recognised(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A data set")
    (tmp_path / "wishes.csv").write_text("old,new,wish\na.png,b.png,make the car blue\n", encoding="utf-8")
    program = "from editjudge.datasets import open_dataset; print(next(iter(open_dataset('wishes.csv'))).instruction)"
    assert copy.run("-c", program).strip() == "make the car blue"
    assert "wishes" in copy.editjudge("score-dataset", "--help")


def test_a_command_is_there(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A command")
    assert "detector: detector" in copy.editjudge("roles").splitlines()
    assert "roles" in copy.editjudge("--help")
