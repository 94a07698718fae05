"""tools/slim.py: what a container does not need goes, everything else stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the container is one of Linux")
SLIM = Path(__file__).parent.parent / "tools" / "slim.py"
GONE = (
    "bin/pip3", "{0}/pip/__init__.py", "{0}/pip-26.3.dist-info/METADATA", "{0}/hf_xet/hf_xet.abi3.so",
    "{0}/numpy/lib/tests/test_io.py", "{0}/numpy/__init__.pyi", "{0}/lib/libllama.so",
    "{0}/onnxruntime/capi/libonnxruntime.so.1.32.0", "{0}/onnxruntime/transformers/float16.py",
)  # fmt: skip
KEPT = (
    "bin/python", "bin/editjudge", "{0}/pipeline/__init__.py", "{0}/numpy/lib/io.py", "{0}/editjudge/tests/data.py",
    "{0}/llama_cpp/lib/libllama.so.0.5.0", "{0}/llama_cpp/lib/libggml.so", "{0}/onnxruntime/capi/module.so",
    "{0}/onnxruntime/capi/libonnxruntime_providers_shared.so",
)  # fmt: skip
PACKAGES = "lib/python3.13/site-packages"


def slim(*arguments: object, path: str = "") -> subprocess.CompletedProcess[str]:
    """Runs it without `strip`, which takes no made-up library."""
    command = [sys.executable, str(SLIM), *map(str, arguments)]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60)


def test_what_is_not_needed_goes(tmp_path: Path) -> None:
    for name in (*GONE, *KEPT):
        path = tmp_path / name.format(PACKAGES)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())
    libraries = tmp_path / PACKAGES / "llama_cpp" / "lib"
    for name in ("libllama.so", "libllama.so.0"):
        (libraries / name).write_bytes((libraries / "libllama.so.0.5.0").read_bytes())
    for _ in range(2):  # what is slim stays as it is
        done = slim(tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [name for name in GONE if (tmp_path / name.format(PACKAGES)).exists()] == []
    assert [name for name in KEPT if not (tmp_path / name.format(PACKAGES)).is_file()] == []
    links = {path.name: str(path.readlink()) for path in libraries.iterdir() if path.is_symlink()}
    assert links == dict.fromkeys(("libllama.so", "libllama.so.0"), "libllama.so.0.5.0")
    assert (libraries / "libllama.so").read_bytes() == b"libllama.so.0.5.0"


def test_it_takes_one_folder() -> None:
    for arguments in ((), ("one", "two")):
        done = slim(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
