"""Writes docs/unrun.md from what the pages say: python tests/docs/write_unrun.py"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.documented import ROOT, write_list

if __name__ == "__main__":
    (ROOT / "docs" / "unrun.md").write_text(write_list(), encoding="utf-8")
