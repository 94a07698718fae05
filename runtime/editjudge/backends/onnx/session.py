"""Opens a model on one device with ONNX Runtime, runs it, and says what it really runs on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from editjudge.backends.error_origin import came_from
from editjudge.backends.onnx import providers
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.errors import BundleError, DeviceError, OutOfMemoryError
from editjudge.types import ModelArtifact, Placement
from editjudge.utils.oom import ADVICE, SMALLER, SPARE, check_room, lacks_memory

Tensor = NDArray[Any]

_QUIET = 4  # fatal errors alone: the others are raised, and need not be printed as well


class Session:
    """A model that was opened on a device. It may be run from several threads at once."""

    def __init__(self, session: Any, path: Path, placement: Placement) -> None:
        self._session = session
        self._path = path
        self.placement = placement
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_outputs())

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Runs the model on arrays by input name; returns its outputs by name.

        Raises BundleError when the model does not take these inputs: it was not made for this version, and
        OutOfMemoryError when there is no memory to run it.
        """
        if feeds.keys() != set(self.inputs):
            raise BundleError(
                f"{self._path.name} takes the inputs {', '.join(sorted(self.inputs))} and not "
                f"{', '.join(sorted(feeds))}; build the bundle again"
            )
        try:
            outputs = self._session.run(None, dict(feeds))
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            if not came_from(error, "onnxruntime"):
                raise
            if lacks_memory(error):
                raise OutOfMemoryError(
                    f"there is not enough memory on {self.placement.device} to run {self._path.name}; {SMALLER}"
                ) from error
            raise BundleError(f"{self._path.name} failed to run: {providers.shorten_error(error)}") from error
        return dict(zip(self.outputs, outputs, strict=True))


def open_session(
    path: Path,
    device: str,
    threads: int | None = None,
    *,
    caches: Path | None = None,
    form: ModelArtifact = "model",
    reason: str | None = None,
) -> Session:
    """Opens an ONNX file on a device: cpu, cuda, tensorrt, rtx or openvino.

    Args:
        threads: The CPU threads an operator may use; by default all cores.
        caches: A folder for what the provider builds.
        form, reason: What the session's `placement` is to say of the file, and of how it came to be opened here.

    Raises DeviceError for a device that is not there or does not take the file, BundleError for a file that is no
    model, and OutOfMemoryError where there is no memory for it.
    """
    _check_usable(path, device)
    check_room(path.stat().st_size + SPARE, f"open {path.name}")
    provider = providers.PROVIDERS[device]
    arguments = {"sess_options": _build_session_options(device, threads, caches)}
    if provider.plugin is None:
        others = [name for name in (*provider.fallbacks, "CPUExecutionProvider") if name != provider.name]
        arguments["providers"] = [(provider.name, providers.build_provider_options(device, threads, caches)), *others]
    try:
        # enable_fallback would print to stdout and go on with the CPU in silence.
        session = load_onnxruntime().InferenceSession(str(path), enable_fallback=0, **arguments)
    except Exception as error:  # as above
        if not came_from(error, "onnxruntime"):
            raise
        if lacks_memory(error):
            raise OutOfMemoryError(f"there is not enough memory on {device} to open {path.name}; {ADVICE}") from error
        if device == "cpu":
            raise BundleError(f"{path} cannot be opened as a model: {providers.shorten_error(error)}") from error
        raise DeviceError(f"{path.name} cannot be opened on {device}: {providers.shorten_error(error)}") from error
    if provider.name not in session.get_providers():
        raise DeviceError(f"{provider.name} would not start on this machine; check its driver, or use auto or cpu")
    return Session(session, path, Placement(device, provider.name, form, _count_cpu_nodes(session, device), reason))


def compile_model(path: Path, target: Path, device: str) -> None:
    """Compiles a model for a plugin provider: writes `target`, and beside it the files that it points to.

    Raises DeviceError.
    """
    _check_usable(path, device)
    try:
        # The threads are left out: those that are given when the compiled model is opened are the ones it obeys.
        options = _build_session_options(device, None, None)
        compiler = load_onnxruntime().ModelCompiler(options, str(path), embed_compiled_data_into_model=False)
        compiler.compile_to_file(str(target))
    except Exception as error:  # as above
        if not came_from(error, "onnxruntime"):
            raise
        raise DeviceError(f"{path.name} cannot be compiled for {device}: {providers.shorten_error(error)}") from error


def _check_usable(path: Path, device: str) -> None:
    problem = providers.find_problem(device)
    if problem is not None:
        raise DeviceError(problem)
    if not path.is_file():
        raise BundleError(f"{path} is missing; fetch or build the bundle again")


def _build_session_options(device: str, threads: int | None, caches: Path | None) -> Any:
    options = load_onnxruntime().SessionOptions()
    options.log_severity_level = _QUIET
    if threads is not None:
        options.intra_op_num_threads = threads
    # A thread that waits must not spin: it takes the core from the next model, or from whatever else runs. With both
    # cores of a machine busy an edit took 0.17 s so, and 2.8 s with spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    if providers.PROVIDERS[device].plugin is not None:
        plugin_options = providers.build_provider_options(device, threads, caches)
        options.add_provider_for_devices([providers.find_plugin_device(device)], plugin_options)
    return options


def _count_cpu_nodes(session: Any, device: str) -> int | None:
    """How many operators another provider than the CPU's left to the CPU; None where ONNX Runtime does not say."""
    if device == "cpu" or not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    parts = session.get_provider_graph_assignment_info()
    return sum(len(part.get_nodes()) for part in parts if part.ep_name == "CPUExecutionProvider")
