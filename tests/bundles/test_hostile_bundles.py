"""Bundles that are damaged, and bundles that are made to do harm: each is refused in a sentence, and does none.

Each is opened as its user would: verified, and scored with. Many in one process, which ends where one hangs or aborts.
"""

from __future__ import annotations

from typing import Any

import pytest

from support.bundle_trials import find_problem, try_all
from support.damaged_bundles import DAMAGED
from support.hostile_bundles import HOSTILE

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "mkfifo"), reason="pipes, sockets and limits of memory")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return try_all(DAMAGED, tmp_path_factory.mktemp("damaged"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return try_all(HOSTILE, tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_bundle_is_refused(name: str, damaged: dict[str, Any]) -> None:
    assert find_problem(damaged[name], DAMAGED[name]) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused(name: str, hostile: dict[str, Any]) -> None:
    assert find_problem(hostile[name], HOSTILE[name]) is None
