"""The engines that a bundle holds ready: which of them fits this GPU, or why none does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from editjudge.entries import EngineEntry
from editjudge.errors import DeviceError
from editjudge.gpu import find_gpus
from editjudge.providers import library_version

LIBRARIES = {"rtx": "tensorrt-rtx", "tensorrt": "tensorrt"}


def ready_engine(engines: Iterable[EngineEntry], role: str, device: str) -> tuple[EngineEntry | None, str | None]:
    """As `fitting`, for this machine."""
    offered = [each for each in engines if (each.role, each.device) == (role, device)]
    if not offered:
        return None, None
    try:
        capability = find_gpus()[0].capability
    except DeviceError as error:
        return None, f"{_named(offered)}: which GPU this is cannot be told, for {error}"
    return fitting(offered, capability, library_version(device))


def fitting(
    offered: Sequence[EngineEntry], capability: str, version: str | None
) -> tuple[EngineEntry | None, str | None]:
    """The engine for a GPU such as "sm89" and a version of the library, or None and the reason.

    Engines run on the very compute capabilities they were built for, and with the release of the library that built
    them; a fourth number, which counts builds of one release, does not matter. With version None that is left to the
    library. Of several that fit, one with its weights inside goes first.
    """
    for_this = [each for each in offered if capability in each.targets]
    if not for_this:
        return None, f"{_named(offered)}: this GPU is {capability}"
    fits = [each for each in for_this if version is None or _release(each.version) == _release(version)]
    if not fits:
        return None, f"{_named(for_this)}: {version} is installed"
    return min(fits, key=lambda each: each.weights == "stripped"), None


def _release(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:3])


def _named(engines: Sequence[EngineEntry]) -> str:
    """What these engines are for: "engine for sm89 of tensorrt-rtx 1.7.1.116"."""
    targets = dict.fromkeys(target for each in engines for target in each.targets)
    versions = dict.fromkeys(f"{LIBRARIES[each.device]} {each.version}" for each in engines)
    return f"engine for {', '.join(targets)} of {', '.join(versions)}"
