"""From ratings to a calibrated bundle: fits Norm() and the verdict, and tells on edits held out whether that helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from editjudge.bundles.settings import NormRanges
from editjudge.bundles.verdict_settings import CalibratedOn, QualityScale, VerdictSettings
from editjudge.calibration.measures import AGREEMENT, ERRORS, BundleAnswers, RatedTruth, assess, lay_out
from editjudge.calibration.norm_fit import fit_norm
from editjudge.calibration.rated_edits import RatedEdits
from editjudge.calibration.regression import fit_binned
from editjudge.calibration.verdict_fit import FOLDS, SURE, fit_verdict, predict, split
from editjudge.errors import InputError
from editjudge.evaluation.result import Result
from editjudge.evaluation.statistics.bootstrap import Resampling, Statistic
from editjudge.types import Doubles

FEWEST = 50
"""Edits with a number, under which nothing is fitted."""
FEWEST_INPUTS = 10
"""Of fewer, the intervals are too narrow: of ratings that tell nothing, one in ten was accepted by five inputs."""
RIGHT = 0.9
KNOTS = 6
BEFORE, AFTER, CONSTANT = "before", "after", "the same for all"
BRIER, ORDER = ERRORS.index("Brier"), AGREEMENT.index("order of two")
FindNorm = Callable[[RatedEdits], NormRanges]


@dataclass(frozen=True)
class BundleNumbers:
    """The numbers of a bundle that are fitted to ratings; a bundle may have no verdict yet."""

    norm: NormRanges
    verdict: VerdictSettings | None


@dataclass(frozen=True)
class FitOptions:
    """How ratings are fitted.

    Attributes:
        good_from: The rating from which an edit counts as well done, as the targets were made with.
        right: The share of accepted edits that most raters find well done, and of rejected ones that they do not.
        resamples: Of the bootstrap, by whose intervals it is decided whether the fit helps.
        seed: Of the folds and the bootstrap.
    """

    good_from: float = 4.0
    right: float = RIGHT
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Calibration:
    """What was fitted to all edits, and what came of it on edits held out.

    Attributes:
        norm, verdict, quality_scale, calibrated_on: The sections of a bundle.
        result: The tables.
        refusal: Why it is not to be used; None: it helps.
    """

    norm: NormRanges
    verdict: VerdictSettings
    quality_scale: QualityScale
    calibrated_on: CalibratedOn
    result: Result
    refusal: str | None


def calibrate(
    edits: RatedEdits, start: BundleNumbers, options: FitOptions, left_out: Mapping[str, int] | None = None
) -> Calibration:
    """Fits Norm(), the verdict and the scale of quality to ratings.

    Args:
        edits: At least FEWEST.
        start: What the bundle has.
        options: How.
        left_out: What the tables are to say was left out.

    Raises InputError where that cannot be fitted.
    """
    groups = len(np.unique(edits.group))
    left_out = left_out or {}
    _check(edits, groups, options.seed, left_out)
    resampling = Resampling(int(edits.group.max()) + 1, options.resamples, options.seed)
    truth = RatedTruth(edits.rating, edits.target, edits.group)
    find_norm, after, told = _choose_norm(edits, start, truth, resampling, options)
    said = {} if start.verdict is None else {BEFORE: say(edits, start.norm, start.verdict)}
    said |= {AFTER: after, CONSTANT: _hold_out_mean(edits, options.seed)}
    errors, agreement = assess(said, truth, resampling)
    rows = [*said]
    norm = find_norm(edits)
    verdict = fit_verdict(edits.view(norm), start.verdict, options.right, options.seed)
    off = {row: errors.value[number] for number, row in enumerate(rows)}
    before = (None, None) if start.verdict is None else (_round(off[BEFORE][0]), _round(off[BEFORE][1]))
    notes = (
        f"an edit is well done from a rating of {options.good_from:g} on, by the share of raters who say so",
        f"held out in {FOLDS} folds by input; the calibration error is of ten bins of equally many edits",
        told,
        "the tables are of verdicts fitted to four fifths each; the one to use is fitted to all",
        *_tell_thresholds(verdict, options.right),
    )
    return Calibration(
        norm=norm,
        verdict=verdict,
        quality_scale=fit_scale(predict(edits.view(norm), verdict), edits.rating),
        calibrated_on=CalibratedOn(len(edits), groups, options.good_from, *map(_round, off[AFTER][:2]), *before),
        result=Result(
            "calibration",
            lay_out(said, errors, agreement, len(edits)),
            {"rated edits": len(edits), "inputs": groups},
            left_out,
            notes,
        ),
        refusal=_find_refusal(rows, errors),
    )


def fit_scale(chance: Doubles, rating: Doubles, knots: int = KNOTS) -> QualityScale:
    """The mean rating by probability, float64[N] each: a curve that never falls, through the means of a few bins."""
    at, curve = fit_binned(chance, rating, knots)
    return QualityScale(tuple(at.tolist()), tuple(np.clip(curve, 1.0, 5.0).round(3).tolist()))


def say(edits: RatedEdits, norm: NormRanges, settings: VerdictSettings) -> BundleAnswers:
    """What a bundle with these numbers says of edits."""
    view = edits.view(norm)
    chance = predict(view, settings)
    accepted = chance >= settings.accept_at
    rejected = ~accepted & (chance < settings.reject_at) & ~view.misread
    return BundleAnswers(chance, accepted, rejected, edits.count_numbers(norm))


def _check(edits: RatedEdits, groups: int, seed: int, left_out: Mapping[str, int]) -> None:
    if len(edits) < FEWEST:
        told = ", ".join(f"{count} {what}" for what, count in left_out.items() if count)
        raise InputError(
            f"{len(edits)} rated edits have a number, and a calibration needs {FEWEST}"
            + (f" (left out: {told})" if told else "")
            + "; have more rated, or take a bundle that knows such pictures"
        )
    if groups < FEWEST_INPUTS:
        raise InputError(
            f"the rated edits are of too few inputs, {groups} of {FEWEST_INPUTS}; have edits of others rated, too"
        )
    for held in (np.zeros(len(edits), bool), *split(edits.group, seed)):
        target = edits.target[~held]
        if target.min() == target.max():
            raise InputError("people rated all edits alike, well done or not; have better and worse ones rated, too")


def _choose_norm(
    edits: RatedEdits, start: BundleNumbers, truth: RatedTruth, resampling: Resampling, options: FitOptions
) -> tuple[FindNorm, BundleAnswers, str]:
    """How the ranges of Norm() are found, what is then said of edits held out, and which way it is, in words.

    They are refitted where that orders edits held out better, or is nearer to their ratings, and not worse in the
    other; else they stay.
    """
    ways: dict[str, FindNorm] = {"kept": lambda _: start.norm, "refitted": lambda some: fit_norm(some) or start.norm}
    held = {"kept": _hold_out(edits, start.verdict, ways["kept"], options)}
    try:
        held["refitted"] = _hold_out(edits, start.verdict, ways["refitted"], options)
    except InputError:  # by other ranges, too few may count as done
        return ways["kept"], held["kept"], "Norm() stays as it is: refitted, too few edits can be told apart"
    errors, agreement = assess(held, truth, resampling)
    order, brier = agreement[1, ORDER] - agreement[0, ORDER], errors[1, BRIER] - errors[0, BRIER]
    if not np.isfinite(order.value):
        return ways["kept"], held["kept"], "Norm() stays as it is: no input has edits that people rate differently"
    told = f"the order of two changes by {_tell(order)}, and Brier by {_tell(brier)}"
    (order_low, order_high), (brier_low, brier_high) = (map(float, one.interval()) for one in (order, brier))
    if (order_low > 0 and brier_low <= 0) or (brier_high < 0 and order_high >= 0):
        return ways["refitted"], held["refitted"], f"Norm() is refitted: {told}"
    return ways["kept"], held["kept"], f"Norm() stays as it is: refitted, {told}"


def _tell(change: Statistic) -> str:
    low, high = (float(end) for end in change.interval())
    return f"{float(change.value):+.3f} ({low:+.3f} to {high:+.3f})"


def _hold_out(
    edits: RatedEdits, start: VerdictSettings | None, find_norm: FindNorm, options: FitOptions
) -> BundleAnswers:
    """What is said of edits by numbers that were not fitted to them."""
    count = len(edits)
    after = BundleAnswers(np.empty(count), np.empty(count, bool), np.empty(count, bool), np.empty(count))
    for held in split(edits.group, options.seed):
        rest, some = edits.take(~held), edits.take(held)
        norm = find_norm(rest)
        told = say(some, norm, fit_verdict(rest.view(norm), start, options.right, options.seed + 1))
        for name, values in vars(after).items():
            values[held] = vars(told)[name]
    return after


def _hold_out_mean(edits: RatedEdits, seed: int) -> BundleAnswers:
    """What the mean of the others would say of each: the same for all, so that it orders and decides nothing."""
    chance, nothing = np.empty(len(edits)), np.zeros(len(edits), bool)
    for held in split(edits.group, seed):
        chance[held] = edits.target[~held].mean()
    return BundleAnswers(chance, nothing, nothing, np.zeros(len(edits)))


def _find_refusal(rows: list[str], errors: Statistic) -> str | None:
    after = rows.index(AFTER)
    for number, other in enumerate(rows):
        if other == AFTER:
            continue
        change = errors[after, BRIER] - errors[number, BRIER]
        if not float(change.interval()[1]) < 0:
            way = "higher" if change.value > 0 else "lower"
            low, high = sorted(float(end) for end in change.interval())
            return (
                f"the calibration does not help on edits held out: its Brier score is {abs(float(change.value)):.3f} "
                f"{way} than that of {other!r} ({low:+.3f} to {high:+.3f}); have more edits rated, or keep the bundle"
            )
    return None


def _tell_thresholds(verdict: VerdictSettings, right: float) -> tuple[str, str]:
    nowhere = f"nowhere are so many of them sure to be right, {right:g}; have more rated, or lower --right"
    accepted, rejected = f"accepted from {verdict.accept_at:g} on", f"rejected under {verdict.reject_at:g}"
    return (
        accepted if verdict.accept_at <= SURE else f"nothing is accepted: {nowhere}",
        rejected if verdict.reject_at > 0 else f"nothing is rejected: {nowhere}",
    )


def _round(value: float) -> float:
    return float(f"{value:.4f}")
