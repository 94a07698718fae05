"""The orders of a study: whole, repeatable, each rater's own, and blind to editors."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from editjudge.study.orders import choose, order_candidates, order_pages

SEEDS = st.integers(0, 2**63 - 1)
RATERS = st.integers(1, 10_000)
RATER_COUNT = 3000
CRITICAL = {1: 10.83, 2: 13.82, 29: 58.30}
"""Of chi-square by degrees of freedom, at 0.001: tables of any book on statistics."""


@settings(deadline=None)
@given(SEEDS, RATERS, st.integers(0, 200))
def test_a_rater_sees_every_page_once(seed: int, rater: int, count: int) -> None:
    assert sorted(order_pages(seed, rater, count)) == list(range(count))


@settings(deadline=None)
@given(SEEDS, RATERS, st.integers(0, 10_000), st.sets(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_page_has_every_candidate_once_in_whatever_order_they_come(
    seed: int, rater: int, page: int, candidates: set[int]
) -> None:
    shown = order_candidates(seed, rater, page, sorted(candidates))
    assert sorted(shown) == sorted(candidates)
    assert order_candidates(seed, rater, page, sorted(candidates, reverse=True)) == shown


@settings(deadline=None)
@given(SEEDS, SEEDS, RATERS, RATERS)
def test_other_seeds_and_raters_have_other_orders(seed: int, other_seed: int, rater: int, other: int) -> None:
    same = (seed, rater) == (other_seed, other)
    assert (order_pages(seed, rater, 60) == order_pages(other_seed, other, 60)) is same  # by chance: 1 of 60!


@settings(deadline=None)
@given(SEEDS, st.sets(st.integers(0, 1000), max_size=50), st.integers(0, 60))
def test_what_is_chosen_is_part_of_what_there_is(seed: int, items: set[int], count: int) -> None:
    chosen = choose(seed, "checks", items, count)
    assert len(chosen) == min(count, len(items))
    assert set(chosen) <= items
    assert list(chosen) == sorted(set(chosen))


def test_no_candidate_has_a_place_of_its_own() -> None:
    """On a fixed page, over many raters: each stands everywhere equally often, so a place tells no editor."""
    for count in (2, 3, 30):
        shown = [order_candidates(7, rater, 4, range(100, 100 + count)) for rater in range(1, RATER_COUNT + 1)]
        for candidate in range(100, 100 + count):
            _check_even(Counter(order.index(candidate) for order in shown), count)


def test_no_page_comes_early_or_late() -> None:
    first = Counter(order_pages(7, rater, 30)[0] for rater in range(1, RATER_COUNT + 1))
    _check_even(first, 30)


def test_a_rater_does_not_see_an_editor_on_one_side_of_many_pages() -> None:
    for rater in (1, 2, 3):
        left = Counter(order_candidates(7, rater, page, (0, 1))[0] for page in range(RATER_COUNT))
        _check_even(left, 2)


def _check_even(counts: Counter[int], places: int) -> None:
    """Pearson's test of a uniform distribution; the degrees of freedom are one less than the places."""
    expected = counts.total() / places
    statistic = sum((counts[place] - expected) ** 2 / expected for place in counts)
    assert set(counts) <= set(range(places))
    assert len(counts) == places
    assert statistic < CRITICAL[places - 1]
