"""The orders in which a rater sees pages and candidates: by hashes of the study's seed, the same on every machine and
under every version of Python."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=256)
def order_pages(seed: int, rater: int, count: int) -> tuple[int, ...]:
    """The numbers of the study's pages, 0 to before `count`, in the order of a rater."""
    return _shuffle(range(count), f"{seed} rater {rater} pages")


def order_candidates(seed: int, rater: int, page: int, candidates: Iterable[int]) -> tuple[int, ...]:
    """The candidates of a page from left to right, as a rater sees them."""
    return _shuffle(candidates, f"{seed} rater {rater} page {page}")


def choose(seed: int, purpose: str, items: Iterable[int], count: int) -> tuple[int, ...]:
    """So many of the items, or all of them, in the order in which they were given."""
    chosen = _shuffle(items, f"{seed} {purpose}")[:count]
    return tuple(sorted(chosen))


def _shuffle(items: Iterable[int], key: str) -> tuple[int, ...]:
    return tuple(sorted(items, key=lambda item: (hashlib.sha256(f"{key} {item}".encode()).digest(), item)))
