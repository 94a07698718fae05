"""Where LPIPS's weights come from: AlexNet's as torchvision publishes them, the linear layers' from a pip package.

Both are pickles. Only tensors are read from them, and only once their hash has been checked.
"""

from __future__ import annotations

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import torch
from safetensors.torch import save_file

from editjudge.bundles import huggingface
from editjudge.bundles.cache import cache_folder, check_hash
from editjudge.errors import BundleError, InputError
from editjudge_export.architectures.lpips_network import CHANNELS, CONFIG, Lpips, check_lpips
from editjudge_export.checkpoints.checkpoint import CONFIG_FILE
from editjudge_export.checkpoints.origins import CheckpointSource, FetchedFiles
from editjudge_export.checkpoints.weights import SAFE

LINEAR = Path("functional", "image", "lpips_models", "alex.pth")
"""In the package torchmetrics: a copy of the file of the package lpips, which does not install beside every torch."""
LINEAR_SHA256 = "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"


def fetch_lpips(model: CheckpointSource, source: Path | None = None) -> FetchedFiles:
    """The checkpoint folder of a recipe's LPIPS; that of a web address is made of what lies there, once.

    Args:
        model: Where the recipe says it is.
        source: A folder to look in instead, for lpips/ or the file of the address.

    Raises InputError.
    """
    if source is not None and (source / "lpips" / CONFIG_FILE).is_file():
        fetched = FetchedFiles(source / "lpips", "a local folder", "")
    elif model.checkpoint is not None:
        fetched = FetchedFiles(model.checkpoint, model.source, model.revision)
    else:
        fetched = FetchedFiles(_assembled(model), model.url, model.revision)
        if not fetched.path.is_dir():
            _assemble(_find_alexnet(model, source), _find_linear(), fetched.path)
    check_lpips(fetched.path)
    return fetched


def measure_lpips(model: CheckpointSource, source: Path | None = None) -> int:
    """How many bytes `fetch_lpips` would download. Raises InputError where the server has not the file."""
    if source is not None or model.checkpoint is not None or urlsplit(model.url).scheme == "file":
        return 0
    if _assembled(model).is_dir() or _alexnet_file(model, None).is_file():
        return 0
    folder = f"give a folder that has {_alexnet_file(model, None).name} with --from"
    with huggingface.convert_hub_errors(model.url, InputError, lambda connect: f"{connect}, or {folder}", folder):
        return huggingface.measure(model.url) or 0


def _assembled(model: CheckpointSource) -> Path:
    return cache_folder() / "checkpoints" / f"lpips-{model.sha256[:16]}"


def _alexnet_file(model: CheckpointSource, source: Path | None) -> Path:
    name = Path(urlsplit(model.url).path).name
    paths = [source / "lpips" / name, source / name] if source else [cache_folder() / "checkpoints" / name]
    return next((path for path in paths if path.is_file()), paths[0])


def _find_alexnet(model: CheckpointSource, source: Path | None) -> Path:
    """The file with AlexNet's weights, its hash checked."""
    file = _alexnet_file(model, source)
    name = file.name
    if not file.is_file():
        if source:
            raise InputError(f"{source} has no lpips: there is none of lpips, lpips/{name}, {name}")
        _download(model.url, model.sha256, file)
    return _check(file, model.sha256)


def _download(url: str, sha256: str, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(file), sha256, progress=False)
    except (OSError, RuntimeError) as error:  # no network, no space; another hash
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or cause
        raise InputError(
            f"{url} cannot be fetched ({reason}): connect, or give a folder that has {file.name} with --from"
        ) from error


def _find_linear() -> Path:
    package = find_spec("torchmetrics")
    if package is None or not package.submodule_search_locations:
        raise InputError("the linear layers of LPIPS come with torchmetrics; pip install 'editjudge[export]'")
    return _check(Path(package.submodule_search_locations[0]) / LINEAR, LINEAR_SHA256)


def _check(file: Path, sha256: str) -> Path:
    try:
        check_hash(file, sha256)
    except (BundleError, OSError) as error:
        raise InputError(f"{file} is missing, or not the file that is meant: its sha256 is another") from error
    return file


def _assemble(alexnet: Path, linear: Path, target: Path) -> None:
    """Writes a checkpoint folder with the weights of both files."""
    features = torch.load(alexnet, map_location="cpu", weights_only=True)
    layers = torch.load(linear, map_location="cpu", weights_only=True)
    weights = {name: features[name] for name in Lpips().state_dict() if name.startswith("features.")}
    weights |= {f"linear.{index}.weight": layers[f"lin{index}.model.1.weight"] for index in range(len(CHANNELS))}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, suffix=".part") as scratch:
        part = Path(scratch) / "checkpoint"
        part.mkdir()
        save_file({name: value.contiguous() for name, value in weights.items()}, part / SAFE)
        (part / CONFIG_FILE).write_text(json.dumps(CONFIG), encoding="utf-8")
        part.rename(target)
