"""Opens the Scorer of a service and warms it up, so that the first request takes no longer than the next."""

from __future__ import annotations

from editjudge.bundles.cache import file_sha256
from editjudge.bundles.manifest import FILE_NAME
from editjudge.datasets.demo import load_demo
from editjudge.errors import EditJudgeError
from editjudge.scorer import Scorer
from editjudge.server.options import ServiceOptions
from editjudge.types import EditIntent

UNREAD = "Load what reads instructions."
"""An instruction that nobody gives, so that no answer to it is kept."""
INTENT = EditIntent("color", "car", "blue car")
"""What is scored while warming up: it is known without reading anything."""


def load_scorer(options: ServiceOptions) -> Scorer:
    """Opens the bundle of a service. Raises BundleError, DeviceError, OutOfMemoryError or InputError."""
    return Scorer.load(
        options.bundle,
        options.device,
        options.threads,
        options.compat,
        accept_at=options.accept_at,
        look=options.look,
    )


def warm_up(scorer: Scorer) -> None:
    """Loads what is loaded with the first request, and runs each model once. Raises as `load_scorer`."""
    if scorer.bundle.has("parser"):
        scorer.warm_up(UNREAD)
    edit = load_demo()[0]
    scorer.prepare(edit.original, INTENT).score(edit.candidates[0].file)


def hash_bundle(scorer: Scorer) -> str:
    """The sha256 of the bundle's manifest, which holds those of its files: "sha256:..."."""
    return f"sha256:{file_sha256(scorer.bundle.folder / FILE_NAME)}"


def tell_problem(error: BaseException) -> str:
    """Why the models cannot be opened, in a sentence."""
    if isinstance(error, EditJudgeError):
        return str(error)
    return f"{type(error).__name__}: {error}; this is a bug"
