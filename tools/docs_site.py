"""Two hooks of MkDocs for the site of the documentation.

Its first page is the README; and what a page links to outside docs/ is named in words, as the site has no such files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

OF_README = re.compile(r"\]\((?!https?:|#)(?!docs/)([^)]+)\)")
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)[^)]*\)")


def on_files(files: Files, config: Any) -> Files:
    """With the README as the first page, its links as a page of docs/ has them."""
    text = (Path(config.config_file_path).parent / "README.md").read_text(encoding="utf-8")
    text = OF_README.sub(r"](../\1)", text).replace("](docs/", "](")
    files.append(File.generated(config, "index.md", content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """With the names of files of the repository in the place of links to them."""
    return OUTSIDE.sub(_name, markdown)


def _name(link: re.Match[str]) -> str:
    words, path = link[1], link[2]
    if not (Path(__file__).parents[1] / path).exists():
        raise PluginError(f"a page links to {path}, which is not in the repository")
    return f"`{path}`" if words.strip("`") == path else f"{words} (`{path}`)"
