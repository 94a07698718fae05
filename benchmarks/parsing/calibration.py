"""Whether the parser is right as often as it says: the expected calibration error, and a diagram of it."""

from __future__ import annotations

import numpy as np
from jinja2 import Template
from numpy.typing import NDArray

BINS = 10

SVG = Template(
    """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 330" font-family="sans-serif" font-size="11">
<rect width="360" height="330" fill="white"/>
<text x="50" y="18" font-size="13">Right, by certainty: {{ title }}</text>
<g transform="translate(50,30)">
<rect width="290" height="250" fill="none" stroke="#888"/>
<line x1="0" y1="250" x2="290" y2="0" stroke="#888" stroke-dasharray="4"/>
{%- for bar in bars %}
<rect x="{{ bar.x }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ 250 - bar.y }}" fill="#4a7ebb"/>
<text x="{{ bar.x + 13 }}" y="{{ [bar.y - 3, 10] | max }}" text-anchor="middle" font-size="9">{{ bar.count }}</text>
{%- endfor %}
{%- for tick in (0, 0.2, 0.4, 0.6, 0.8, 1) %}
<text x="{{ 290 * tick }}" y="265" text-anchor="middle">{{ tick }}</text>
<text x="-6" y="{{ 254 - 250 * tick }}" text-anchor="end">{{ tick }}</text>
{%- endfor %}
<text x="145" y="285" text-anchor="middle">certainty; above each bar, how many instructions</text>
</g></svg>
"""
)


def bin_by_certainty(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """For every tenth of certainty that is not empty: its mean certainty, the share that is right, and the count."""
    index = np.minimum((sure * BINS).astype(int), BINS - 1)
    members = [index == number for number in range(BINS)]
    return [
        (float(sure[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for inside in members
        if inside.any()
    ]


def expected_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The expected calibration error (Guo et al. 2017): how far, on average, a tenth is from its certainty.

    Args:
        sure: float64[N], the certainty of each answer, 0 to 1.
        right: bool[N], whether it is right.
    """
    return sum(count * abs(certain - share) for certain, share, count in bin_by_certainty(sure, right)) / len(sure)


def draw_reliability(sure: NDArray[np.float64], right: NDArray[np.bool_], title: str) -> str:
    """A reliability diagram as SVG."""
    bars = []
    for certain, share, count in bin_by_certainty(sure, right):
        left = min(int(certain * BINS), BINS - 1) / BINS
        bars.append({"x": 290 * left + 1, "y": round(250 * (1 - share), 1), "width": 290 / BINS - 2, "count": count})
    return SVG.render(bars=bars, title=title)
