"""Text that is shown as it is."""

from __future__ import annotations

from editjudge.utils.text import printable


def test_printable_marks_what_hides() -> None:
    assert printable("a\nb\x1b[1m\u202ec\ud800 é 漢") == "a\ufffdb\ufffd[1m\ufffdc\ufffd é 漢"
