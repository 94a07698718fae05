"""What an index is: of how many edits, by which encoder of which bundle. It is the folder's `index.json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Self

from editjudge.bundles.bundle import Bundle, check_name
from editjudge.bundles.roles import ROLES, name_weights_role
from editjudge.bundles.toml_schema import Between, OneOf, read_table
from editjudge.errors import BundleError, InputError
from editjudge.models.pair.encoder import ENCODERS, VIFI_CLIP
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

FILE_NAME = "index.json"
FORMAT = 1
JUDGING = frozenset({"contrary"})
"""Settings of an encoder that say how its vectors are judged, and change none."""
LONGEST = 2**16
"""Bytes of the file: more is no manifest."""


@dataclass(frozen=True)
class EncoderIdentity:
    """What tells an encoder from all others: vectors of one say nothing to those of another.

    Attributes:
        encoder: A name of `ENCODERS`.
        bundle, bundle_version: Where it was found; the same files may come with another bundle.
        files: The role of each of its files, and its sha256.
        feeding: A hash of how pictures and texts are fed to it.
    """

    encoder: Annotated[str, OneOf(tuple(ENCODERS))]
    bundle: str
    bundle_version: str
    files: tuple[str, ...]
    feeding: str

    @classmethod
    def of_bundle(cls, bundle: Bundle, encoder: str) -> Self:
        """Of an encoder, as far as the bundle has it."""
        entries = bundle.manifest.files
        wanted = [name for role in _list_roles(bundle, encoder) for name in (role, name_weights_role(role))]
        roles = [name for name in wanted if name in entries]
        own = [vars(bundle.settings(role)) for role in roles if role in ROLES and ROLES[role].settings]
        fed = [{name: value for name, value in settings.items() if name not in JUDGING} for settings in own]
        feeding = repr((bundle.manifest.frame, bundle.clip, fed))
        return cls(
            encoder,
            bundle.name,
            bundle.version,
            tuple(f"{role} {entries[role].sha256}" for role in roles),
            hashlib.sha256(feeding.encode()).hexdigest(),
        )

    def has_space_of(self, other: EncoderIdentity) -> bool:
        """Whether vectors of both can be compared."""
        return (self.encoder, self.files, self.feeding) == (other.encoder, other.files, other.feeding)


@dataclass(frozen=True)
class IndexManifest(EncoderIdentity):
    """An encoder, and what it embedded.

    Attributes:
        format: Of the folder.
        version: Of the editjudge that wrote it.
        data: The name of the data set.
        count, dimensions: The shape of the vectors.
        left_out: How many rows of the data set have none.
    """

    format: Annotated[int, Between(FORMAT, FORMAT)]
    version: str
    data: str
    count: Annotated[int, Between(1, 10**9)]
    dimensions: Annotated[int, Between(1, 2**16)]
    left_out: Annotated[int, Between(0, 10**9)]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises InputError for a folder that is no index, or was damaged."""
        path = folder / FILE_NAME
        if not path.is_file():
            name = shorten(str(folder))
            what = f"{name} is no index of edits" if folder.exists() else f"there is no {name}"
            raise InputError(f"{what}; make an index with: editjudge index DATA -o FOLDER")
        try:
            with path.open("rb") as file:
                manifest = read_table(cls, json.loads(file.read(LONGEST)), FILE_NAME)
            check_name(manifest.bundle)
            return manifest
        except (OSError, ValueError, RecursionError, InputError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{shorten(str(path))} cannot be read: {reason}; make the index again") from error

    def write(self, folder: Path) -> None:
        """Raises OSError."""
        (folder / FILE_NAME).write_text(to_json(asdict(self)) + "\n", encoding="utf-8")

    def check_bundle(self, bundle: Bundle) -> None:
        """Raises BundleError for a bundle whose vectors cannot be compared with those of the index."""
        made_by = f"bundle {self.bundle} {self.bundle_version}"
        if not self.has_space_of(EncoderIdentity.of_bundle(bundle, self.encoder)):
            raise BundleError(
                f"the index was made by {self.encoder} of {made_by}, and bundle {bundle.title} {bundle.version} has "
                "another or none, even where the names are the same; give the one that made it with --bundle, or make "
                "the index again"
            )


def _list_roles(bundle: Bundle, encoder: str) -> tuple[str, ...]:
    """The roles of the files that an encoder consists of."""
    clip = "clip_vision", "clip_text", "clip_tokenizer"
    if encoder == VIFI_CLIP and not bundle.has(VIFI_CLIP):
        return clip
    own = encoder, f"{encoder}_text", f"{encoder}_tokenizer"
    return own if encoder == VIFI_CLIP else (clip[0], *own)
