"""What several tests share: the toy bundle, the studio bundle, and the numbers that transformers gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editjudge.bundle import Bundle

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def toy() -> Bundle:
    """Real graphs of a few nodes each, whose outputs can be told by hand: tests/fixtures/make_toy_bundle.py."""
    return Bundle.load(FIXTURES / "toy")


@pytest.fixture(scope="session")
def studio() -> Bundle:
    """The embedded bundle, trained."""
    return Bundle.load("studio")


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    """What the image processors of transformers made of two pictures: tests/fixtures/make_golden.py."""
    with np.load(FIXTURES / "golden.npz") as arrays:
        return dict(arrays)
