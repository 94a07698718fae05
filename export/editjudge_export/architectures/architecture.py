"""What there is to know of an architecture that can be exported, and what its module defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from editjudge.bundles.roles import ROLES, name_window_role
from editjudge.bundles.settings import WINDOW_SIZES
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

    def config_settings(self, checkpoint: Path, **settings: Any) -> dict[str, Any]:
        """The settings that config.json decides; the recipe has to say the same. Raises InputError.

        Args:
            checkpoint: The checkpoint folder.
            settings: The recipe's size, only for architectures that are `resizable`.
        """

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
        many: Whether it is a list of whole numbers; then it has no default.
    """

    name: str
    help: str
    default: int | str | None
    choices: tuple[str, ...] | None = None
    many: bool = False


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
        windows: The roles among `roles` that are exported for each size of windows, too.
        resizable: Whether its positions are interpolated for another size of the input than its checkpoint's.
        pickle: What pickles of its own are called that may lie in a checkpoint folder, beside the weights that
            transformers reads; then the module has a `load_pickled`.
        instead_of: The architecture whose place in recipes it can take, sections and all, where their key
            `architecture` has its command.
    """

    name: str
    command: str
    roles: tuple[str, ...]
    settings: tuple[Setting, ...]
    module: str
    from_url: bool = False
    windows: tuple[str, ...] = ()
    resizable: bool = False
    pickle: str | None = None
    instead_of: str | None = None

    @property
    def section(self) -> str:
        """Of a recipe."""
        return self.instead_of or self.name

    def list_roles(self, section: Mapping[str, Any]) -> list[str]:
        """What its export writes with the settings of a section, whatever they are."""
        sides = section.get("windows")
        places = range(min(len(sides), len(WINDOW_SIZES)) if isinstance(sides, Sequence) else 0)
        return [*self.roles, *(name_window_role(role, place) for place in places for role in self.windows)]

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
