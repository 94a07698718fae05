"""A browser, a service that it can visit, and pages that are watched for what they must not do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.scorer import Scorer
from editjudge.server.options import ServiceOptions
from support.browsers import browser, visit  # noqa: F401  (fixtures)
from support.served_page import PageService, open_studio, serve


@pytest.fixture(scope="module")
def service() -> Iterator[PageService]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def edit() -> DemoInput:
    """A car that is to be blue, and five candidates."""
    return load_demo()[0]


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """What the pages' numbers are held against: the package without a service."""
    return open_studio(ServiceOptions())
