"""How much memory and room on the disk there is: by the machine, control groups, limits and disks themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
from editjudge.bundles.cache import cache_folder
from editjudge.errors import InputError
from editjudge_export.architectures.lpips_weights import measure_lpips
from editjudge_export.checkpoints.origins import CheckpointSource
from editjudge_export.preflight.disk import SpaceNeed, check_space, existing_parent, free_space
from editjudge_export.preflight.memory import free_memory
from support.fake_hub import FakeHub

pytestmark = pytest.mark.export

GIB = 2**30
MEMINFO = f"MemTotal: {16 * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {8 * 2**20} kB\nSwapFree: {2**20} kB\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in {"proc/meminfo": MEMINFO, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        ({}, 9),
        ({"proc/self/cgroup": "0::/\n"}, 9),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "max\n"}, 9),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": f"{4 * GIB}\n",
                "sys/fs/cgroup/a/memory.current": f"{3 * GIB}\n",
                "sys/fs/cgroup/a/memory.stat": f"anon {GIB}\ninactive_file {GIB}\n",
            },
            2,
        ),
        # A container sees its own group at the top, and in its path that of the host.
        (
            {
                "proc/self/cgroup": "12:cpu:/\n4:memory:/docker/12ab\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{6 * GIB}\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{5 * GIB}\n",
                "sys/fs/cgroup/memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {2 * GIB}\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{5 * GIB}\n",
            },
            9,
        ),
        (
            {
                "proc/self/cgroup": "0::/a\n",
                "sys/fs/cgroup/a/memory.max": f"{GIB}\n",
                "sys/fs/cgroup/a/memory.current": f"{2 * GIB}\n",
            },
            0,
        ),
    ],
    ids=["machine", "no group", "no limit", "version 2", "version 1 in a container", "unlimited", "more than all"],
)
def test_the_least_of_what_the_machine_and_its_groups_leave(files: dict[str, str], gib: int, tmp_path: Path) -> None:
    assert free_memory(write(tmp_path, files)) == gib * GIB


def test_a_machine_that_does_not_say(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_limit_of_this_process_counts() -> None:
    """With a real limit of 2 GiB on a process of its own, of which it has taken some already."""
    code = "from editjudge_export.preflight.memory import free_memory; print(free_memory())"
    command = f'ulimit -v {2 * 2**20}; exec "{sys.executable}" -c "{code}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 2 * GIB
    unlimited = free_memory()
    assert unlimited is not None
    assert unlimited > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_small(small_disk: Path, tmp_path: Path) -> None:
    cache, made = small_disk / "hub" / "cache", small_disk / "made"
    assert free_space(cache) == 2**20
    fits = SpaceNeed(cache, 600_000, "downloads", "set HF_HOME to a folder")
    check_space([fits, SpaceNeed(tmp_path, 600_000, "the bundle", "give --output a folder")])
    with pytest.raises(InputError) as caught:
        check_space([fits, SpaceNeed(made, 600_000, "the bundle", "give --output a folder")])
    assert str(caught.value) == (
        f"0.6 MB for downloads in {cache} and 0.6 MB for the bundle in {made} are needed, and that disk has 1.0 MB "
        "free; free some space, or set HF_HOME to a folder or give --output a folder on another disk"
    )


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert existing_parent(tmp_path / "a" / "b") == tmp_path
    assert free_space(tmp_path / "a" / "b") > 0


def test_weights_at_a_web_address_are_measured_and_not_fetched(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    fake_hub.files["alexnet.pth"] = bytes(12345)
    entry = CheckpointSource(url=f"{fake_hub.url}/files/alexnet.pth", sha256="0" * 64)
    assert measure_lpips(entry) == 12345
    assert {method for method, _, _ in fake_hub.requests} == {"HEAD"}
    assert fake_hub.tokens == {None}
    with pytest.raises(InputError, match=r"none\.pth cannot be fetched: the server answered 404"):
        measure_lpips(CheckpointSource(url=f"{fake_hub.url}/files/none.pth", sha256="0" * 64))
    assert measure_lpips(entry, tmp_path) == 0
    (cache_folder() / "checkpoints").mkdir()
    (cache_folder() / "checkpoints" / "alexnet.pth").write_bytes(bytes(12345))
    assert measure_lpips(entry) == 0
