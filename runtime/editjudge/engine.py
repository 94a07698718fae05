"""Opens a model on one device with ONNX Runtime, runs it, and says what it really runs on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from editjudge.errors import BundleError, DeviceError, OutOfMemoryError
from editjudge.memory import ADVICE, NO_MEMORY
from editjudge.providers import PROVIDERS, first_line, plugin_device, provider_options, runtime, why_not
from editjudge.types import Form, Ran

Array = NDArray[Any]

_QUIET = 4  # fatal errors alone: the others are raised, and need not be printed as well


class Session:
    """A model that was opened on a device. It may be run from several threads at once."""

    def __init__(self, session: Any, path: Path, ran: Ran) -> None:
        self._session = session
        self._path = path
        self.ran = ran
        self.inputs: tuple[str, ...] = tuple(each.name for each in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(each.name for each in session.get_outputs())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
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
            if NO_MEMORY.search(str(error)):
                raise OutOfMemoryError(
                    f"there is not enough memory on {self.ran.device} to run {self._path.name}; {ADVICE}"
                ) from error
            raise BundleError(f"{self._path.name} failed to run: {first_line(error)}") from error
        return dict(zip(self.outputs, outputs, strict=True))


def open_session(
    path: Path,
    device: str,
    threads: int | None = None,
    *,
    caches: Path | None = None,
    form: Form = "model",
    reason: str | None = None,
) -> Session:
    """Opens an ONNX file on a device: cpu, cuda, tensorrt, rtx or openvino.

    threads: CPU threads an operator may use; None: all cores. caches: a folder for what the provider builds. form,
    reason: what the session's `ran` is to say of the file and of how it came to be opened here. Raises DeviceError for
    a device that is not there or does not take the file, and BundleError for a file that is no model.
    """
    _check(path, device)
    provider = PROVIDERS[device]
    options, chosen = _options(device, threads, caches), {}
    if provider.plugin is None:
        names = dict.fromkeys([provider.name, *provider.fallbacks, "CPUExecutionProvider"])
        told = {provider.name: provider_options(device, threads, caches)}
        chosen["providers"] = [(name, told.get(name, {})) for name in names]
    try:
        # enable_fallback would print to stdout and go on with the CPU in silence.
        session = runtime().InferenceSession(str(path), sess_options=options, enable_fallback=0, **chosen)
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        if device == "cpu":
            raise BundleError(f"{path} cannot be opened as a model: {first_line(error)}") from error
        raise DeviceError(f"{path.name} cannot be opened on {device}: {first_line(error)}") from error
    if provider.name not in session.get_providers():
        raise DeviceError(f"{provider.name} would not start on this machine; check its driver, or use auto or cpu")
    return Session(session, path, Ran(device, provider.name, form, _cpu_nodes(session, device), reason))


def compile_model(path: Path, target: Path, device: str) -> None:
    """Compiles a model for a plugin provider: writes `target`, and beside it the files that it points to.

    Raises DeviceError.
    """
    _check(path, device)
    try:
        # The threads are left out: those that are given when the compiled model is opened are the ones it obeys.
        compiler = runtime().ModelCompiler(
            _options(device, None, None), str(path), embed_compiled_data_into_model=False
        )
        compiler.compile_to_file(str(target))
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        raise DeviceError(f"{path.name} cannot be compiled for {device}: {first_line(error)}") from error


def _check(path: Path, device: str) -> None:
    problem = why_not(device)
    if problem is not None:
        raise DeviceError(problem)
    if not path.is_file():
        raise BundleError(f"{path} is missing; fetch or build the bundle again")


def _options(device: str, threads: int | None, caches: Path | None) -> Any:
    options = runtime().SessionOptions()
    options.log_severity_level = _QUIET
    if threads is not None:
        options.intra_op_num_threads = threads
    # A thread that waits must not spin: it takes the core from the next model, or from whatever else runs. With both
    # cores of a machine busy an edit took 0.17 s so, and 2.8 s with spinning.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    if PROVIDERS[device].plugin is not None:
        options.add_provider_for_devices([plugin_device(device)], provider_options(device, threads, caches))
    return options


def _cpu_nodes(session: Any, device: str) -> int | None:
    """How many operators another provider than the CPU's left to the CPU; None where ONNX Runtime does not say."""
    if device == "cpu" or not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    parts = session.get_provider_graph_assignment_info()
    return sum(len(part.get_nodes()) for part in parts if part.ep_name == "CPUExecutionProvider")
