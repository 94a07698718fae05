"""The architectures that can be exported: one table, which recipes, downloads, builds and the command line read.

To add one, write its module, which defines what `ArchitectureModule` lists, and an entry of the table. Its roles are
those of the runtime (`editjudge.bundles.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from editjudge.bundles.roles import ROLES
from editjudge.errors import InputError
from editjudge_export.onnx.precision import Precision

if TYPE_CHECKING:  # what the `export` extra brings
    from torch import nn
    from transformers import PreTrainedModel

    from editjudge_export.checkpoints.origins import CheckpointSource, FetchedFiles
    from editjudge_export.onnx.export import ExportedFile


class ArchitectureModule(Protocol):
    """What the module of an architecture defines.

    Attributes:
        MODEL: The class that its checkpoints are loaded as.
    """

    MODEL: type[nn.Module]

    def export(
        self, checkpoint: Path, folder: Path, precision: Precision = "fp32", **settings: Any
    ) -> list[ExportedFile]:
        """Writes a file for each role. Raises InputError or GateError."""

    def config_settings(self, checkpoint: Path) -> dict[str, Any]:
        """The settings that config.json decides; the recipe has to say the same. Raises InputError."""

    def processor_settings(self, checkpoint: Path) -> dict[str, Any]:
        """The settings that preprocessor_config.json decides; whatever the recipe says of them must be the same.

        An error that its content leads to may be raised as it comes.
        """

    def load_pickled(self, folder: Path) -> PreTrainedModel:
        """The model of a checkpoint folder with a pickle of the architecture's own; only for those with `pickle`.

        Raises InputError.
        """

    def fetch(self, model: CheckpointSource, source: Path | None) -> FetchedFiles:
        """The checkpoint folder of a model; only for architectures with `from_url`. Raises InputError.

        Args:
            model: Where the recipe says it is.
            source: A folder to look in instead.
        """

    def measure_download(self, model: CheckpointSource, source: Path | None) -> int:
        """How many bytes `fetch` would download; only for architectures with `from_url`. Raises InputError."""


@dataclass(frozen=True)
class Setting:
    """A setting that the export of an architecture takes: a key of its section in a recipe, an option of its command.

    Attributes:
        name: In the section; as an option with dashes.
        help: For the command line.
        default: On the command line.
        choices: The texts that it may be; None: it is a whole number.
    """

    name: str
    help: str
    default: int | str | None
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Architecture:
    """What there is to know of an architecture without the `export` extra.

    Attributes:
        name: The recipe's section of its settings; [export.NAME] is that of its checkpoint.
        command: Its name on the command line.
        roles: What its export writes, in that order.
        settings: What its export takes.
        module: Its module, imported when it is needed.
        from_url: Whether its checkpoint comes from a web address instead of the hub; then the module has a `fetch`.
        pickle: What pickles of its own are called that may lie in a checkpoint folder, beside the weights that
            transformers reads; then the module has a `load_pickled`.
    """

    name: str
    command: str
    roles: tuple[str, ...]
    settings: tuple[Setting, ...]
    module: str
    from_url: bool = False
    pickle: str | None = None

    @property
    def required(self) -> bool:
        """Whether every recipe has it."""
        return all(ROLES[role].required for role in self.roles)

    @property
    def for_metric(self) -> bool:
        """Whether only a metric needs it, so that it goes in where that is asked for."""
        return all(ROLES[role].for_metric for role in self.roles)

    @property
    def has_tokenizer(self) -> bool:
        """Whether a tokenizer must come with its checkpoint."""
        return any(ROLES[role].kind == "tokenizer" for role in self.roles)

    @property
    def code(self) -> ArchitectureModule:
        """Its module. Raises ModuleNotFoundError without the `export` extra."""
        return cast(ArchitectureModule, import_module(self.module))

    def find_pickle(self, folder: Path) -> Path | None:
        """The pickle of its own that lies in a checkpoint folder, if one does. Raises InputError for several."""
        pickles = [] if self.pickle is None else sorted(folder.glob(self.pickle))
        if len(pickles) > 1:
            names = ", ".join(path.name for path in pickles)
            raise InputError(f"{folder} has {len(pickles)} pickles, {names}; leave the one that is meant")
        return pickles[0] if pickles else None

    def export(
        self, checkpoint: Path, folder: Path, precision: Precision, section: Mapping[str, Any]
    ) -> list[ExportedFile]:
        """Exports a checkpoint folder.

        Args:
            checkpoint: The folder.
            folder: Where the files go.
            precision: Of the graphs.
            section: The settings; those that the export does not take are ignored.

        Raises InputError or GateError.
        """
        names = [setting.name for setting in self.settings if setting.name in section]
        return self.code.export(checkpoint, folder, precision, **{name: section[name] for name in names})


HERE = "editjudge_export.architectures"

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "clip",
            command="clip",
            roles=("clip_vision", "clip_text", "clip_tokenizer"),
            settings=(Setting("context", "tokens of a text; by default what the model takes", None),),
            module=f"{HERE}.clip",
        ),
        Architecture(
            "detector",
            command="grounding-dino",
            roles=("detector", "detector_tokenizer"),
            settings=(
                Setting("height", "pixels", 800),
                Setting("width", "pixels", 800),
                Setting("text_length", "tokens that a caption is padded to", 48),
                Setting("fit", "how pictures fill the input", "pad", choices=("stretch", "pad")),
            ),
            module=f"{HERE}.grounding_dino",
        ),
        Architecture(
            "segmenter",
            command="sam",
            roles=("sam_encoder", "sam_decoder"),
            settings=(),
            module=f"{HERE}.sam",
        ),
        Architecture(
            "difference",
            command="difference",
            roles=("difference",),
            settings=(Setting("size", "pixels of a side of the input", 256),),
            module=f"{HERE}.difference",
        ),
        Architecture(
            "edit_clip",
            command="edit-clip",
            roles=("edit_clip", "edit_clip_text", "edit_clip_tokenizer"),
            settings=(Setting("context", "tokens of an instruction; by default what the model takes", None),),
            module=f"{HERE}.edit_clip",
        ),
        Architecture(
            "lpips",
            command="lpips",
            roles=("lpips",),
            settings=(Setting("size", "pixels of a side of the input", 512),),
            module=f"{HERE}.lpips",
            from_url=True,
        ),
        Architecture(
            "dino",
            command="dino",
            roles=("dino",),
            settings=(Setting("size", "pixels of a side of the input", 224),),
            module=f"{HERE}.dino",
        ),
        Architecture(
            "dinov2",
            command="dinov2",
            roles=("dinov2",),
            settings=(Setting("size", "pixels of a side of the input", 224),),
            module=f"{HERE}.dinov2",
        ),
        Architecture(
            "vifi_clip",
            command="vifi-clip",
            roles=("vifi_clip", "vifi_clip_text", "vifi_clip_tokenizer"),
            settings=(
                Setting("context", "tokens of a text; by default what the model takes", None),
                Setting("frames", "pictures of a clip", 2),
            ),
            module=f"{HERE}.vifi_clip",
            pickle="*.pth",
        ),
    )
}
"""By name."""

REQUIRED = tuple(name for name, architecture in ARCHITECTURES.items() if architecture.required)
"""The architectures that every bundle has."""
OPTIONAL = tuple(name for name, architecture in ARCHITECTURES.items() if architecture.for_metric)
"""Those that only metrics need."""
