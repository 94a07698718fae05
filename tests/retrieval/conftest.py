"""The index of four edits whose vectors can be told by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.datasets import open_dataset
from editjudge.retrieval import build_index
from support.colour_edits import write_colour_edits
from support.pair_bundle import make_pair_bundle


@pytest.fixture(scope="session")
def pair_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_pair_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_colour_edits(tmp_path)


@pytest.fixture
def index_folder(tmp_path: Path, data: Path, pair_bundle: Bundle) -> Path:
    folder = tmp_path / "index"
    build_index(open_dataset(data), folder, bundle=pair_bundle.folder, device="cpu")
    return folder
