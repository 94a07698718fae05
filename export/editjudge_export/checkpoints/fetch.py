"""Where checkpoints come from: a folder, or the hub, whose own cache keeps them. Only what is needed is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from editjudge.bundles.cache import check_hash
from editjudge.errors import BundleError, InputError
from editjudge_export.architectures.registry import ARCHITECTURES, Architecture
from editjudge_export.checkpoints.checkpoint import load_config, load_model
from editjudge_export.checkpoints.hub_download import HubDownload, find_on_hub, find_parser_on_hub, hub_page
from editjudge_export.checkpoints.origins import CheckpointSource, FetchedFiles, ParserFile
from editjudge_export.checkpoints.unpickle import convert_to_safetensors
from editjudge_export.checkpoints.weights import check_weights


def find_checkpoint(
    name: str, model: CheckpointSource, source: Path | None = None, *, allow_pickle: bool = False
) -> FetchedFiles | HubDownload:
    """Where the checkpoint of an architecture with a repository of the hub is: here and whole, or to be downloaded.

    Of what is to be downloaded its small files are there then, and its config is of the right architecture. Arguments
    and errors as of `fetch_checkpoint`.
    """
    architecture = ARCHITECTURES[name]
    found = _find_in_folder(architecture.section, model, source) or find_on_hub(architecture, model, allow_pickle)
    if isinstance(found, FetchedFiles):
        _check_folder(architecture, found.path, allow_pickle)
    return found


def find_parser(parser: ParserFile, source: Path | None = None, role: str = "parser") -> FetchedFiles | HubDownload:
    """Where the GGUF file of a parser is: here, or to be downloaded; arguments and errors as of `fetch_parser`."""
    file = parser.path.name if parser.path else parser.file
    found = _find_in_folder(role, parser, source, file) or find_parser_on_hub(parser)
    if isinstance(found, FetchedFiles):
        _check_magic(found.path)
    return found


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
    fetched = _fetch(find_checkpoint(name, model, source, allow_pickle=allow_pickle))
    if _check_folder(architecture, fetched.path, allow_pickle):
        return fetched
    load = partial(load_model, architecture=architecture.code.MODEL, allow_pickle=True)
    if architecture.find_pickle(fetched.path) is not None:
        load = architecture.code.load_pickled
    return replace(fetched, path=convert_to_safetensors(fetched.path, load))


def fetch_parser(parser: ParserFile, source: Path | None = None, role: str = "parser") -> FetchedFiles:
    """The GGUF file of a parser, its sha256 checked where the recipe has one.

    Args:
        parser: Where the recipe says it is.
        source: A folder to look in instead of on the hub.
        role: The parser's role, which is the name of its folder in `source`.

    Raises InputError.
    """
    fetched = _fetch(find_parser(parser, source, role))
    _check_magic(fetched.path)
    try:
        if parser.sha256 is not None:
            check_hash(fetched.path, parser.sha256)
    except BundleError as error:
        raise InputError(
            f"{fetched.path} is not the file that the recipe means, or half-downloaded: its sha256 is another; "
            "delete it and fetch it again"
        ) from error
    return fetched


def _check_folder(architecture: Architecture, folder: Path, allow_pickle: bool) -> bool:
    """Checks a checkpoint folder without reading its weights; returns whether no pickle has to be converted."""
    load_config(folder, architecture.code.MODEL)
    safe, pickle = check_weights(folder, allow_pickle=allow_pickle), architecture.find_pickle(folder)
    if pickle is not None and not allow_pickle:
        raise InputError(
            f"{pickle} is a pickle, and a pickle can run code: give --allow-pickle if you trust it, or move it "
            "elsewhere"
        )
    return safe and pickle is None


def _check_magic(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise InputError(f"the parser {file} cannot be read: {error.strerror or error}; give another") from error
    if magic != b"GGUF":
        raise InputError(f"{file} is no GGUF file; fetch it again")


def _fetch(found: FetchedFiles | HubDownload) -> FetchedFiles:
    return found.fetch() if isinstance(found, HubDownload) else found


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
            return FetchedFiles(path, hub_page(wanted.hub) if revision else "a local folder", revision)
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
