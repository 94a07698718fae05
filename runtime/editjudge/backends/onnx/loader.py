"""Opens an ONNX model on the best device that works, in its fastest form there, with the reason where not."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from editjudge.backends.onnx.binding import helps
from editjudge.backends.onnx.compile_cache import find_or_compile, locate_folder
from editjudge.backends.onnx.prebuilt_engines import find_engine
from editjudge.backends.onnx.providers import PREFERENCE, PROVIDERS, check_device, find_problem, is_installed
from editjudge.backends.onnx.session import Session, open_session
from editjudge.bundles.bundle import GraphFile
from editjudge.errors import DeviceError, InputError, OutOfMemoryError
from editjudge.types import ModelArtifact


def open_model(
    graph: GraphFile, device: str = "auto", threads: int | None = None, *, bound: bool | None = None
) -> Session:
    """Opens a model; what it runs on, and why, is in the session's `placement`.

    Args:
        device: One of `PROVIDERS`, or auto for the best that works here.
        threads: The CPU threads an operator may use; by default all cores.
        bound: Whether the model's inputs and outputs lie in memory that is kept from run to run, and what the GPU does
            is recorded and replayed where its provider can. None: they do where the GPU's memory can be had from here
            (`binding.helps`), and nothing is recorded, which has yet to be proved on a GPU.

    Raises InputError for a device that is not known or less than one thread, DeviceError for a device that is not there
    or does not take the model, and BundleError for a file that is missing, damaged or no model.
    """
    check_device(device)
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it must be at least 1")
    if device != "auto":
        problem = find_problem(device)
        if problem is not None:
            raise DeviceError(f"{problem}; use auto or cpu" if is_installed(device) else problem)
        return _open_on(device, graph, threads, [], bound)
    reasons: list[str] = []
    for candidate in PREFERENCE:
        problem = find_problem(candidate)
        if problem is None:
            try:
                return _open_on(candidate, graph, threads, reasons, bound)
            except DeviceError as error:
                problem = str(error)
            except OutOfMemoryError as error:
                if candidate == "cpu":
                    raise
                problem = str(error)  # a GPU's memory may be full, and the machine's not
        if is_installed(candidate):  # nothing is fallen back from where nothing was installed
            reasons.append(problem)
    raise DeviceError("ONNX Runtime has no CPU provider; pip install --force-reinstall onnxruntime")


def _open_on(device: str, graph: GraphFile, threads: int | None, earlier: Sequence[str], bound: bool | None) -> Session:
    """Opens a model on one device; `earlier` says why it is not on a better one."""
    reasons = list(earlier)

    def open_form(path: Path, form: ModelArtifact, caches: Path | None = None) -> Session:
        reason = "; ".join(reasons) or None
        return open_session(
            path,
            device,
            threads,
            caches=caches,
            form=form,
            reason=reason,
            bound=helps(device) if bound is None else bound,
            captured=bool(bound),
        )

    path = graph.path
    if device == "cpu":
        return open_form(path, "model")
    engine, problem = find_engine(graph.engines, device)
    if problem is not None:
        reasons.append(problem)
    if engine is not None:
        try:
            caches = _make_folder(locate_folder(graph.role, engine.data_sha256, device))
            return open_form(graph.check_engine(engine), "engine", caches)
        except DeviceError as error:
            reasons.append(f"the bundle's engine was refused ({error})")
    folder = locate_folder(graph.role, graph.digest, device)
    if not PROVIDERS[device].compiles:
        return open_form(path, "model", _make_folder(folder) if device == "tensorrt" else None)
    for _ in range(2):
        compiled, problem = find_or_compile(path, folder, device)
        if problem is not None:
            reasons.append(problem)
        if compiled is None:
            break
        try:
            return open_form(compiled, "compiled", folder)
        except DeviceError as error:
            shutil.rmtree(compiled.parent, ignore_errors=True)
            reasons.append(f"the compiled model was refused ({error})")
    return open_form(path, "model")


def _make_folder(folder: Path | None) -> Path | None:
    """The folder, made where it is missing; None where it cannot be."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
