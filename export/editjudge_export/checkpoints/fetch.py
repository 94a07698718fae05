"""Where checkpoints come from: a folder, or the hub, whose own cache keeps them. Only what is needed is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from editjudge.bundles import huggingface
from editjudge.bundles.cache import check_hash
from editjudge.errors import BundleError, InputError
from editjudge_export.architectures.registry import ARCHITECTURES, Architecture
from editjudge_export.checkpoints.checkpoint import CONFIG_FILE, TOKENIZER_FILE, load_config
from editjudge_export.checkpoints.origins import CheckpointSource, FetchedFiles, ParserFile
from editjudge_export.checkpoints.unpickle import convert_to_safetensors
from editjudge_export.checkpoints.weights import PICKLED, SAFE, check_weights, find_missing_weights

WANTED = (CONFIG_FILE, "preprocessor_config.json", "tokenizer*.json")
SAFE_WEIGHTS = (SAFE, "model-*-of-*.safetensors", f"{SAFE}.index.json")
PICKLED_WEIGHTS = (PICKLED, "pytorch_model-*-of-*.bin", f"{PICKLED}.index.json")
DISK_FULL_ADVICE = "free some space, or set HF_HOME to a folder on another disk"


def fetch_checkpoint(
    name: str, model: CheckpointSource, source: Path | None = None, *, allow_pickle: bool = False
) -> FetchedFiles:
    """The folder of a checkpoint, whole, of the right architecture, and with safetensors.

    Args:
        name: The architecture, by the recipe's name for it.
        model: Where the recipe says it is.
        source: A folder to look in instead of on the hub.
        allow_pickle: Whether pickled weights are converted, rather than refused.

    Raises InputError.
    """
    architecture = ARCHITECTURES[name]
    if architecture.from_url:
        return architecture.code.fetch(model, source)
    fetched = _find_in_folder(name, model, source) or _fetch_from_hub(architecture, model, allow_pickle)
    load_config(fetched.path, architecture.code.MODEL)
    if check_weights(fetched.path, allow_pickle=allow_pickle):
        return fetched
    return replace(fetched, path=convert_to_safetensors(fetched.path, architecture.code.MODEL))


def fetch_parser(parser: ParserFile, source: Path | None = None, role: str = "parser") -> FetchedFiles:
    """The GGUF file of a parser, its sha256 checked where the recipe has one.

    Args:
        parser: Where the recipe says it is.
        source: A folder to look in instead of on the hub.
        role: The parser's role, which is the name of its folder in `source`.

    Raises InputError.
    """
    file = parser.path.name if parser.path else parser.file
    fetched = _find_in_folder(role, parser, source, file) or _fetch_file_from_hub(parser)
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


def _find_in_folder(
    name: str, wanted: CheckpointSource | ParserFile, source: Path | None, file: str | None = None
) -> FetchedFiles | None:
    """What lies in `source` or at the recipe's own path; None where it is to come from the hub."""
    own = wanted.path if isinstance(wanted, ParserFile) else wanted.checkpoint
    if source is None:
        return None if own is None else FetchedFiles(own, wanted.source, wanted.revision)
    if not source.is_dir():
        raise InputError(f"there is no folder {source}; --from must name one that has the checkpoints")
    candidates = list(_candidate_paths(name, wanted, source, file))
    for path, revision in candidates:
        if path.exists():
            return FetchedFiles(path, _hub_page(wanted.hub) if revision else "a local folder", revision)
    if own is not None:
        return FetchedFiles(own, wanted.source, wanted.revision)
    looked_for = ", ".join(str(path.relative_to(source)) for path, _ in candidates)
    raise InputError(f"{source} has no {name}: there is none of {looked_for}")


def _candidate_paths(
    name: str, wanted: CheckpointSource | ParserFile, source: Path, file: str | None
) -> Iterable[tuple[Path, str]]:
    """Where something may lie in a folder, and the commit that it is certain to be of there."""
    folders = [(source / name, "")]
    if wanted.hub is not None:
        owner, repository = wanted.hub.split("/")
        folders += [(source / folder, "") for folder in (wanted.hub, repository, f"{owner}--{repository}")]
        cache = source / f"models--{owner}--{repository}"
        newest = cache / "refs" / "main"
        commit = wanted.revision or (newest.read_text(encoding="utf-8").strip() if newest.is_file() else "main")
        folders.append((cache / "snapshots" / commit, commit))
    if file is None:
        return folders
    return [*((folder / file, commit) for folder, commit in folders), (source / Path(file).name, "")]


def _fetch_from_hub(architecture: Architecture, model: CheckpointSource, allow_pickle: bool) -> FetchedFiles:
    assert model.hub is not None
    config = huggingface.find_cached(model.hub, model.revision, CONFIG_FILE) if model.revision else None
    missing = _missing_files(architecture, config, allow_pickle)
    if config is not None and not missing:
        return FetchedFiles(config.parent, _hub_page(model.hub), model.revision)
    with _hub_errors(_describe(model), missing):
        repository = huggingface.look_up(model.hub, model.revision or None)
        if CONFIG_FILE not in repository.sizes:
            raise InputError(f"{_describe(model)} is no checkpoint: it has no {CONFIG_FILE}; correct the recipe")
        wanted = _match(repository, WANTED) + _choose_weights(repository, _describe(model), allow_pickle)
        _check_space(repository, wanted, _describe(model))
        load_config(repository.download([CONFIG_FILE]), architecture.code.MODEL)  # before the weights, which are large
        return FetchedFiles(repository.download(wanted), _hub_page(model.hub), repository.commit)


def _fetch_file_from_hub(parser: ParserFile) -> FetchedFiles:
    assert parser.hub is not None
    assert parser.file is not None
    cached = huggingface.find_cached(parser.hub, parser.revision, parser.file) if parser.revision else None
    if cached is not None:
        return FetchedFiles(cached, _hub_page(parser.hub), parser.revision)
    with _hub_errors(_describe(parser), [parser.file]):
        repository = huggingface.look_up(parser.hub, parser.revision or None)
        if parser.file not in repository.sizes:
            raise InputError(f"{_describe(parser)} has no file {parser.file}; correct the recipe")
        _check_space(repository, [parser.file], _describe(parser))
        path = repository.download([parser.file]) / parser.file
        return FetchedFiles(path, _hub_page(parser.hub), repository.commit)


def _missing_files(architecture: Architecture, config: Path | None, allow_pickle: bool) -> list[str]:
    """What the hub's own cache lacks of a checkpoint, as far as that is known without asking the hub."""
    needed = [CONFIG_FILE, TOKENIZER_FILE] if architecture.has_tokenizer else [CONFIG_FILE]
    if config is None:
        return [*needed, SAFE]
    folder = config.parent
    weights = find_missing_weights(folder)
    if allow_pickle and not find_missing_weights(folder, PICKLED):
        weights = []
    return [file for file in needed if not (folder / file).is_file()] + weights


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


def _check_space(repository: huggingface.Repository, paths: Iterable[str], what: str) -> None:
    cache = huggingface.hub_cache()
    cache.mkdir(parents=True, exist_ok=True)
    need, free = repository.count_missing_bytes(paths), shutil.disk_usage(cache).free
    if need > free:
        message = f"{what} needs {need / 1e6:,.0f} MB, and {cache} has {free / 1e6:,.0f} MB free; {DISK_FULL_ADVICE}"
        raise InputError(message)


def _hub_errors(what: str, missing: Iterable[str]) -> AbstractContextManager[None]:
    offline = f"not here are {', '.join(missing)}: connect, or give a folder that has them with --from"
    return huggingface.convert_hub_errors(what, InputError, offline, DISK_FULL_ADVICE)


def _describe(wanted: CheckpointSource | ParserFile) -> str:
    return f"{wanted.hub} at {wanted.revision[:12]}" if wanted.revision else f"{wanted.hub}"


def _hub_page(name: str | None) -> str:
    return f"https://huggingface.co/{name}"
