"""Fits a verdict to ratings: its regression, a curve upon that, and from which probability it accepts and rejects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.calibration.rated_edits import FEATURES, RowMask, VerdictView
from editjudge.calibration.regression import fit, fit_binned
from editjudge.errors import InputError
from editjudge.metrics.registry import BOUNDED, is_beyond
from editjudge.types import Doubles

FOLDS = 5
FEWEST = 10
"""Edits that the regression, or a knot of its curve, rests on, at least."""
KNOTS = 10
SURE = 0.999
"""What no probability is over: of a few edits that all were well done, the next may not be."""
UNSEEN = 2
"""Wrong decisions that are taken to have been made beside those that were seen, before the share of right ones is
looked at: of ten right ones of ten, chance alone may have made the most."""
SIGNS = {"modify": 1, "modify_low": 1, "preserve": 1, "position": 1, "size": 1, "spill": -1, "whole": 0}
"""Which way each of FEATURES may speak: better is never worse, whatever few ratings make of it."""
DECAY = 1e-3
"""More than where quality is known: ratings are few, and people differ."""
EVEN = 0.5
"""The probability at which an edit is as likely well done as not."""
MOST_WEIGHT = 10_000.0
Fit = Callable[[VerdictView], VerdictSettings]


def split(group: NDArray[np.intp], seed: int, folds: int = FOLDS) -> Iterator[RowMask]:
    """The rows, bool[N], that are held out in turn, by the group of each: no group is in two folds."""
    names = np.unique(group)
    fold = np.random.default_rng(seed).permutation(len(names)) % folds
    for number in range(min(folds, len(names))):
        yield fold[np.searchsorted(names, group)] == number


def read_logits(edits: VerdictView, settings: VerdictSettings) -> Doubles:
    """float64[N], of the regression alone."""
    weights = np.array([vars(settings)[name] for name in FEATURES], np.float64)
    return settings.bias + edits.features @ weights


def predict(edits: VerdictView, settings: VerdictSettings) -> Doubles:
    """The probabilities of the verdict, float64[N], as `metrics.bpm.verdict.decide` gives them."""
    chance = _estimate(edits, settings)
    if settings.curve:
        chance = np.interp(chance, settings.curve_at, settings.curve)
    chance = edits.done * chance
    most_in_doubt = (settings.accept_at + settings.reject_at) / 2
    return np.where(edits.doubtful | _is_beyond(edits, settings), np.minimum(chance, most_in_doubt), chance)


def fit_verdict(edits: VerdictView, start: VerdictSettings | None, right: float, seed: int) -> VerdictSettings:
    """The verdict that fits the ratings.

    Either the regression that there is keeps its direction, and gets another slope and offset, or it is fitted anew:
    whichever is nearer to the ratings of edits that are held out. Upon these the curve and the thresholds are set.

    Args:
        edits: At least a few dozen.
        start: The verdict that there is; None: it is fitted anew.
        right: The share of accepted edits that most raters find well done, and of rejected ones that they do not.
        seed: Of the folds.

    Raises InputError where nothing tells better ones from worse.
    """
    ways: list[Fit] = [_refit] if start is None else [_refit, lambda some: _rescale(some, start)]
    held = [_hold_out(edits, way, seed) for way in ways]
    best = int(np.argmin([log_loss(edits.done * chance, edits.target) for chance in held]))
    fitted = _bend(ways[best](edits), edits, held[best])
    chance = edits.done * np.interp(held[best], fitted.curve_at, fitted.curve)
    accept_at, reject_at = set_thresholds(chance, edits, right)
    return _mark_worst(replace(fitted, accept_at=accept_at, reject_at=reject_at), edits.take(_is_seen(edits)))


def log_loss(chance: Doubles, target: Doubles) -> float:
    """The mean over float64[N] each."""
    chance = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.mean(target * np.log(chance) + (1 - target) * np.log(1 - chance)))


def set_thresholds(chance: Doubles, edits: VerdictView, right: float) -> tuple[float, float]:
    """accept_at and reject_at: the lowest and the highest at which enough decisions are right; 1 and 0 where none is,
    which no probability reaches.

    What most raters find is right; where they are divided, half. What is doubtful is never accepted, and what may have
    been misread never rejected. Nor is accepted what is rather not well done, or rejected what rather is, however many
    of the others that are decided so are right. UNSEEN wrong ones are added to each.
    """
    found = find_majority(edits.target)
    accept_at = -_find_last(-chance[~edits.doubtful], found[~edits.doubtful], right)
    reject_at = _find_last(chance[~edits.misread], 1 - found[~edits.misread], right)
    accept_at = max(EVEN, float(np.floor(accept_at * 1e4) / 1e4)) if np.isfinite(accept_at) else 1.0
    # Rejected is what is under it.
    reject_at = min(EVEN, float(np.floor(reject_at * 1e4) / 1e4) + 1e-4) if np.isfinite(reject_at) else 0.0
    return accept_at, round(reject_at, 4)


def find_majority(target: Doubles) -> Doubles:
    """Whether most raters found edits well done, float64[N]: 1 or 0, and 0.5 where they are divided."""
    return (1 + np.sign(target - 0.5)) / 2


def _find_last(order: Doubles, right: Doubles, share: float) -> float:
    """The last of the values, from the least on, up to which at least this share is right, with UNSEEN wrong ones more;
    -inf where none is."""
    ordered = np.argsort(order, kind="stable")
    values, count = order[ordered], np.arange(1, len(order) + 1)
    is_last = np.append(values[1:] > values[:-1], True)[: len(values)]  # equal ones are decided alike
    enough = np.flatnonzero(is_last & (np.cumsum(right[ordered]) >= share * (count + UNSEEN)))
    return float(values[enough[-1]]) if len(enough) else -np.inf


def _hold_out(edits: VerdictView, way: Fit, seed: int) -> Doubles:
    """What regressions that were fitted to the other folds give to each edit, float64[N]."""
    chance = np.empty(len(edits))
    for held in split(edits.group, seed):
        chance[held] = _estimate(edits.take(held), way(edits.take(~held)))
    return chance


def _estimate(edits: VerdictView, settings: VerdictSettings) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-np.clip(read_logits(edits, settings), -30, 30))), np.float64)


def _refit(edits: VerdictView) -> VerdictSettings:
    rows = _take_seen(edits)
    return _build(fit(rows.features, rows.target, DECAY, [SIGNS[name] for name in FEATURES]))


def _rescale(edits: VerdictView, start: VerdictSettings) -> VerdictSettings:
    rows = _take_seen(edits)
    offset, slope = fit(read_logits(rows, start)[:, None], rows.target, DECAY, [1])
    weights = np.array([vars(start)[name] for name in ("bias", *FEATURES)], np.float64) * slope
    weights[0] += offset
    return _build(weights)


def _take_seen(edits: VerdictView) -> VerdictView:
    """Those that the regression decides. Raises InputError where they are too few, or all rated alike."""
    rows = edits.take(_is_seen(edits))
    if len(rows) < FEWEST or rows.target.min() == rows.target.max():
        raise InputError(
            f"of the rated edits, too few can be told apart: {len(rows)} were done and leave no other doubt"
            + (", and people rate these alike" if len(rows) else "")
            + "; have more rated, better and worse ones"
        )
    return rows


def _is_seen(edits: VerdictView) -> RowMask:
    """Those that the regression decides: what counts as not done is 0 whatever it says, and it is blind to doubt."""
    return np.asarray((edits.done > 0) & ~edits.doubtful)


def _build(weights: Doubles) -> VerdictSettings:
    """The settings of a bias and weights, float64[8], which stand in bundles with four digits.

    Its thresholds accept and reject nothing, and leave what is doubtful as it is.
    """
    bias, *rest = np.clip(weights, -MOST_WEIGHT, MOST_WEIGHT).round(4).tolist()
    return VerdictSettings(1.0, 1.0, bias, **dict(zip(FEATURES, rest, strict=True)))


def _bend(settings: VerdictSettings, edits: VerdictView, held: Doubles) -> VerdictSettings:
    """With a curve from what the regression gave to edits held out, float64[N], to how many were well done.

    People differ, so that not even the best edit is well done to all; the regression alone knows no such end.
    """
    seen = _is_seen(edits)
    at, curve = fit_binned(held[seen], edits.target[seen], max(1, min(KNOTS, int(seen.sum()) // FEWEST)))
    if at[0] > 0:  # what seems worse than all that were rated is not as good as these
        at, curve = np.append(0.0, at), np.append(0.0, curve)
    return replace(settings, curve_at=tuple(at.tolist()), curve=tuple(curve.clip(0, SURE).round(4).tolist()))


def _mark_worst(settings: VerdictSettings, edits: VerdictView) -> VerdictSettings:
    """With the worst of the edits in all that the verdict looks at, to four digits."""
    columns = dict(zip(FEATURES, edits.features.T, strict=True))
    least = {name: float(np.floor(columns[name].min() * 1e4) / 1e4) for name in BOUNDED}
    return replace(
        settings,
        least_modify=least["modify"],
        least_preserve=least["preserve"],
        least_position=least["position"],
        least_size=least["size"],
        most_spill=float(np.ceil(columns["spill"].max() * 1e4) / 1e4),
    )


def _is_beyond(edits: VerdictView, settings: VerdictSettings) -> RowMask:
    """As `metrics.bpm.verdict.is_beyond` has it, bool[N]."""
    seen = (dict(zip(FEATURES, row, strict=True)) for row in edits.features.tolist())
    return np.array([is_beyond(one, settings) for one in seen], bool)
