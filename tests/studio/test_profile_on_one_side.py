"""A picture that nobody edited is one whatever colour space its file has it in, and so is a ranking."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from PIL import ImageCms

from editjudge import EditIntent, Scorer
from editjudge.datasets.demo import load_demo

P3_FILE = Path(__file__).parents[1] / "fixtures" / "pictures" / "display_p3.png"
INTENT = EditIntent("color", "car", "blue car")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", device="cpu", threads=2)


def tag(path: Path, **options: Any) -> bytes:
    """The picture of a file in Display P3, by the profile that libvips has."""
    with PIL.Image.open(P3_FILE) as picture:
        profile = picture.info["icc_profile"]
    with PIL.Image.open(path) as picture:
        converted = ImageCms.profileToProfile(
            picture.convert("RGB"), ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(profile))
        )
    content = io.BytesIO()
    converted.save(content, icc_profile=profile, **options)
    return content.getvalue()


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "JPEG", "quality": 90}], ids=["PNG", "JPEG"])
@pytest.mark.parametrize("number", range(6))
def test_a_profile_on_one_side_is_no_edit(scorer: Scorer, number: int, options: dict[str, Any]) -> None:
    original = load_demo()[number].original
    for pair in ((original, tag(original, **options)), (tag(original, **options), original)):
        score = scorer.score(*pair, INTENT)
        assert score.kind == "unchanged"
        assert {"no_op", "profile_converted"} <= set(score.flags)
        assert "tone_changed" not in score.flags


def test_without_its_profile_the_same_file_has_another_tone(scorer: Scorer) -> None:
    """So the test above can fail."""
    original = load_demo()[0].original
    with PIL.Image.open(io.BytesIO(tag(original, format="PNG"))) as picture:
        del picture.info["icc_profile"]
        score = scorer.score(original, picture, INTENT)
    assert score.kind == "edit" or "tone_changed" in score.flags


@pytest.mark.parametrize("number", range(6))
def test_a_ranking_stays_as_it_was(scorer: Scorer, number: int) -> None:
    one = load_demo()[number]
    prepared = scorer.prepare(one.original, one.instruction)
    plain = [ranked.index for ranked in prepared.rank([candidate.file for candidate in one.candidates])]
    profiled = prepared.rank([tag(candidate.file, format="PNG") for candidate in one.candidates])
    assert [ranked.index for ranked in profiled] == plain
