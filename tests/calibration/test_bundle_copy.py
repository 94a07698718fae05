"""A bundle with other numbers: the same models, whole or not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.settings import NormRanges
from editjudge.bundles.verdict_settings import CalibratedOn, QualityScale
from editjudge.calibration.bundle_copy import change_sections, copy_bundle
from editjudge.errors import BundleError, InputError

NORM = NormRanges((-0.2, 0.9), (0.5, 1.0))
SCALE = QualityScale((0.1, 0.9), (1.25, 4.5))
RECORD = CalibratedOn(60, 12, 4.0, 0.03, 0.05)


def test_the_models_are_the_same_and_the_numbers_the_new_ones(studio: Bundle, tmp_path: Path) -> None:
    known = studio.manifest.verdict
    assert known is not None
    verdict = replace(known, accept_at=0.75, curve_at=(0.25, 0.75), curve=(0.125, 0.875))
    sections = {"norm": NORM, "verdict": verdict, "quality_scale": SCALE, "calibrated_on": RECORD}
    made = copy_bundle(studio, tmp_path / "ours", sections)
    made.verify()
    manifest = made.manifest
    assert (made.name, manifest.version) == ("ours", f"{studio.manifest.version}-calibrated")
    assert (manifest.norm, manifest.verdict) == (NORM, verdict)
    assert (manifest.quality_scale, manifest.calibrated_on) == (SCALE, RECORD)
    assert {entry.sha256 for entry in manifest.files.values()} == {
        entry.sha256 for entry in studio.manifest.files.values()
    }
    changed = {"name", "version", *sections}
    old, new = vars(studio.manifest), vars(manifest)
    assert {name for name in old if old[name] != new[name]} == changed
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    # It can be calibrated once more.
    again = copy_bundle(made, tmp_path / "again", {"verdict": known})
    assert (again.manifest.verdict, again.manifest.quality_scale) == (known, SCALE)


def test_comments_and_all_other_sections_stay() -> None:
    text = (
        'name = "a"\nversion = "1"\n# of the file\n[norm]\n# of the ranges\nmodify = [\n  0.0,\n  1.0,\n]\n\n'
        "[clip] # last\nsize = 8\n"
    )
    changed = change_sections(text, {"name": "b"}, {"norm": {"modify": [0.25, 0.5]}})
    assert changed == (
        'name = "b"\nversion = "1"\n# of the file\n# of the ranges\n[clip] # last\nsize = 8\n\n'
        "[norm]\nmodify = [0.25, 0.5]\n"
    )


@pytest.mark.parametrize(
    "text",
    ['name = "a"\nnorm = { modify = [0.0, 1.0] }\n', 'name = """\na"""\n[norm]\nmodify = [0.0, 1.0]\n'],
)
def test_a_manifest_that_is_laid_out_otherwise_is_refused_and_never_broken(text: str) -> None:
    with pytest.raises(BundleError, match=r"the layout of bundle\.toml is not understood"):
        change_sections(text, {"name": "b"}, {"norm": {"modify": [0.25, 0.5]}})


def test_nothing_is_overwritten_and_nothing_left(studio: Bundle, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for folder, message in (
        (tmp_path / "there", "exists already; name another folder"),
        (tmp_path / "no" / "ours", "there is no folder"),
        (tmp_path / "o s", "cannot be the name of a bundle"),
    ):
        with pytest.raises(InputError, match=message):
            copy_bundle(studio, folder, {"norm": NORM})
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_what_cannot_be_a_bundle_is_not_written(studio: Bundle, tmp_path: Path) -> None:
    broken = replace(NORM)
    object.__setattr__(broken, "modify", (1.0, 0.0))  # as no manifest may have it
    with pytest.raises(BundleError, match="modify must rise"):
        copy_bundle(studio, tmp_path / "ours", {"norm": broken})
    assert list(tmp_path.iterdir()) == []


def test_the_files_are_its_own(studio: Bundle, tmp_path: Path) -> None:
    """What is written into one of them is not in the other bundle then; `onnx` refuses weights with two links, too."""
    made = copy_bundle(studio, tmp_path / "ours", {"norm": NORM})
    copies = [path for path in made.folder.rglob("*") if path.is_file()]
    assert len(copies) > len(made.files)
    assert {path.stat().st_nlink for path in copies} == {1}
    assert not any(path.samefile(studio.folder / path.relative_to(made.folder)) for path in copies)
