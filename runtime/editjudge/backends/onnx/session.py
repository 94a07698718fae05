"""Opens a model on one device with ONNX Runtime, runs it, and says what it really runs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from editjudge.backends.error_origin import came_from
from editjudge.backends.onnx.binding import Binding, choose_binding, records
from editjudge.backends.onnx.bound_runs import BoundRuns
from editjudge.backends.onnx.gpu_faults import (
    GPU_FULL,
    OTHER_DEVICE,
    explain_fault,
    find_missing_library,
    shorten_error,
)
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.backends.onnx.memory.cpu_arena import ARENA
from editjudge.backends.onnx.provider_options import build_provider_options
from editjudge.backends.onnx.providers import PROVIDERS, find_plugin_device, find_problem, is_plugin
from editjudge.errors import BundleError, DeviceError, OutOfMemoryError
from editjudge.types import ModelArtifact, Placement
from editjudge.utils.deadlines.deadline import stop_in_time
from editjudge.utils.oom import ADVICE, SMALLER, SPARE, check_room, lacks_memory

Tensor = NDArray[Any]

CPUINFO = Path("/proc/cpuinfo")
VNNI = {"avx512_vnni", "avx_vnni"}
"""The flags, of which a CPU has one or both where it adds products of bytes in 32 bits."""

_QUIET = 4  # fatal errors alone: the others are raised, and need not be printed as well


class Session:
    """A model that was opened on a device. It may be used by several threads at once; where it is bound, one of them
    runs it, and the others wait.

    Attributes:
        placement: What it runs on.
        binding: How it keeps its inputs and outputs from run to run; None where it does not.
    """

    def __init__(self, session: Any, path: Path, placement: Placement, bound: BoundRuns | None = None) -> None:
        self._session = session
        self._path = path
        self._bound = bound
        self.placement = placement
        self.binding: Binding | None = None if bound is None else bound.binding
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_outputs())

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Runs the model on arrays by input name; returns its outputs by name.

        Where the thread's work has a deadline, the run ends by then, in the midst of the graph.

        Raises BundleError when the model does not take these inputs: it was not made for this version, and
        OutOfMemoryError when there is no memory to run it; OutOfTimeError where it had to end.
        """
        options = load_onnxruntime().RunOptions()
        with stop_in_time(partial(setattr, options, "terminate", True)):
            return self._run(feeds, options)

    def _run(self, feeds: Mapping[str, Tensor], options: Any) -> dict[str, Tensor]:
        if feeds.keys() != set(self.inputs):
            raise BundleError(
                f"{self._path.name} takes the inputs {', '.join(sorted(self.inputs))} and not "
                f"{', '.join(sorted(feeds))}; build the bundle again"
            )
        try:
            if self._bound is None:
                outputs = self._session.run(None, dict(feeds), options)
            else:
                outputs = self._bound.run(feeds, options)
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            if not came_from(error, "onnxruntime"):
                raise
            device = self.placement.device
            if lacks_memory(error):
                advice = SMALLER if device == "cpu" else GPU_FULL
                raise OutOfMemoryError(
                    f"there is not enough memory on {device} to run {self._path.name}; {advice}"
                ) from error
            raise BundleError(f"{self._path.name} failed to run: {explain_fault(error)}") from error
        return dict(zip(self.outputs, outputs, strict=True))


def open_session(
    path: Path,
    device: str,
    threads: int | None = None,
    *,
    caches: Path | None = None,
    form: ModelArtifact = "model",
    reason: str | None = None,
    bound: bool = False,
    captured: bool = False,
) -> Session:
    """Opens an ONNX file on a device of `PROVIDERS`.

    Args:
        threads: The CPU threads an operator may use; by default all cores.
        caches: A folder for what the provider builds.
        form, reason: What the session's `placement` is to say of the file, and of how it came to be opened here.
        bound: Whether its inputs and outputs lie in memory that is kept from run to run, on the device where they can.
        captured: Whether a bound one records what the GPU does, where its provider can; its `binding` says why not.

    Raises DeviceError for a device that is not there or does not take the file, BundleError for a file that is no
    model, and OutOfMemoryError where there is no memory for it.
    """
    _check_usable(path, device)
    weights = path.with_name(f"{path.name}.data")  # where the export puts those of a large graph
    size = path.stat().st_size + (weights.stat().st_size if weights.is_file() else 0)
    check_room(size + SPARE, f"open {path.name}")
    session = _start(path, device, threads, caches)
    runs = None
    if bound:
        binding = choose_binding(device)
        if captured and binding.memory != "cpu":
            session, binding = _start_recording(session, binding, path, threads, caches)
        runs = BoundRuns(session, binding)
    provider = PROVIDERS[device].name
    return Session(session, path, Placement(device, provider, form, _count_cpu_nodes(session, device), reason), runs)


def _start(path: Path, device: str, threads: int | None, caches: Path | None, captured: bool = False) -> Any:
    """The `InferenceSession` of a file, with the errors of `open_session`."""
    provider = PROVIDERS[device]
    arguments = {"sess_options": _build_session_options(device, threads, caches, captured)}
    if not is_plugin(device):
        others = [name for name in (*provider.fallbacks, "CPUExecutionProvider") if name != provider.name]
        own = build_provider_options(device, threads, caches, captured)
        arguments["providers"] = [(provider.name, own), *others]
    try:
        # enable_fallback would print to stdout and go on with the CPU in silence.
        session = load_onnxruntime().InferenceSession(str(path), enable_fallback=0, **arguments)
    except Exception as error:  # as above
        if not came_from(error, "onnxruntime"):
            raise
        if lacks_memory(error):
            advice = ADVICE if device == "cpu" else GPU_FULL
            raise OutOfMemoryError(f"there is not enough memory on {device} to open {path.name}; {advice}") from error
        if device == "cpu":
            raise BundleError(f"{path} cannot be opened as a model: {shorten_error(error)}") from error
        raise DeviceError(f"{path.name} cannot be opened on {device}: {explain_fault(error)}") from error
    if provider.name not in session.get_providers():
        missing = find_missing_library(provider.name)
        remedy = f"{missing} is missing; {provider.install}" if missing else "check its driver"
        raise DeviceError(f"{provider.name} would not start on this machine; {remedy}, or {OTHER_DEVICE}")
    return session


def _start_recording(
    session: Any, binding: Binding, path: Path, threads: int | None, caches: Path | None
) -> tuple[Any, Binding]:
    """A session like this one that records what the GPU does, and its binding; where none can be had, these ones, the
    reason in the binding.
    """
    device = binding.memory
    if not records(device, session):
        return session, replace(binding, reason=f"{device} records no graph of varying shapes")
    try:
        return _start(path, device, threads, caches, captured=True), replace(binding, captured=True)
    except (DeviceError, OutOfMemoryError) as error:  # the other one is open, and takes its share of the memory
        return session, replace(binding, reason=f"nothing is recorded ({error})")


def compile_model(path: Path, target: Path, device: str) -> None:
    """Compiles a model for a plugin provider: writes `target`, and beside it the files that it points to.

    Raises DeviceError.
    """
    _check_usable(path, device)
    try:
        # The threads are left out: those that are given when the compiled model is opened are the ones it obeys.
        options = _build_session_options(device, None, None, captured=False)
        compiler = load_onnxruntime().ModelCompiler(options, str(path), embed_compiled_data_into_model=False)
        compiler.compile_to_file(str(target))
    except Exception as error:  # as above
        if not came_from(error, "onnxruntime"):
            raise
        raise DeviceError(f"{path.name} cannot be compiled for {device}: {explain_fault(error)}") from error


def _check_usable(path: Path, device: str) -> None:
    problem = find_problem(device)
    if problem is not None:
        raise DeviceError(problem)
    if not path.is_file():
        raise BundleError(f"{path} is missing; fetch or build the bundle again")


def _build_session_options(device: str, threads: int | None, caches: Path | None, captured: bool) -> Any:
    options = load_onnxruntime().SessionOptions()
    options.log_severity_level = _QUIET
    if threads is not None:
        options.intra_op_num_threads = threads
    # A thread that waits must not spin: it takes the core from the next model, or from whatever else runs. With both
    # cores of a machine busy an edit took 0.17 s so, and 2.8 s with spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    if not _has_vnni(CPUINFO):
        # A CPU that adds products of bytes in 16 bits overflows with weights of 8 bits, and with no error. Such weights
        # are slower with this, by 1.7 where VNNI would have had them right; nothing else is.
        options.add_session_config_entry("session.x64quantprecision", "1")
    if device == "cpu":
        ARENA.share(options)
    if device == "directml":
        options.enable_mem_pattern = False  # it opens nothing otherwise
    if is_plugin(device):
        plugin_options = build_provider_options(device, threads, caches, captured)
        options.add_provider_for_devices([find_plugin_device(device)], plugin_options)
    return options


def _has_vnni(cpuinfo: Path) -> bool:
    """Whether the first CPU of a file as Linux's /proc/cpuinfo has VNNI; false where there is no such file."""
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return False
    return not VNNI.isdisjoint(flags.split())


def _count_cpu_nodes(session: Any, device: str) -> int | None:
    """How many operators another provider than the CPU's left to the CPU; None where ONNX Runtime does not say."""
    if device == "cpu" or not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    parts = session.get_provider_graph_assignment_info()
    return sum(len(part.get_nodes()) for part in parts if part.ep_name == "CPUExecutionProvider")
