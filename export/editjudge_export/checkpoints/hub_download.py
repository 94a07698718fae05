"""What of a repository of the hub a build needs: chosen, looked at without its large files, and downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from editjudge.bundles import huggingface
from editjudge.errors import InputError
from editjudge_export.architectures.architecture import Architecture
from editjudge_export.checkpoints.checkpoint import CONFIG_FILE, load_config
from editjudge_export.checkpoints.origins import CheckpointSource, FetchedFiles, ParserFile
from editjudge_export.checkpoints.tokenizer import TOKENIZER_FILE, find_tokenizer_files
from editjudge_export.checkpoints.weights import PICKLED, SAFE, find_missing_weights

PREPROCESSOR_FILE = "preprocessor_config.json"
WANTED = (CONFIG_FILE, PREPROCESSOR_FILE, "tokenizer*.json")
SAFE_WEIGHTS = (SAFE, "model-*-of-*.safetensors", f"{SAFE}.index.json")
PICKLED_WEIGHTS = (PICKLED, "pytorch_model-*-of-*.bin", f"{PICKLED}.index.json")
TO_LOOK_AT = (CONFIG_FILE, PREPROCESSOR_FILE, f"{SAFE}.index.json", f"{PICKLED}.index.json")
SMALL = 10**6
"""Bytes up to which such a file is downloaded before anybody was asked for leave."""
DISK_FULL_ADVICE = "free some space, or set HF_HOME to a folder on another disk"


@dataclass(frozen=True)
class HubDownload:
    """Files of a repository that a build needs and that are not all in the hub's own cache.

    Attributes:
        what: What messages call them.
        repository: Where they are.
        paths: The files.
        path: The folder that they will lie in; its small ones are there already.
        single: The one file that is wanted, rather than the folder of all; None: the folder.
    """

    what: str
    repository: huggingface.Repository
    paths: tuple[str, ...]
    path: Path = Path()
    single: str | None = None

    @property
    def bytes(self) -> int:
        """What is still to be downloaded."""
        return self.repository.count_missing_bytes(self.paths)

    @property
    def whole_bytes(self) -> int:
        """Of all the files, downloaded or not."""
        return sum(self.repository.sizes[path] for path in self.paths)

    def check(self) -> None:
        """Asks the hub whether it would hand out each of the files as it lists them. Raises InputError."""
        with _hub_errors(self.what, self.paths):
            damage = self.repository.check_files(self.paths)
        if damage is not None:
            raise InputError(f"{self.what} is half there: {damage}; name another revision in the recipe, or use --from")

    def fetch_small(self, paths: Iterable[str]) -> HubDownload:
        """Downloads those of these files that are small, so that `path` is known. Raises InputError."""
        small = [path for path in paths if path in self.paths and self.repository.sizes[path] <= SMALL]
        return replace(self, path=self._download(small))

    def fetch(self) -> FetchedFiles:
        """Downloads what is missing. Raises InputError."""
        path = self._download(self.paths) / (self.single or "")
        return FetchedFiles(path, hub_page(self.repository.name), self.repository.commit)

    def _download(self, paths: Sequence[str]) -> Path:
        with _hub_errors(self.what, paths):
            cache = huggingface.hub_cache()
            cache.mkdir(parents=True, exist_ok=True)
            need, free = self.repository.count_missing_bytes(paths), shutil.disk_usage(cache).free
            if need > free:
                space = f"needs {need / 1e6:,.0f} MB, and {cache} has {free / 1e6:,.0f} MB free"
                raise InputError(f"{self.what} {space}; {DISK_FULL_ADVICE}")
            return self.repository.download(paths)


def find_on_hub(architecture: Architecture, model: CheckpointSource, allow_pickle: bool) -> FetchedFiles | HubDownload:
    """The checkpoint of a recipe that names a repository: in the hub's own cache, or to be downloaded.

    Raises InputError where it is not what the architecture needs, as far as its small files and the list of the others
    tell.
    """
    assert model.hub is not None
    config = huggingface.find_cached(model.hub, model.revision, CONFIG_FILE) if model.revision else None
    missing = _missing_files(architecture, config, allow_pickle)
    if config is not None and not missing:
        return FetchedFiles(config.parent, hub_page(model.hub), model.revision)
    repository, what = _look_up(model, missing), _describe(model)
    if CONFIG_FILE not in repository.sizes:
        raise InputError(f"{what} is no checkpoint: it has no {CONFIG_FILE}; correct the recipe")
    weights = _choose_weights(repository, what, allow_pickle)
    tokenizer = find_tokenizer_files(repository.sizes) if architecture.has_tokenizer else ()
    paths = tuple(dict.fromkeys((*_match(repository, WANTED), *tokenizer, *weights)))
    download = HubDownload(what, repository, paths).fetch_small(TO_LOOK_AT)
    load_config(download.path, architecture.code.MODEL)
    lacking = find_unlisted_weights(download.path, repository.sizes)
    if not {SAFE, PICKLED, f"{SAFE}.index.json", f"{PICKLED}.index.json"} & set(weights):
        lacking.append(f"{SAFE}.index.json")
    if architecture.has_tokenizer and not tokenizer:
        lacking.append(TOKENIZER_FILE)
    if lacking:
        raise InputError(f"{what} is half there: it has no {', '.join(lacking)}; name another revision in the recipe")
    return download


def find_parser_on_hub(parser: ParserFile) -> FetchedFiles | HubDownload:
    """The parser of a recipe that names a repository; as `find_on_hub`."""
    assert parser.hub is not None
    assert parser.file is not None
    cached = huggingface.find_cached(parser.hub, parser.revision, parser.file) if parser.revision else None
    if cached is not None:
        return FetchedFiles(cached, hub_page(parser.hub), parser.revision)
    repository = _look_up(parser, [parser.file])
    if parser.file not in repository.sizes:
        raise InputError(f"{_describe(parser)} has no file {parser.file}; correct the recipe")
    if parser.sha256 and repository.digests.get(parser.file, parser.sha256) != parser.sha256:
        raise InputError(
            f"{_describe(parser)} has another {parser.file} than the recipe means: its sha256 differs; correct the "
            "recipe"
        )
    return HubDownload(_describe(parser), repository, (parser.file,), single=parser.file)


def hub_page(name: str | None) -> str:
    """The address of a repository."""
    return f"https://huggingface.co/{name}"


def find_unlisted_weights(folder: Path, listed: Iterable[str]) -> list[str]:
    """The parts that the index in a folder names, if there is one, and that are not listed."""
    indices = [name for name in (SAFE, PICKLED) if (folder / f"{name}.index.json").is_file()]
    return [part for name in indices for part in find_missing_weights(folder, name) if part not in set(listed)]


def _look_up(wanted: CheckpointSource | ParserFile, missing: Iterable[str]) -> huggingface.Repository:
    assert wanted.hub is not None
    with _hub_errors(_describe(wanted), missing):
        repository = huggingface.look_up(wanted.hub, wanted.revision or None)
    if repository.name != wanted.hub:
        raise InputError(
            f"{_describe(wanted)} was moved to {repository.name}; look whether that is what you want, and correct the "
            "recipe"
        )
    return repository


def _missing_files(architecture: Architecture, config: Path | None, allow_pickle: bool) -> list[str]:
    """What the hub's own cache lacks of a checkpoint, as far as that is known without asking the hub."""
    tokenizer = [TOKENIZER_FILE] if architecture.has_tokenizer else []
    if config is None:
        return [CONFIG_FILE, *tokenizer, SAFE]
    folder = config.parent
    if find_tokenizer_files([file.name for file in folder.iterdir()]):
        tokenizer = []
    weights = find_missing_weights(folder)
    if allow_pickle and not find_missing_weights(folder, PICKLED):
        weights = []
    return tokenizer + weights


def _choose_weights(repository: huggingface.Repository, what: str, allow_pickle: bool) -> list[str]:
    safe, pickled = _match(repository, SAFE_WEIGHTS), _match(repository, PICKLED_WEIGHTS)
    if not safe and not pickled:
        raise InputError(f"{what} has no weights that can be read; they must be safetensors")
    if not safe and not allow_pickle:
        raise InputError(
            f"{what} has pickled weights only, and a pickle can run code: take a revision that has safetensors, "
            "or give --allow-pickle if you trust it"
        )
    return safe or pickled


def _match(repository: huggingface.Repository, patterns: Iterable[str]) -> list[str]:
    return [path for path in repository.sizes if any(fnmatch(path, pattern) for pattern in patterns)]


def _hub_errors(what: str, missing: Iterable[str]) -> AbstractContextManager[None]:
    def offline(connect: str) -> str:
        return f"not here are {', '.join(missing)}: {connect}, or give a folder that has them with --from"

    return huggingface.convert_hub_errors(what, InputError, offline, DISK_FULL_ADVICE)


def _describe(wanted: CheckpointSource | ParserFile) -> str:
    return f"{wanted.hub} at {wanted.revision[:12]}" if wanted.revision else f"{wanted.hub}"
