"""Where checkpoints come from: a folder, or the hub, whose own cache keeps them. Only what is needed is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from transformers import CLIPModel, GroundingDinoForObjectDetection, SamModel

from editjudge import hub
from editjudge.errors import BundleError, InputError
from editjudge.store import check_hash

from . import dino
from .checkpoint import load_config
from .recipe import Checkpoint, ParserFile
from .unpickle import as_safetensors
from .weights import PICKLED, SAFE, check_weights, missing_weights

ARCHITECTURES = {
    "clip": CLIPModel,
    "detector": GroundingDinoForObjectDetection,
    "segmenter": SamModel,
    **dino.ARCHITECTURES,
}
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WANTED = (CONFIG, "preprocessor_config.json", "tokenizer*.json")
SAFE_WEIGHTS = (SAFE, "model-*-of-*.safetensors", f"{SAFE}.index.json")
PICKLED_WEIGHTS = (PICKLED, "pytorch_model-*-of-*.bin", f"{PICKLED}.index.json")
FULL = "free some space, or set HF_HOME to a folder on another disk"


@dataclass(frozen=True)
class Fetched:
    """A checkpoint's folder, or a parser's file, and what a manifest can truly say of where it is from.

    revision is a commit of the hub where that is certain, or what the recipe says of a file of its own.
    """

    path: Path
    source: str
    revision: str


def fetch_checkpoint(
    name: str, model: Checkpoint, source: Path | None = None, *, allow_pickle: bool = False
) -> Fetched:
    """The folder of a model of a recipe, but its lpips, whole and of the right architecture.

    Its weights are safetensors: where pickled ones are allowed, they have been converted. source: a folder to look in
    instead of on the hub. Raises InputError.
    """
    fetched = _from_folder(name, model, source) or _from_hub(name, model, allow_pickle)
    load_config(fetched.path, ARCHITECTURES[name])
    if check_weights(fetched.path, allow_pickle=allow_pickle):
        return fetched
    return replace(fetched, path=as_safetensors(fetched.path, ARCHITECTURES[name]))


def fetch_parser(parser: ParserFile, source: Path | None = None, role: str = "parser") -> Fetched:
    """The GGUF file of a recipe's parser, its sha256 checked where the recipe says it. Raises InputError."""
    file = parser.path.name if parser.path else parser.file
    fetched = _from_folder(role, parser, source, file) or _file_from_hub(parser)
    try:
        with fetched.path.open("rb") as stream:
            magic = stream.read(4)
        if magic != b"GGUF":
            raise InputError(f"{fetched.path} is no GGUF file; fetch it again")
        if parser.sha256 is not None:
            check_hash(fetched.path, parser.sha256)
    except OSError as error:
        raise InputError(f"the parser {fetched.path} cannot be read: {error.strerror}") from error
    except BundleError as error:
        raise InputError(
            f"{fetched.path} is not the file that the recipe means, or half-downloaded: its sha256 is another; "
            "delete it and fetch it again"
        ) from error
    return fetched


def _from_folder(
    name: str, wanted: Checkpoint | ParserFile, source: Path | None, file: str | None = None
) -> Fetched | None:
    """What lies in `source` or where the recipe says; None where it is to come from the hub."""
    own = wanted.path if isinstance(wanted, ParserFile) else wanted.checkpoint
    if source is None:
        return None if own is None else Fetched(own, wanted.source, wanted.revision)
    if not source.is_dir():
        raise InputError(f"there is no folder {source}; --from must name one that has the checkpoints")
    places = list(_places(name, wanted, source, file))
    for place, revision in places:
        if place.exists():
            return Fetched(place, _page(wanted.hub) if revision else "a local folder", revision)
    if own is not None:
        return Fetched(own, wanted.source, wanted.revision)
    looked_for = ", ".join(str(place.relative_to(source)) for place, _ in places)
    raise InputError(f"{source} has no {name}: there is none of {looked_for}")


def _places(name: str, wanted: Checkpoint | ParserFile, source: Path, file: str | None) -> Iterable[tuple[Path, str]]:
    """Where something may lie in a folder, and the commit that it is certain to be of there."""
    folders = [(source / name, "")]
    if wanted.hub is not None:
        owner, repository = wanted.hub.split("/")
        folders += [(source / each, "") for each in (wanted.hub, repository, f"{owner}--{repository}")]
        cache = source / f"models--{owner}--{repository}"
        newest = cache / "refs" / "main"
        commit = wanted.revision or (newest.read_text(encoding="utf-8").strip() if newest.is_file() else "main")
        folders.append((cache / "snapshots" / commit, commit))
    if file is None:
        return folders
    return [*((folder / file, commit) for folder, commit in folders), (source / Path(file).name, "")]


def _from_hub(name: str, model: Checkpoint, allow_pickle: bool) -> Fetched:
    assert model.hub is not None
    config = hub.cached(model.hub, model.revision, CONFIG) if model.revision else None
    missing = _missing(name, config, allow_pickle)
    if config is not None and not missing:
        return Fetched(config.parent, _page(model.hub), model.revision)
    with _told(_named(model), missing):
        repository = hub.look_up(model.hub, model.revision or None)
        if CONFIG not in repository.sizes:
            raise InputError(f"{_named(model)} is no checkpoint: it has no {CONFIG}; correct the recipe")
        wanted = _matching(repository, WANTED) + _weights_of(repository, _named(model), allow_pickle)
        _check_space(repository, wanted, _named(model))
        load_config(repository.snapshot([CONFIG]), ARCHITECTURES[name])  # before the weights, which are large
        return Fetched(repository.snapshot(wanted), _page(model.hub), repository.commit)


def _file_from_hub(parser: ParserFile) -> Fetched:
    assert parser.hub is not None
    assert parser.file is not None
    there = hub.cached(parser.hub, parser.revision, parser.file) if parser.revision else None
    if there is not None:
        return Fetched(there, _page(parser.hub), parser.revision)
    with _told(_named(parser), [parser.file]):
        repository = hub.look_up(parser.hub, parser.revision or None)
        if parser.file not in repository.sizes:
            raise InputError(f"{_named(parser)} has no file {parser.file}; correct the recipe")
        _check_space(repository, [parser.file], _named(parser))
        return Fetched(repository.snapshot([parser.file]) / parser.file, _page(parser.hub), repository.commit)


def _missing(name: str, config: Path | None, allow_pickle: bool) -> list[str]:
    """What of a checkpoint is not in the hub's own cache, as far as that can be told without asking the hub."""
    needed = [CONFIG, TOKENIZER] if name in ("clip", "detector") else [CONFIG]
    if config is None:
        return [*needed, SAFE]
    folder = config.parent
    weights = missing_weights(folder)
    if allow_pickle and not missing_weights(folder, PICKLED):
        weights = []
    return [each for each in needed if not (folder / each).is_file()] + weights


def _weights_of(repository: hub.Repository, what: str, allow_pickle: bool) -> list[str]:
    safe, pickled = _matching(repository, SAFE_WEIGHTS), _matching(repository, PICKLED_WEIGHTS)
    if not safe and not pickled:
        raise InputError(f"{what} has no weights that can be read; they must be safetensors")
    if not safe and not allow_pickle:
        raise InputError(
            f"{what} has pickled weights only, and a pickle can run code: take a revision that has safetensors, "
            "or give --allow-pickle if you trust it"
        )
    return safe or pickled


def _matching(repository: hub.Repository, patterns: Iterable[str]) -> list[str]:
    return [path for path in repository.sizes if any(fnmatch(path, pattern) for pattern in patterns)]


def _check_space(repository: hub.Repository, paths: Iterable[str], what: str) -> None:
    cache = hub.cache()
    cache.mkdir(parents=True, exist_ok=True)
    need, free = repository.outstanding(paths), shutil.disk_usage(cache).free
    if need > free:
        raise InputError(f"{what} needs {need / 1e6:,.0f} MB, and {cache} has {free / 1e6:,.0f} MB free; {FULL}")


def _told(what: str, missing: Iterable[str]) -> AbstractContextManager[None]:
    offline = f"not here are {', '.join(missing)}: connect, or give a folder that has them with --from"
    return hub.told(what, InputError, offline, FULL)


def _named(wanted: Checkpoint | ParserFile) -> str:
    return f"{wanted.hub} at {wanted.revision[:12]}" if wanted.revision else f"{wanted.hub}"


def _page(name: str | None) -> str:
    return f"https://huggingface.co/{name}"
