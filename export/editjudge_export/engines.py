"""Engines: graphs compiled ahead of time, by TensorRT-RTX, which needs no GPU for it, or by TensorRT on the GPU.

Only TensorRT's come weight-stripped. TensorRT-RTX (1.4 to 1.7.1) builds such an engine on a CUDA device alone, and ONNX
Runtime's provider for it (0.5.0) opens none without a table that only that provider's own compiler writes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import ExternalDataInfo

from editjudge import atomic
from editjudge.errors import DeviceError, InputError
from editjudge.gpu import find_gpus

from .compiler import Compiler, Device, Shapes, find_compiler
from .ep_context import Range, wrapper_of

TARGETS = ("sm86", "sm89", "sm120")
"""GeForce RTX 30, 40 and 50. One engine for all is no larger, and no longer in the making, than one for the first."""

PROFILE: Mapping[str, Range] = {"batch": (1, 2, 4), "n": (1, 8, 32), "boxes": (1, 4, 32)}
"""Per dynamic axis of a graph: at least, usually, at most."""


@dataclass(frozen=True)
class Engine:
    """A written engine. path: its file. wrapper: the model that ONNX Runtime opens. seconds: what the build took."""

    role: str
    path: Path
    wrapper: Path
    device: Device
    targets: tuple[str, ...]
    precision: str
    weights: Literal["included", "stripped"]
    version: str
    seconds: float


def build_engine(
    graph: Path,
    folder: Path,
    device: Device,
    *,
    precision: str = "fp32",
    targets: Sequence[str] | None = None,
    stripped: bool = False,
    profile: Mapping[str, Range] = PROFILE,
) -> Engine:
    """Compiles an ONNX file ROLE.onnx to folder/ROLE.PRECISION.DEVICE.engine, and writes its wrapper, .onnx, beside it.

    precision: what the graph's is called. targets: GPUs that a TensorRT-RTX engine is for, by default TARGETS; one of
    TensorRT is for the GPU that builds it. Raises InputError for a file, target or profile that cannot be used,
    DeviceError where the library or the GPU is missing, and EngineError for a graph that the library refuses. Then no
    file is left.
    """
    chosen = engine_targets(device, targets, stripped)
    compiler = find_compiler(device)
    model = _read(graph)
    shapes = _shapes(model, graph, profile)
    name = f"{graph.stem}.{precision}.{device}{'.stripped' if stripped else ''}"
    path, wrapper = folder / f"{name}.engine", folder / f"{name}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    for place in (path, wrapper):
        atomic.check_writable(place)

    start = time.perf_counter()
    engine = compiler.compile(graph, shapes, chosen, stripped)
    seconds = time.perf_counter() - start

    outer = wrapper_of(
        model,
        engine,
        graph=graph.name,
        name=path.name,
        device=device,
        targets=chosen,
        version=compiler.version,
        profile={axis: profile[axis] for axis in sorted(_axes(model))},
    )
    atomic.write(path, engine)
    try:
        atomic.write(wrapper, outer.SerializeToString())
    except InputError:
        path.unlink()
        raise
    weights: Literal["included", "stripped"] = "stripped" if stripped else "included"
    return Engine(graph.stem, path, wrapper, device, chosen, precision, weights, compiler.version, seconds)


def engine_targets(device: Device, targets: Sequence[str] | None = None, stripped: bool = False) -> tuple[str, ...]:
    """The GPUs that an engine asked for so would be for. Raises what `build_engine` does before it looks at a graph."""
    if stripped and device == "rtx":
        raise InputError("a TensorRT-RTX engine cannot be built weight-stripped; build it with its weights")
    own = _own_target(targets) if device == "tensorrt" else ()
    compiler = find_compiler(device)
    return own or _checked(targets or TARGETS, compiler)


def parse_targets(text: str) -> tuple[str, ...]:
    """The targets that "sm86,sm89" names. Raises InputError, listing them all, and DeviceError without TensorRT-RTX."""
    return _checked([each.strip().lower() for each in text.split(",") if each.strip()], find_compiler("rtx"))


def _checked(targets: Sequence[str], compiler: Compiler) -> tuple[str, ...]:
    known = compiler.targets
    unknown = [target for target in targets if target not in known]
    if unknown or not targets:
        wrong = f"there is no target {unknown[0]!r}" if unknown else "no target is given"
        raise InputError(f"{wrong}; {compiler.name} builds for {', '.join(known)}")
    return tuple(sorted(set(targets), key=known.index))


def _own_target(targets: Sequence[str] | None) -> tuple[str]:
    """The GPU of this machine."""
    try:
        found = find_gpus()[0].capability
    except DeviceError as error:
        raise DeviceError(
            f"a TensorRT engine is built on the GPU that will run it, and {error}; "
            "build it on that machine, or build a TensorRT-RTX engine, which needs no GPU"
        ) from error
    if targets is not None and tuple(targets) != (found,):
        raise InputError(f"a TensorRT engine is for the GPU that builds it, here {found}; leave the targets out")
    return (found,)


def _read(graph: Path) -> onnx.ModelProto:
    """The model without the weights that are stored outside its file, which have to be there all the same."""
    try:
        model = onnx.load(graph, load_external_data=False)
    except OSError as error:
        raise InputError(f"{graph} cannot be read: {error.strerror}; export it first") from error
    except DecodeError:
        model = onnx.ModelProto()
    if not model.graph.output:
        raise InputError(f"{graph} is not an ONNX file, or not all of it; export it again")
    for weight in model.graph.initializer:
        if weight.data_location == onnx.TensorProto.EXTERNAL:
            part = ExternalDataInfo(weight)
            data = graph.with_name(part.location)
            if not data.is_file() or data.stat().st_size < (part.offset or 0) + (part.length or 0):
                raise InputError(f"{data}, with the weights of {graph.name}, is missing or cut short; export it again")
    return model


def _shapes(model: onnx.ModelProto, graph: Path, profile: Mapping[str, Range]) -> dict[str, Shapes]:
    """The smallest, usual and largest shape of each input that has a dynamic axis."""
    for axis, sizes in profile.items():
        if not 1 <= sizes[0] <= sizes[1] <= sizes[2]:
            raise InputError(f"the profile of {axis} is {sizes}; it must be three numbers from 1 on that do not fall")
    unknown = sorted(_axes(model) - set(profile))
    if unknown:
        raise InputError(f"{graph} has an axis {unknown[0]!r}, and the profile knows {', '.join(profile)}; add it")
    shapes: dict[str, Shapes] = {}
    for value in model.graph.input:
        axes = value.type.tensor_type.shape.dim
        sizes = [profile[axis.dim_param] if axis.dim_param else (axis.dim_value,) * 3 for axis in axes]
        if any(axis.dim_param for axis in axes):
            smallest, usual, largest = zip(*sizes, strict=True)
            shapes[value.name] = (smallest, usual, largest)
    return shapes


def _axes(model: onnx.ModelProto) -> set[str]:
    """The names of the dynamic axes of the inputs."""
    return {axis.dim_param for value in model.graph.input for axis in value.type.tensor_type.shape.dim} - {""}
