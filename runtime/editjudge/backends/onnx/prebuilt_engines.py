"""The engines that a bundle holds ready: which of them fits this GPU, or why none does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.backends.onnx.providers import find_library_version
from editjudge.bundles.files import EngineEntry
from editjudge.errors import DeviceError

LIBRARIES = {"rtx": "tensorrt-rtx", "tensorrt": "tensorrt"}


def find_engine(engines: Iterable[EngineEntry], device: str) -> tuple[EngineEntry | None, str | None]:
    """Chooses an engine for this machine (`choose_engine`) from those of one model for any device."""
    candidates = [engine for engine in engines if engine.device == device]
    if not candidates:
        return None, None
    try:
        capability = find_gpus()[0].capability
    except DeviceError as error:
        return None, f"{_describe(candidates)}: which GPU this is cannot be told, for {error}"
    return choose_engine(candidates, capability, find_library_version(device))


def choose_engine(
    candidates: Sequence[EngineEntry], capability: str, version: str | None
) -> tuple[EngineEntry | None, str | None]:
    """Chooses the engine for a GPU such as "sm89" and a version of the library; returns it, or None and the reason.

    Engines run on the very compute capabilities they were built for, and with the release of the library that built
    them; a fourth number, which counts builds of one release, does not matter. With version None that is left to the
    library. Of several that fit, one with its weights inside goes first.
    """
    for_gpu = [engine for engine in candidates if capability in engine.targets]
    if not for_gpu:
        return None, f"{_describe(candidates)}: this GPU is {capability}"
    fitting = [engine for engine in for_gpu if version is None or _release(engine.version) == _release(version)]
    if not fitting:
        return None, f"{_describe(for_gpu)}: {version} is installed"
    return min(fitting, key=lambda engine: engine.weights == "stripped"), None


def _release(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:3])


def _describe(engines: Sequence[EngineEntry]) -> str:
    """What these engines are for: "engine for sm89 of tensorrt-rtx 1.7.1.116"."""
    targets = dict.fromkeys(target for engine in engines for target in engine.targets)
    versions = dict.fromkeys(f"{LIBRARIES[engine.device]} {engine.version}" for engine in engines)
    return f"engine for {', '.join(targets)} of {', '.join(versions)}"
