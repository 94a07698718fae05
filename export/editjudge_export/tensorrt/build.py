"""Builds engines: graphs compiled ahead of time, by TensorRT-RTX, which needs no GPU, or by TensorRT on the GPU.

Only TensorRT's can be weight-stripped. TensorRT-RTX (1.4 to 1.7.1) builds such an engine on a CUDA device alone, and
ONNX Runtime's provider for it (0.5.0) opens none without a table that only that provider's own compiler writes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import ExternalDataInfo

from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.errors import DeviceError, InputError
from editjudge.utils import atomic_file
from editjudge_export.tensorrt.compiler import Compiler, EngineDevice, ShapeRange, find_compiler
from editjudge_export.tensorrt.ep_context import AxisRange, make_wrapper

TARGETS = ("sm86", "sm89", "sm120")
"""GeForce RTX 30, 40 and 50. An engine for all three is as large, and as quickly built, as one for the first."""

PROFILE: Mapping[str, AxisRange] = {
    "batch": (1, 2, 4),
    "n": (1, 8, 32),
    "boxes": (1, 4, 32),
    "phrases": (1, 2, 16),
    "tokens": (3, 12, 77),
}
"""The sizes of the dynamic axes of graphs."""


@dataclass(frozen=True)
class BuiltEngine:
    """An engine that was written.

    Attributes:
        role: That of its graph.
        path: The engine.
        wrapper: The model that ONNX Runtime opens.
        device: What it runs on.
        targets: The GPUs that it is for.
        precision: Of its graph.
        weights: Whether they are in it.
        version: Of the library that built it.
        seconds: The time that took.
    """

    role: str
    path: Path
    wrapper: Path
    device: EngineDevice
    targets: tuple[str, ...]
    precision: str
    weights: Literal["included", "stripped"]
    version: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, without the folder."""
        return {**asdict(self), "path": self.path.name, "wrapper": self.wrapper.name}

    @classmethod
    def from_dict(cls, content: dict[str, Any], folder: Path) -> BuiltEngine:
        """The engine that `to_dict` made `content` of, in another folder."""
        paths = {key: folder / content[key] for key in ("path", "wrapper")}
        return cls(**{**content, **paths, "targets": tuple(content["targets"])})


def build_engine(
    graph: Path,
    folder: Path,
    device: EngineDevice,
    *,
    precision: str = "fp32",
    targets: Sequence[str] | None = None,
    stripped: bool = False,
    profile: Mapping[str, AxisRange] = PROFILE,
) -> BuiltEngine:
    """Compiles an ONNX file ROLE.onnx to ROLE.PRECISION.DEVICE.engine, and writes its wrapper, .onnx, beside it.

    Args:
        graph: The ONNX file.
        folder: Where both files go.
        device: rtx for TensorRT-RTX, or tensorrt.
        precision: What that of the graph is called.
        targets: The GPUs that a TensorRT-RTX engine is for, by default TARGETS; one of TensorRT is for the GPU that
            builds it.
        stripped: Whether the weights are left out.
        profile: The sizes of the dynamic axes.

    Raises InputError for a file, target or profile that cannot be used, DeviceError where the library or the GPU is
    missing, and EngineError for a graph that the library refuses. Then no file is left.
    """
    checked_targets = engine_targets(device, targets, stripped)
    compiler = find_compiler(device)
    model = _read(graph)
    shapes = _shape_ranges(model, graph, profile)
    name = f"{graph.stem}.{precision}.{device}{'.stripped' if stripped else ''}"
    path, wrapper = folder / f"{name}.engine", folder / f"{name}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    for file in (path, wrapper):
        atomic_file.check_writable(file)

    start = time.perf_counter()
    engine = compiler.compile(graph, shapes, checked_targets, stripped)
    seconds = time.perf_counter() - start

    wrapper_model = make_wrapper(
        model,
        engine,
        graph=graph.name,
        name=path.name,
        device=device,
        targets=checked_targets,
        version=compiler.version,
        profile={axis: profile[axis] for axis in sorted(_dynamic_axes(model))},
    )
    atomic_file.write(path, engine)
    try:
        atomic_file.write(wrapper, wrapper_model.SerializeToString())
    except InputError:
        path.unlink()
        raise
    weights: Literal["included", "stripped"] = "stripped" if stripped else "included"
    return BuiltEngine(
        graph.stem, path, wrapper, device, checked_targets, precision, weights, compiler.version, seconds
    )


def engine_targets(
    device: EngineDevice, targets: Sequence[str] | None = None, stripped: bool = False
) -> tuple[str, ...]:
    """The GPUs that an engine would be for. Arguments and errors are those of `build_engine`."""
    if stripped and device == "rtx":
        raise InputError("a TensorRT-RTX engine cannot be built weight-stripped; build it with its weights")
    own = _own_target(targets) if device == "tensorrt" else ()
    compiler = find_compiler(device)
    return own or _check_targets(targets or TARGETS, compiler)


def parse_targets(text: str, device: EngineDevice = "rtx") -> tuple[str, ...]:
    """The targets that a text such as "sm86, SM89" names, each once and in order.

    Args:
        text: The targets, separated by commas.
        device: What the engine runs on.

    Raises InputError where one cannot be used, listing them all, and DeviceError where the library or the GPU is
    missing.
    """
    targets = [target.strip().lower() for target in text.split(",") if target.strip()]
    return _own_target(targets) if device == "tensorrt" else _check_targets(targets, find_compiler(device))


def _check_targets(targets: Sequence[str], compiler: Compiler) -> tuple[str, ...]:
    known = compiler.targets
    unknown = [target for target in targets if target not in known]
    if unknown or not targets:
        wrong = f"there is no target {unknown[0]!r}" if unknown else "no target is given"
        raise InputError(f"{wrong}; {compiler.name} builds for {', '.join(known)}")
    return tuple(sorted(set(targets), key=known.index))


def _own_target(targets: Sequence[str] | None) -> tuple[str]:
    """The GPU of this machine."""
    try:
        own = find_gpus()[0].capability
    except DeviceError as error:
        raise DeviceError(
            f"a TensorRT engine is built on the GPU that will run it, and {error}; "
            "build it on that machine, or build a TensorRT-RTX engine, which needs no GPU"
        ) from error
    if targets is not None and tuple(targets) != (own,):
        raise InputError(f"a TensorRT engine is for the GPU that builds it, here {own}; leave the targets out")
    return (own,)


def _read(graph: Path) -> onnx.ModelProto:
    """The model without the weights that are outside its file; their file has to be there all the same."""
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


def _shape_ranges(model: onnx.ModelProto, graph: Path, profile: Mapping[str, AxisRange]) -> dict[str, ShapeRange]:
    """The shapes of each input that has a dynamic axis."""
    for axis, sizes in profile.items():
        if not 1 <= sizes[0] <= sizes[1] <= sizes[2]:
            raise InputError(f"the profile of {axis} is {sizes}; it must be three numbers from 1 on that do not fall")
    unknown = sorted(_dynamic_axes(model) - set(profile))
    if unknown:
        raise InputError(f"{graph} has an axis {unknown[0]!r}, and the profile knows {', '.join(profile)}; add it")
    shapes: dict[str, ShapeRange] = {}
    for value in model.graph.input:
        axes = value.type.tensor_type.shape.dim
        sizes = [profile[axis.dim_param] if axis.dim_param else (axis.dim_value,) * 3 for axis in axes]
        if any(axis.dim_param for axis in axes):
            smallest, usual, largest = zip(*sizes, strict=True)
            shapes[value.name] = (smallest, usual, largest)
    return shapes


def _dynamic_axes(model: onnx.ModelProto) -> set[str]:
    """The names of the dynamic axes of the inputs."""
    return {axis.dim_param for value in model.graph.input for axis in value.type.tensor_type.shape.dim} - {""}
