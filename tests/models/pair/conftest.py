"""A bundle whose models embed edits."""

from __future__ import annotations

import pytest

from editjudge.models.model_set import ModelSet
from support.pair_bundle import make_pair_bundle


@pytest.fixture(scope="session")
def pair_models(tmp_path_factory: pytest.TempPathFactory) -> ModelSet:
    """Of the toy world: both encoders are there, with models of their own."""
    return ModelSet(make_pair_bundle(tmp_path_factory.mktemp("pair") / "bundle"), "cpu", 1)
