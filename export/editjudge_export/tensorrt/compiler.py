"""Compiles ONNX files with TensorRT-RTX or TensorRT, whose Python packages differ only in their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import shorten
from types import ModuleType
from typing import Any, Literal, get_args

from editjudge.errors import DeviceError, EditJudgeError, InputError

EngineDevice = Literal["rtx", "tensorrt"]
ShapeRange = tuple[Sequence[int], Sequence[int], Sequence[int]]
"""The smallest, the usual and the largest shape of an input."""


class EngineError(EditJudgeError):
    """A graph cannot be compiled."""


@dataclass(frozen=True)
class Compiler:
    """A library that makes engines.

    Attributes:
        name, version: Of the library.
        targets: The GPUs that it can compile for; none: only that of this machine.
        trt: Its module.
    """

    name: str
    version: str
    targets: tuple[str, ...]
    trt: ModuleType

    def compile(
        self, graph: Path, shapes: Mapping[str, ShapeRange], targets: Sequence[str], stripped: bool = False
    ) -> memoryview:
        """Compiles an ONNX file to an engine that computes in the same types.

        Args:
            graph: The file.
            shapes: Of the inputs that have dynamic axes.
            targets: The GPUs that the engine is for, of those that the library can compile for.
            stripped: Whether the weights are left out.

        Raises EngineError for a graph that the library refuses, and DeviceError where the library does not start.
        """
        trt, log = self.trt, _log(self.trt)
        log.errors.clear()
        try:
            builder = trt.Builder(log)
        except TypeError as error:  # how a null pointer of the library arrives here
            raise DeviceError(f"{self.name} {self.version} does not start{log.last}; check the GPU's driver") from error
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, log)
        if not parser.parse_from_file(str(graph)):
            raise EngineError(f"{self.name} {self.version} refuses {graph}: {_refusal(parser)}")
        config = builder.create_builder_config()
        config.clear_flag(trt.BuilderFlag.TF32)  # on by default, it would round the factors of fp32 products to 10 bits
        if stripped:
            config.set_flag(trt.BuilderFlag.STRIP_PLAN)
            config.set_flag(trt.BuilderFlag.REFIT_IDENTICAL)
        if self.targets:
            config.num_compute_capabilities = len(targets)
            for index, target in enumerate(targets):
                config.set_compute_capability(getattr(trt.ComputeCapability, target.upper()), index)
        if shapes:
            profile = builder.create_optimization_profile()
            for name, (smallest, usual, largest) in shapes.items():
                profile.set_shape(name, smallest, usual, largest)
            config.add_optimization_profile(profile)
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            raise EngineError(f"{self.name} {self.version} cannot build {graph}{log.last}; run the graph itself")
        return memoryview(engine)


def find_compiler(device: EngineDevice) -> Compiler:
    """Imports the library for a device. Raises InputError for another device, DeviceError where it is not installed."""
    if device not in get_args(EngineDevice):
        raise InputError(
            f"there are no engines for device {device!r}; choose one of {', '.join(get_args(EngineDevice))}"
        )
    if device == "rtx":
        trt = _import_library("TensorRT-RTX", "tensorrt_rtx", "pip install 'editjudge[engines]'")
        numbers = sorted(int(name[2:]) for name in trt.ComputeCapability.__members__ if name.startswith("SM"))
        return Compiler("TensorRT-RTX", trt.__version__, tuple(f"sm{number}" for number in numbers), trt)
    trt = _import_library("TensorRT", "tensorrt", "pip install tensorrt")
    return Compiler("TensorRT", trt.__version__, (), trt)


def _import_library(name: str, module: str, install: str) -> ModuleType:
    try:
        return import_module(module)
    except (ImportError, OSError) as error:  # OSError: a library that the package brings cannot be loaded
        raise DeviceError(f"{name} engines need the package {module} ({error}); {install}") from error


def _refusal(parser: Any) -> str:
    """The parser's message about the first node that it refuses."""
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    first = errors[0]
    where = f"node {first.node_name()} ({first.node_operator()}), " if first.node() >= 0 else ""
    more = f", and of {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{where}{shorten(first.desc(), 200)}{more}; export another precision, or run the graph itself"


@cache
def _log(trt: ModuleType) -> Any:
    """A logger that prints nothing; only one, as the library keeps using the first that it was given."""

    class Log(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(message)

        @property
        def last(self) -> str:
            return f": {self.errors[-1].splitlines()[0]}" if self.errors else ""

    return Log()
