"""Opens a bundle's models: on the best device that works, in the fastest form there is, with the reason where not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from editjudge.bundle import Bundle
from editjudge.compiled import compiled_model, discard, folder_for
from editjudge.engine import Session, open_session
from editjudge.errors import DeviceError, InputError
from editjudge.providers import PREFERENCE, PROVIDERS, check_device, installed, why_not
from editjudge.ready import ready_engine
from editjudge.types import Form


def open_model(bundle: Bundle, role: str, device: str = "auto", threads: int | None = None) -> Session:
    """Opens the model of a role on cpu, cuda, tensorrt, rtx, openvino, or auto for the best that works here.

    threads: the CPU threads an operator may use; by default all cores. What it runs on, and why, is in the session's
    `ran`. Raises InputError for a device that is not known, DeviceError for one that is not there or does not take the
    model, and BundleError for a file that is missing, damaged or no model.
    """
    check_device(device)
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; it must be at least 1")
    if device != "auto":
        problem = why_not(device)
        if problem is not None:
            raise DeviceError(f"{problem}; use auto or cpu" if installed(device) else problem)
        return _open_on(device, bundle, role, threads, [])
    reasons: list[str] = []
    for candidate in PREFERENCE:
        problem = why_not(candidate)
        if problem is None:
            try:
                return _open_on(candidate, bundle, role, threads, reasons)
            except DeviceError as error:
                problem = str(error)
        if installed(candidate):  # nothing is fallen back from where nothing was installed
            reasons.append(problem)
    raise DeviceError("ONNX Runtime has no CPU provider; pip install --force-reinstall onnxruntime")


def _open_on(device: str, bundle: Bundle, role: str, threads: int | None, said: Sequence[str]) -> Session:
    reasons = list(said)

    def opened(path: Path, form: Form, caches: Path | None = None) -> Session:
        reason = "; ".join(reasons) or None
        return open_session(path, device, threads, caches=caches, form=form, reason=reason)

    model = bundle.file(role)
    if device == "cpu":
        return opened(model, "model")
    entry, problem = ready_engine(bundle.engines, role, device)
    if problem is not None:
        reasons.append(problem)
    if entry is not None:
        try:
            return opened(bundle.engine(entry), "engine", _kept(folder_for(role, entry.data_sha256, device)))
        except DeviceError as error:
            reasons.append(f"the bundle's engine was refused ({error})")
    folder = folder_for(role, _digest(bundle, role), device)
    if PROVIDERS[device].plugin is None:
        return opened(model, "model", _kept(folder) if device == "tensorrt" else None)
    for _ in range(2):
        made, problem = compiled_model(model, folder, device)
        if problem is not None:
            reasons.append(problem)
        if made is None:
            break
        try:
            return opened(made, "compiled", folder)
        except DeviceError as error:
            discard(folder)
            reasons.append(f"the compiled model was refused ({error})")
    return opened(model, "model")


def _digest(bundle: Bundle, role: str) -> str:
    """Of the model, and of the weights where they are in a file of their own."""
    files = bundle.manifest.files
    return " ".join(files[name].sha256 for name in (role, f"{role}_data") if name in files)


def _kept(folder: Path) -> Path | None:
    """The folder, made where it is missing; None where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
