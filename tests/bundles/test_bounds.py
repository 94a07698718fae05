"""Every number of a manifest has a least and a largest value, and every text and list a length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from editjudge.bundles.files import DocumentEntry, EndToEnd, EngineEntry, FileEntry
from editjudge.bundles.manifest import Manifest
from editjudge.bundles.roles import ROLES
from editjudge.bundles.settings import (
    ClipSettings,
    CoherenceSettings,
    DetectorSettings,
    DifferenceSettings,
    DomainSettings,
    EditClipSettings,
    ElementSettings,
    NormRanges,
    ParserSettings,
    PictureSettings,
    SegmenterSettings,
    VifiClipSettings,
)
from editjudge.bundles.toml_schema import LONGEST_TEXT, MOST_ITEMS, Between, check_value
from editjudge.bundles.verdict_settings import CalibratedOn, QualityScale, VerdictSettings

TABLES = (
    FileEntry, DocumentEntry, EngineEntry, EndToEnd, PictureSettings, ClipSettings, DetectorSettings,
    SegmenterSettings, NormRanges, DomainSettings, ParserSettings, DifferenceSettings,
    CoherenceSettings, ElementSettings, EditClipSettings, VifiClipSettings, VerdictSettings, QualityScale, CalibratedOn,
)  # fmt: skip


def hints_of(hint: Any) -> Iterator[Any]:
    """A type hint and those that it is made of; of a bounded one no further."""
    yield hint
    if get_origin(hint) is not Annotated:
        for inner in get_args(hint):
            yield from hints_of(inner)


def numbers() -> Iterator[Any]:
    for table in TABLES:
        for name, hint in get_type_hints(table, include_extras=True).items():
            yield pytest.param(hint, id=f"{table.__name__}.{name}")


def test_no_table_is_forgotten() -> None:
    of_roles = {role.settings for role in ROLES.values()} - {None}
    assert of_roles <= set(TABLES)
    named = " ".join(str(field.type) for field in fields(Manifest))
    for table in TABLES:
        if table not in of_roles:
            assert table.__name__ in named


@pytest.mark.parametrize("hint", [*numbers()])
def test_a_number_has_bounds(hint: Any) -> None:
    for part in hints_of(hint):
        assert part not in {int, float}, f"{hint} has no bounds"
        if get_origin(part) is Annotated and isinstance(get_args(part)[1], Between):
            kind, limit = get_args(part)
            assert limit.least <= limit.most <= 2**40
            for value in (limit.least, limit.most):
                assert check_value(kind(value), part, "it") == value
            for value in (limit.least - 1, limit.most + 1, 10**400):
                with pytest.raises(ValueError, match="it is"):
                    check_value(kind(value) if value < 10**300 else value, part, "it")


def test_the_frame_has_bounds() -> None:
    assert get_origin(get_type_hints(Manifest, include_extras=True)["frame"]) is Annotated


def test_texts_and_lists_are_short() -> None:
    assert check_value("a" * LONGEST_TEXT, str, "it")
    assert check_value(["a"] * MOST_ITEMS, tuple[str, ...], "it")
    for value, hint in (("a" * (LONGEST_TEXT + 1), str), ("a\x1b", str), (["a"] * (MOST_ITEMS + 1), tuple[str, ...])):
        with pytest.raises(ValueError, match="it"):
            check_value(value, hint, "it")
