"""Whether the parser is right as often as it says: the expected calibration error, and a picture of it."""

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


def bins(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """Of each tenth of certainty that has any: its mean certainty, the share that is right, and how many there are."""
    index = np.minimum((sure * BINS).astype(int), BINS - 1)
    chosen = [index == each for each in range(BINS)]
    return [
        (float(sure[those].mean()), float(right[those].mean()), int(those.sum())) for those in chosen if those.any()
    ]


def expected_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The expected calibration error (Guo et al. 2017): how far each tenth is from its certainty, on average."""
    return sum(count * abs(certain - share) for certain, share, count in bins(sure, right)) / len(sure)


def reliability_svg(sure: NDArray[np.float64], right: NDArray[np.bool_], title: str) -> str:
    bars = []
    for certain, share, count in bins(sure, right):
        left = min(int(certain * BINS), BINS - 1) / BINS
        bars.append({"x": 290 * left + 1, "y": round(250 * (1 - share), 1), "width": 290 / BINS - 2, "count": count})
    return SVG.render(bars=bars, title=title)
