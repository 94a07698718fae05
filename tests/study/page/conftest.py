"""A browser for the pages of studies."""

from __future__ import annotations

from support.browsers import browser, visit  # noqa: F401  (fixtures)
