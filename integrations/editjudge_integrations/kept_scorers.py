"""Scorers that a process keeps: one for each bundle, device and set of rules, whoever asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.manifest import FILE_NAME
from editjudge.metrics.registry import Compat


@dataclass(frozen=True)
class ScorerOptions:
    """What a Scorer is opened with, as texts and numbers: it can be sent to other processes, which open their own.

    Attributes:
        bundle: Its name or its folder.
        device: cpu, cuda, and so on; auto for the best.
        threads: The CPU threads each model may use; None: as many as there are cores.
        compat: "paper" adds up as the paper does, "released" scores as its released code does; None: as a Scorer does
            by itself.
    """

    bundle: str = "studio"
    device: str = "auto"
    threads: int | None = None
    compat: Compat | None = None


_kept: dict[ScorerOptions, tuple[str, Scorer]] = {}
_lock = Lock()


def open_scorer(options: ScorerOptions) -> Scorer:
    """The process's Scorer for these options, opened with the first call, and anew once its bundle was built anew.

    Raises BundleError, DeviceError, OutOfMemoryError or InputError.
    """
    with _lock:
        digest, scorer = _kept.get(options, ("", None))
        if scorer is None or _hash_manifest(scorer.bundle) != digest:
            digest = hash_bundle(options.bundle)
            scorer = Scorer.load(options.bundle, options.device, options.threads, options.compat)
            _kept[options] = digest, scorer
        return scorer


def hash_bundle(bundle: str) -> str:
    """The sha256 of a bundle's manifest, which lists the hashes of all its files. Raises BundleError."""
    return _hash_manifest(Bundle.load(bundle))


def _hash_manifest(bundle: Bundle) -> str:
    """Of a bundle that is gone, a text that is no hash."""
    try:
        return sha256((bundle.folder / FILE_NAME).read_bytes()).hexdigest()
    except OSError:
        return "gone"
