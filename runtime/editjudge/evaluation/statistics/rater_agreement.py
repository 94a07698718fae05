"""How far raters agree: the ICC, Krippendorff's alpha and the weighted kappa, all resamples at once.

Each is a quotient of sums over what was rated, so that a resample is the sample with whole-numbered weights, as in
`rank_correlation`. The libraries that have them give the same numbers, and the tests compare with them. They are not
called, as intervals would take them too long: 8 ms a resample for the ICC of pingouin, which brings pandas and
statsmodels along; and krippendorff takes 8 s and 2.3 GB for 10,000 edits that three people rated from 0 to 100, as its
matrices grow with the square of the different ratings.
"""

from __future__ import annotations

import numpy as np

from editjudge.evaluation.statistics.bootstrap import ratio
from editjudge.types import Doubles

NEGLIGIBLE = 1e-12
"""A variance below this share of the squares that it is the difference of is one of equal numbers."""


def icc(ratings: Doubles, weights: Doubles) -> Doubles:
    """ICC(2,1) of Shrout and Fleiss (1979), two-way random and absolute: how far one rater can stand for any other.

    float64[B] of ratings float64[N, R] and weights float64[B, N], of the rows that all have rated; NaN where there are
    fewer than two of them, or nothing varies.
    """
    whole = ~np.isnan(ratings).any(axis=1)
    x, weights, raters = _shift(ratings[whole]), weights[:, whole], ratings.shape[1]
    count = weights.sum(axis=1)
    of_rater = ratio(weights @ x, count[:, None])
    squares = (weights @ (x * x)).sum(axis=1)
    middle = raters * count * of_rater.mean(axis=1) ** 2
    of_rows = raters * (weights @ x.mean(axis=1) ** 2) - middle
    of_raters = count * (of_rater**2).sum(axis=1) - middle
    rest = squares - middle - of_rows - of_raters
    row, rater, error = (
        ratio(part, freedom)
        for part, freedom in (
            (of_rows, count - 1),
            (of_raters, np.full_like(count, raters - 1)),
            (rest, (count - 1) * (raters - 1)),
        )
    )
    total = row + (raters - 1) * error + raters * ratio(rater - error, count)
    return _quotient(row - error, total, ratio(squares, count))


def alpha(ratings: Doubles, weights: Doubles) -> Doubles:
    """Krippendorff's alpha of ratings that are numbers (interval level): 1 less observed over expected disagreement.

    As `icc`, of the rows that at least two have rated.
    """
    count = (~np.isnan(ratings)).sum(axis=1).astype(np.float64)
    rated = count >= 2
    x, weights, count = np.nan_to_num(_shift(ratings)[rated]), weights[:, rated], count[rated]
    sums, squares = x.sum(axis=1), (x * x).sum(axis=1)
    within = (count * squares - sums**2) / (count - 1)  # half the squared distances of the ratings of a row
    total, all_squares = weights @ count, weights @ squares
    expected = total * all_squares - (weights @ sums) ** 2
    return 1 - _quotient((total - 1) * (weights @ within), expected, total * all_squares)


def kappa(ratings: Doubles, weights: Doubles) -> Doubles:
    """Cohen's kappa of two raters, float64[N, 2], with quadratic weights: the distances are those of the ratings.

    As `icc`, of the rows that both have rated.
    """
    both = ~np.isnan(ratings).any(axis=1)
    x, weights = _shift(ratings[both]), weights[:, both]
    count, squares = weights.sum(axis=1), (weights @ (x * x)).sum(axis=1)
    expected = count * squares - 2 * (weights @ x).prod(axis=1)
    return 1 - _quotient(count * (weights @ (x[:, 0] - x[:, 1]) ** 2), expected, count * squares)


def _shift(ratings: Doubles) -> Doubles:
    """The ratings from 0 on, so that equal ones are exactly 0, and little is lost where large ones differ by little."""
    known = ratings[~np.isnan(ratings)]
    return ratings - (known.min() if len(known) else 0.0)


def _quotient(above: Doubles, below: Doubles, scale: Doubles) -> Doubles:
    """NaN where `below`, a difference of numbers as large as `scale`, is 0 but for rounding."""
    return ratio(above, np.where(below > NEGLIGIBLE * scale, below, 0.0))
