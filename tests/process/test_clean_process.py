"""The process of an app that scores: afterwards all that belongs to it alone is as it was, and no warning is given."""

from __future__ import annotations

import json
import sys
import warnings

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.image.decoding import read
from support.fresh_process import run_python

OWN = """
    import asyncio, concurrent.futures, csv, ctypes, decimal, faulthandler, gc, json, locale, logging, os, random, re
    import signal, socket, sys, tempfile, threading, warnings
    import numpy as np
    import PIL.Image, PIL.ImageFile

    def read_c_environment():
        if sys.platform == "win32":
            return {}
        variables, found = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ"), {}
        while variables[len(found)]:
            name, _, value = os.fsdecode(variables[len(found)]).partition("=")
            found[name] = value
        return found

    def look():
        umask = os.umask(0)
        os.umask(umask)
        loggers = logging.root.manager.loggerDict.items()
        signals = set(signal.valid_signals())
        return {
            "warning filters": list(map(str, warnings.filters)),
            "warning function": warnings.showwarning,
            "environment": dict(os.environ),
            "environment in C": read_c_environment(),
            "signal handlers": {str(number): signal.getsignal(number) for number in signals},
            "working folder": os.getcwd(),
            "locale": locale.setlocale(locale.LC_ALL),
            "path": list(sys.path),
            "import hooks": [list(sys.meta_path), list(sys.path_hooks)],
            "root logger": [list(logging.root.handlers), logging.root.level, logging.root.disabled],
            "loggers": {
                name: [logger.level, list(logger.handlers), logger.propagate, logger.disabled]
                for name, logger in loggers
                if isinstance(logger, logging.Logger) and (logger.level or logger.handlers or not logger.propagate)
            },
            "faulthandler": faulthandler.is_enabled(),
            "hooks": [sys.excepthook, threading.excepthook, sys.unraisablehook, sys.displayhook, sys.gettrace()],
            "NumPy": [np.geterr(), np.get_printoptions(), str(np.random.get_state())],
            "random": random.getstate(),
            "umask": umask,
            "streams": [sys.stdin, sys.stdout, sys.stderr, *(os.fstat(number).st_ino for number in range(3))],
            "Pillow": [PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES, PIL.ImageFile.MAXBLOCK],
            "Pillow's formats": {name: str(opener) for name, opener in PIL.Image.OPEN.items()},
            "csv": csv.field_size_limit(),
            "decimal": str(decimal.getcontext()),
            "interpreter": [sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits()],
            "garbage": [gc.isenabled(), gc.get_threshold()],
            "tempfile": tempfile.tempdir,
            "threads": threading.stack_size(),
            "sockets": socket.getdefaulttimeout(),
        }

    toy, instruction, pictures = json.loads(sys.argv[1])
    PIL.Image.init()
    before = look()
    from editjudge import EditIntent, Scorer
    from editjudge.utils.libraries.opencv import cv2
    opencv = cv2.getNumThreads()
    with Scorer.load("studio", "cpu", 2, keep_answers=False) as studio:
        studio.score(*pictures, instruction)
        studio.prepare(pictures[0], instruction).rank(pictures)
        studio.parse("remove the dog")
    Scorer.load(toy, "cpu", 1).score(*pictures, EditIntent("add", None, "cat"))
    assert cv2.getNumThreads() == opencv
    after = look()
    print({name: (before[name], after[name]) for name in before if before[name] != after[name]})
"""
STRICT = [(), ("-W", "error", "-X", "dev")]


@pytest.mark.parametrize("options", STRICT, ids=["plain", "strict"])
def test_import_load_parse_score_and_close(toy: Bundle, options: tuple[str, ...]) -> None:
    """In development mode, with warnings as errors: nor is a file left open, or anything else warned of."""
    demo = load_demo()[0]
    arguments = [str(toy.folder), demo.instruction, [str(demo.original), str(demo.candidates[0].file)]]
    done = run_python(OWN, json.dumps(arguments), options=options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="llama.cpp is heard as on Linux")
def test_what_llama_cpp_tells_another_user_is_still_told() -> None:
    """Our loading silences llama.cpp for ourselves alone."""
    program = """
        import llama_cpp
        from editjudge import BundleError
        from editjudge.backends.llama_cpp import LanguageModel
        from pathlib import Path
        try:
            LanguageModel(Path("/nothing/there.gguf"), 1, room=64)
        except BundleError:
            print("refused")
        llama_cpp.llama_model_load_from_file(b"/nothing/else.gguf", llama_cpp.llama_model_default_params())
    """
    done = run_python(program)
    assert done.stdout == "refused\n"
    assert "there.gguf" not in done.stderr
    assert "else.gguf" in done.stderr


@pytest.mark.parametrize("ours_first", [True, False])
def test_filters_that_the_app_sets_while_a_picture_is_decoded(ours_first: bool) -> None:
    """Pictures are decoded in threads, and the filters of warnings are the process's."""
    before = list(warnings.filters)
    ours, its = read._silence(), warnings.catch_warnings()
    first, second = (ours, its) if ours_first else (its, ours)
    first.__enter__()
    second.__enter__()
    warnings.simplefilter("error")
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert warnings.filters == before
