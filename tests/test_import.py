"""What `import editjudge` is: quick, without a model or an inference library, and with a sorted list of names."""

from __future__ import annotations

import subprocess
import sys

import pytest

import editjudge

HEAVY = ("torch", "transformers", "onnxruntime", "tokenizers", "llama_cpp", "cv2", "numpy", "PIL", "rich", "jinja2")


def modules_after(statement: str) -> set[str]:
    """The names of the modules that a fresh process has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_loads_nothing_heavy() -> None:
    assert not modules_after("import editjudge") & set(HEAVY)


def test_the_types_load_no_library_of_models() -> None:
    loaded = modules_after("from editjudge import EditIntent, EditScore, EditJudgeError")
    assert not loaded & {"torch", "transformers", "onnxruntime", "tokenizers", "llama_cpp", "cv2"}


def test_the_scorer_loads_no_torch_and_opens_onnxruntime_only_with_a_model() -> None:
    loaded = modules_after("from editjudge import Scorer")
    assert not loaded & {"torch", "transformers", "onnxruntime", "llama_cpp"}


def test_all_is_sorted_and_there() -> None:
    assert editjudge.__all__ == sorted(editjudge.__all__)
    for name in set(editjudge.__all__) - {"__version__"}:
        assert getattr(editjudge, name).__name__ == name
    assert set(editjudge.__all__) <= set(dir(editjudge))


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        editjudge.Nothing  # noqa: B018
