"""Looks through a file of a bundle by the kind of its role, before it is handed to the library that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from editjudge.bundles.contents.arrays import read_arrays
from editjudge.bundles.contents.gguf import check_gguf
from editjudge.bundles.contents.graph_ports import check_graph
from editjudge.bundles.contents.onnx_graph import Shape
from editjudge.bundles.contents.tokenizer import check_tokenizer
from editjudge.bundles.contents.words import read_words
from editjudge.bundles.files import EngineEntry
from editjudge.bundles.manifest import Manifest, shorten_message
from editjudge.bundles.roles import ROLES, name_weights_role, name_window_role
from editjudge.errors import BundleError

PAIRS: dict[str, Shape] = {
    "features": (None, None, 2, None),
    "details": (None, None, 2, 3, None, None),
    "boxes": (None, None, 4),
    "seen": (None, None),
}
"""The inputs of what fuses the places of a pair of pictures."""


def check_content(path: Path, role: str, manifest: Manifest) -> None:
    """Raises BundleError where a file, whose hash was checked, holds what no file of its role may."""
    with _refusals(path):
        _check_kind(path, role, manifest)


def check_engine(path: Path, entry: EngineEntry, manifest: Manifest) -> None:
    """As `check_content`, of the ONNX file of an engine, which may take its weights from the model's."""
    model = str(manifest.files[entry.role].path) if entry.role in manifest.files else ""
    with _refusals(path):
        check_graph(path, "", {_beside(entry.path, other) for other in (entry.data, model)}, lambda _: None)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}; fetch the bundle again") from error
    except ValueError as error:
        message = shorten_message(error)
        raise BundleError(f"{path} is refused: {message}; fetch the bundle from somewhere you trust") from error


def _check_kind(path: Path, role: str, manifest: Manifest) -> None:
    kind = ROLES[role].kind if role in ROLES else "weights"
    if kind == "graph":
        weights = manifest.files.get(name_weights_role(role))
        listed = {_beside(str(manifest.files[role].path), str(weights.path))} if weights else set()
        check_graph(path, role, listed, lambda name: _find_shape(role, name, manifest))
    elif kind == "tokenizer":
        check_tokenizer(path)
    elif kind == "probe":
        read_arrays(path)
    elif kind == "words":
        read_words(path)
    elif kind in {"language_model", "adapter"}:
        check_gguf(path, "adapter" if kind == "adapter" else "model")


def _beside(path: str, other: str) -> str:
    """A path in the bundle as a file at another path there has it; one in another folder cannot be reached."""
    folder = PurePosixPath(path).parent
    return str(PurePosixPath(other).relative_to(folder)) if PurePosixPath(other).is_relative_to(folder) else ""


def _find_shape(role: str, name: str, manifest: Manifest) -> Shape | None:
    """What the manifest says of the shape of an input or output.

    None stands in the place of a number of pictures, texts or boxes.
    """
    whole = ROLES[role].whole or role
    detector, segmenter = manifest.detector, manifest.segmenter
    length = detector.text_length
    texts = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
    sides = {
        "clip_vision": (manifest.clip.size,) * 2,
        "detector": _find_sides(role, (detector.height, detector.width), detector.windows),
        "sam_encoder": _find_sides(role, (segmenter.size,) * 2, segmenter.windows),
        **{key: (settings.size,) * 2 for key, settings in manifest.settings.items() if hasattr(settings, "size")},
    }
    if name in {"pixel_values", "original", "edited"} and whole in sides:
        return (None, 3, *sides[whole])
    if name == "frames" and role in sides:
        return (None, 2, 3, *sides[role])
    if whole == "detector":
        known: dict[str, Shape] = {
            "pixel_mask": (None, *sides[whole]),
            "text_self_attention_mask": (None, length, length),
            **dict.fromkeys(texts, (None, length)),
        }
        return known.get(name)
    if whole == "sam_decoder":
        seen = _find_sides(role, (segmenter.size,) * 2, segmenter.windows)
        masks = [side * segmenter.mask_size // segmenter.size for side in seen]
        return (None, None, *masks) if name == "pred_masks" else None
    contexts = {
        "clip_text": manifest.clip.context,
        **{f"{key}_text": found.context for key, found in manifest.settings.items() if hasattr(found, "context")},
    }
    if role in contexts and name in texts:
        return None, contexts[role]
    return PAIRS.get(name) if role == "edit_clip" else None


def _find_sides(role: str, sides: tuple[int, int], windows: Sequence[int]) -> tuple[int, int]:
    """The height and width that a graph of this role takes: those of the whole, `sides`, or of its size of windows."""
    whole = ROLES[role].whole
    for place, side in enumerate(windows):
        if whole is not None and role == name_window_role(whole, place):
            return side, side
    return sides
