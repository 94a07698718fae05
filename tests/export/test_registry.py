"""The registry of architectures: it agrees with the roles of the runtime and with the modules it names."""

from __future__ import annotations

from inspect import Parameter, signature
from pathlib import Path

import pytest

pytest.importorskip("torch")
from transformers import PreTrainedModel

from editjudge.bundles.roles import METRIC_GRAPHS, ROLES
from editjudge.bundles.roles import REQUIRED as REQUIRED_ROLES
from editjudge.bundles.settings import (
    ClipSettings,
    DetectorSettings,
    DifferenceSettings,
    EditClipSettings,
    PictureSettings,
    SegmenterSettings,
    VifiClipSettings,
)
from editjudge.bundles.toml_schema import compare_keys
from editjudge_export.architectures.architecture import Architecture
from editjudge_export.architectures.registry import ARCHITECTURES, OPTIONAL, REQUIRED, SECTIONS, find_architecture

pytestmark = pytest.mark.export

SETTINGS = {
    "clip": ClipSettings,
    "detector": DetectorSettings,
    "segmenter": SegmenterSettings,
    "difference": DifferenceSettings,
    "edit_clip": EditClipSettings,
    "vifi_clip": VifiClipSettings,
}
"""The types of the manifest's sections; of all others it is PictureSettings."""

architectures = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)


def test_roles_are_those_of_the_runtime() -> None:
    windows = {"windows": [2, 1]}
    exported = {role for architecture in ARCHITECTURES.values() for role in architecture.list_roles(windows)}
    assert exported == {name for name, role in ROLES.items() if role.kind in ("graph", "tokenizer")}
    usual = [architecture for architecture in ARCHITECTURES.values() if architecture.instead_of is None]
    roles = [role for architecture in usual for role in architecture.list_roles(windows)]
    assert len(roles) == len(set(roles))
    assert {role for name in REQUIRED for role in ARCHITECTURES[name].roles} == REQUIRED_ROLES
    assert OPTIONAL == METRIC_GRAPHS
    with_tokenizer = {name for name, architecture in ARCHITECTURES.items() if architecture.has_tokenizer}
    assert with_tokenizer == {"clip", "detector", "omdet_turbo", "edit_clip", "vifi_clip"}


def test_a_section_may_have_another_architecture() -> None:
    assert find_architecture("detector", {}).name == "detector"
    assert find_architecture("detector", {"architecture": "grounding-dino"}).name == "detector"
    assert find_architecture("detector", {"architecture": "omdet-turbo"}).name == "omdet_turbo"
    assert tuple(name for name in ARCHITECTURES if name != "omdet_turbo") == SECTIONS
    with pytest.raises(ValueError, match=r"of \[clip\] is 'omdet-turbo'; it must be one of clip"):
        find_architecture("clip", {"architecture": "omdet-turbo"})


@architectures
def test_the_export_takes_the_settings(architecture: Architecture) -> None:
    checkpoint, folder, precision, *settings = signature(architecture.code.export).parameters.values()
    assert (checkpoint.name, folder.name, precision.name, precision.default) == (
        "checkpoint",
        "folder",
        "precision",
        "fp32",
    )
    assert [setting.name for setting in settings] == [setting.name for setting in architecture.settings]
    assert {setting.kind for setting in settings} <= {Parameter.KEYWORD_ONLY}
    needed = compare_keys(SETTINGS.get(architecture.section, PictureSettings), {})[1]
    for parameter, setting in zip(settings, architecture.settings, strict=True):
        assert setting.name in needed or parameter.default is not Parameter.empty


@architectures
def test_a_checkpoint_from_the_hub_has_a_class_of_transformers(architecture: Architecture, tmp_path: Path) -> None:
    assert issubclass(architecture.code.MODEL, PreTrainedModel) is not architecture.from_url
    assert architecture.code.processor_settings(tmp_path) == {}  # there is no preprocessor_config.json
