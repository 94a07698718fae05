"""Where an aligned picture shows the original, and its tone: against both formulas, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.image.alignment import PairAlignment

MATRICES = {
    "still": [[1, 0, 0], [0, 1, 0]],
    "shifted": [[1, 0, 3.3], [0, 1, -2.1]],
    "shifted by most of it": [[1, 0, -40.0], [0, 1, 20.0]],
    "shifted out of sight": [[1, 0, 900.0], [0, 1, 0]],
    "enlarged": [[1.04, 0, -1.7], [0, 1.04, 0.4]],
    "made smaller": [[0.95, 0, 2.5], [0, 0.95, 1.5]],
    "askew": [[1.0107, -0.0123, 0.913], [0.0081, 0.9903, -1.437]],
}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("margin", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("size", [(1, 1), (5, 90), (48, 64), (97, 33)])
def test_what_is_covered(matrix: list[list[float]], margin: float, size: tuple[int, int]) -> None:
    height, width = size
    covered = PairAlignment(np.array(matrix, np.float32)).covers(height, width, margin)
    (a, b, x), (c, d, y) = np.array(matrix, np.float32).tolist()
    for row in range(height):
        for column in range(width):
            right, down = a * column + b * row + x, c * column + d * row + y
            inside = margin <= right <= width - 1 - margin and margin <= down <= height - 1 - margin
            assert covered[row, column] == inside


def test_a_tone_is_applied_to_the_nearest_level() -> None:
    levels = np.arange(256, dtype=np.uint8)
    picture = np.stack([levels, levels, levels], axis=1)[None]
    gain, offset = (1.25, 0.5, 1.0), (-20.0, 3.0, 0.0)
    toned = PairAlignment(PairAlignment.still().matrix, gain, offset).apply_tone(picture)
    for level in range(256):
        for channel in range(3):
            wanted = min(255.0, max(0.0, gain[channel] * level + offset[channel]))
            assert abs(float(toned[0, level, channel]) - wanted) <= 0.5
