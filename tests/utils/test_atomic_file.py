"""Files that are replaced whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge.errors import InputError
from editjudge.utils import atomic_file


def test_atomic_write_replaces_and_follows_links(tmp_path: Path) -> None:
    target, link = tmp_path / "report.html", tmp_path / "link.html"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    atomic_file.write(link, "new é")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new é"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "report.html"]


def test_atomic_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="no space left on device"):
        atomic_file.write(target, b"new")
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_half_a_character_is_written_as_a_question_mark(tmp_path: Path) -> None:
    atomic_file.write(tmp_path / "rows.jsonl", '{"instruction": "add a \ud83d cat"}\n')
    assert (tmp_path / "rows.jsonl").read_text(encoding="utf-8") == '{"instruction": "add a ? cat"}\n'
