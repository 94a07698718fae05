"""What the tests of pictures share."""

from __future__ import annotations

import numpy as np
import pytest

from support.pictures import halves


@pytest.fixture
def picture() -> np.ndarray:
    """24 x 32, the left half red, the right half blue."""
    return halves()
