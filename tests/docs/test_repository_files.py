"""What the repository's host reads: the citation, the templates of issues."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import editjudge
from editjudge.cli.main import app

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
COMMANDS = {
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
    if command.callback
}


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["type"]) == (editjudge.__version__, "software")
    assert {"title", "message", "authors", "license"} <= set(citation)
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)
        assert all("name" in one or {"family-names", "given-names"} <= set(one) for one in reference["authors"])


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.stem != "config"], ids=lambda path: path.stem)
def test_a_template_is_a_form_that_the_host_takes(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    assert {field["type"] for field in form["body"]} <= KINDS
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked) > 1
    assert all(field["attributes"]["label"] for field in asked)
    assert any(field.get("validations", {}).get("required") for field in asked)
    named = re.findall(r"`editjudge (\w+)", path.read_text(encoding="utf-8"))
    assert set(named) <= COMMANDS


@pytest.mark.parametrize("path", [*TEMPLATES, ROOT / "SECURITY.md"], ids=lambda path: path.name)
def test_files_that_are_named_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"\bdocs/[\w-]+\.md|benchmarks/\w+", text):
        assert (ROOT / name).exists(), name
