"""The arena that the models on the CPU share: what is freed there is used again, and given back."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge.backends.onnx import session as session_module
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.backends.onnx.memory.cpu_arena import ARENA, CpuArena
from editjudge.backends.onnx.session import Session, open_session
from editjudge.bundles.bundle import Bundle
from support.fresh_process import run_python

onnxruntime = load_onnxruntime()
PIXELS = np.random.default_rng(0).random((2, 3, 16, 16), np.float32)


def is_shared(session: Session) -> bool:
    try:
        entry = session._session.get_session_options().get_session_config_entry("session.use_env_allocators")
    except RuntimeError:  # it does not have it
        return False
    return bool(entry == "1")


def check(session: Session) -> None:
    outputs = session.run({"pixel_values": PIXELS})
    np.testing.assert_allclose(outputs["image_embeds"], PIXELS.mean(axis=(2, 3)), rtol=1e-6)


MEASURE = """
    import gc, sys
    from pathlib import Path
    import numpy as np
    from editjudge.backends.onnx.memory.cpu_arena import ARENA
    from editjudge.backends.onnx.session import open_session
    from editjudge.utils.oom import trim_memory

    def resident():
        trim_memory()
        return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024

    def run():
        session = open_session(Path(sys.argv[1]), "cpu", 1)
        before = resident()
        (name,) = session.inputs
        session.run({name: pixels})
        sessions.append(session)
        return resident() - before

    sessions = []
    pixels = np.ones((32, 3, *map(int, sys.argv[2:])), np.float32)
    run()  # what the library takes once, whatever it runs
    sessions.clear()
    gc.collect()
    ARENA.release()
    start = resident()
    grown = [run() for _ in range(3)]
    sessions.clear()
    gc.collect()
    closed = resident()
    ARENA.release()
    print(*grown, closed - start, resident() - start)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the size of a process in /proc")
def test_what_a_run_has_freed_is_the_next_models(studio: Bundle) -> None:
    """MiB. The second and third of three models take next to nothing; all of it goes back once no model is open."""
    size = studio.manifest.clip.size
    done = run_python(MEASURE, studio.file("clip_vision"), size, size)
    assert done.returncode == 0, done.stderr
    first, second, third, closed, released = map(float, done.stdout.split())
    assert first > 5
    assert max(second, third) < 0.2 * first
    assert closed > 0.8 * first
    assert released < 0.2 * closed


def test_models_run_while_another_thread_gives_memory_back(toy: Bundle) -> None:
    session = open_session(toy.file("clip_vision"), "cpu", threads=1)
    assert is_shared(session)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(check, session) for _ in range(200)]
        for _ in range(50):
            ARENA.release()
        for done in runs:
            done.result()


def test_without_one_to_share_each_has_its_own(toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ONNX Runtime 1.20 answers an app that has registered one before; 1.32 has ours take its place."""

    def refuse(*_: object) -> None:
        raise RuntimeError("An allocator for this device has already been registered for sharing.")

    monkeypatch.setattr(onnxruntime, "create_and_register_allocator", refuse)
    monkeypatch.setattr(session_module, "ARENA", arena := CpuArena())
    session = open_session(toy.file("clip_vision"), "cpu", threads=1)
    assert not is_shared(session)
    check(session)
    arena.release()


OTHERS = """
    import sys
    from pathlib import Path
    import numpy as np
    import onnxruntime as library

    def register(kind):
        place = library.OrtMemoryInfo("Cpu", kind, 0, library.OrtMemType.DEFAULT)
        library.create_and_register_allocator(place, library.OrtArenaCfg({"arena_extend_strategy": 1}))

    def open_own():
        options = library.SessionOptions()
        options.add_session_config_entry("session.use_env_allocators", "1")
        return library.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

    kind = getattr(library.OrtAllocatorType, sys.argv[2])
    register(kind)
    sessions = [open_own()]

    from editjudge.backends.onnx.memory.cpu_arena import ARENA
    from editjudge.backends.onnx.session import open_session

    ours = open_session(Path(sys.argv[1]), "cpu", 1)
    sessions.append(open_own())
    register(kind)
    sessions.append(open_own())
    feeds = {"pixel_values": np.ones((1, 3, 16, 16), np.float32)}
    for _ in range(2):
        print([session.run(None, feeds)[0].tolist() for session in sessions], ours.run(feeds)["image_embeds"].tolist())
        ARENA.release()
"""


@pytest.mark.parametrize("kind", ["ORT_ARENA_ALLOCATOR", "ORT_DEVICE_ALLOCATOR"])
def test_an_app_that_shares_an_allocator_of_its_own(kind: str, toy: Bundle) -> None:
    """Before and after ours was made; its models and ours run, and nothing is printed."""
    done = run_python(OTHERS, toy.file("clip_vision"), kind)
    ones = [[1.0, 1.0, 1.0]]
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"{[ones] * 3} {ones}\n" * 2)


def test_a_device_that_is_no_cpu_has_its_own(tmp_path: Path) -> None:
    options = session_module._build_session_options("cuda", 1, tmp_path, captured=False)
    with pytest.raises(RuntimeError, match="does not have"):
        options.get_session_config_entry("session.use_env_allocators")
