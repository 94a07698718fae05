"""The orders of a study, whatever its seed: everything once, the same again, and no place that tells an editor."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from editjudge.study.orders import choose, order_candidates, order_pages

SEEDS, RATERS = st.integers(0, 2**31), st.integers(1, 10_000)
SURE = 1e-4
"""How unlikely a draw by chance may be that is taken for one; the seeds of what is counted are fixed."""


@given(SEEDS, RATERS, st.integers(0, 200))
def test_a_rater_sees_every_page_once_and_in_the_same_order_again(seed: int, rater: int, count: int) -> None:
    order = order_pages(seed, rater, count)
    assert sorted(order) == list(range(count))
    order_pages.cache_clear()
    assert order_pages(seed, rater, count) == order


@given(SEEDS, RATERS, st.integers(0, 500), st.sets(st.integers(0, 10_000), max_size=30))
def test_a_rater_sees_every_candidate_once_however_they_are_given(
    seed: int, rater: int, page: int, candidates: set[int]
) -> None:
    order = order_candidates(seed, rater, page, candidates)
    assert sorted(order) == sorted(candidates)
    assert order_candidates(seed, rater, page, sorted(candidates, reverse=True)) == order


@given(SEEDS, st.sets(st.integers(0, 1000), max_size=40), st.integers(0, 50))
def test_what_is_chosen_is_of_the_items_and_each_once(seed: int, items: set[int], count: int) -> None:
    chosen = choose(seed, "checks", items, count)
    assert len(chosen) == len(set(chosen)) == min(count, len(items))
    assert set(chosen) <= items
    assert list(chosen) == sorted(chosen)


def test_raters_and_seeds_have_orders_of_their_own() -> None:
    orders = {order_pages(seed, rater, 20) for seed in range(20) for rater in range(1, 21)}
    assert len(orders) == 400
    sides = {order_candidates(0, 1, page, range(8)) for page in range(50)}
    assert len(sides) > 45  # of 40,320


def test_every_candidate_stands_in_every_place_as_often() -> None:
    for count in (2, 3, 5):
        places = [Counter[int]() for _ in range(count)]
        for rater in range(1, 101):
            for page in range(30):
                for place, candidate in enumerate(order_candidates(7, rater, page, range(count))):
                    places[place][candidate] += 1
        for counts in places:
            assert chisquare([counts[candidate] for candidate in range(count)]).pvalue > SURE


def test_a_page_comes_early_and_late_as_often() -> None:
    places = [order_pages(7, rater, 6).index(0) for rater in range(1, 3001)]
    assert chisquare([places.count(place) for place in range(6)]).pvalue > SURE


def test_where_a_candidate_stands_tells_nothing_of_the_next_page() -> None:
    sides = [
        (order_candidates(7, rater, 0, (0, 1))[0], order_candidates(7, rater, 1, (0, 1))[0]) for rater in range(1, 3001)
    ]
    assert chisquare([sides.count((one, other)) for one in (0, 1) for other in (0, 1)]).pvalue > SURE
