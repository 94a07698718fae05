"""What is installed is what the lock says: complete, with hashes, on every platform that the workflow has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.environment import LOCK, entry, lock_options

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
WITHOUT_HASH = {"torch"}
"""Why: see the Makefile."""
NOT_LOCKED = {"editjudge", "setuptools"}
"""The project itself, and what a virtual environment of Python 3.11 begins with."""


def locked() -> dict[str, list[tuple[Requirement, int]]]:
    """Of each package its entries in the lock, which have markers where platforms differ, and how many hashes each."""
    entries: dict[str, list[tuple[Requirement, int]]] = {}
    text = "".join(line for line in LOCK.read_text(encoding="utf-8").splitlines(True) if not line.startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split(" --hash=sha256:")
        parsed = Requirement(requirement)
        entries.setdefault(canonicalize_name(parsed.name), []).append((parsed, len(hashes)))
    return entries


def made_of(name: str) -> list[str]:
    """The words of a variable of the Makefile."""
    found = re.search(rf"^{name} := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1].split()


def direct_dependencies() -> list[Requirement]:
    project, groups = SETTINGS["project"], SETTINGS["dependency-groups"]
    lists = [SETTINGS["build-system"]["requires"], project["dependencies"]]
    lists += [project["optional-dependencies"][extra] for extra in made_of("LOCKED_EXTRAS")]
    lists += [groups[group] for group in made_of("LOCKED_GROUPS")]
    return [Requirement(text) for texts in lists for text in texts]


def test_every_direct_dependency_is_locked_within_its_bounds() -> None:
    entries = locked()
    for wanted in direct_dependencies():
        found = entries[canonicalize_name(wanted.name)]
        assert all(wanted.specifier.contains(version_of(one)) for one, _ in found), wanted


def version_of(requirement: Requirement) -> Version:
    """Of an entry of the lock, which has `==` and nothing else."""
    (pin,) = requirement.specifier
    assert pin.operator == "==", requirement
    assert "*" not in pin.version, requirement
    return Version(pin.version)


def test_every_package_has_hashes() -> None:
    hashes = {name: min(number for _, number in found) for name, found in locked().items()}
    assert len(hashes) > 80
    assert {name for name, number in hashes.items() if not number} == WITHOUT_HASH


def test_the_lock_names_no_place() -> None:
    """An address, a path or an option would bind the lock to where it was made."""
    text = LOCK.read_text(encoding="utf-8")
    assert not re.findall(r"://|file:|(?<!\w)/\w| @ |^-", text, re.MULTILINE)


def test_what_is_installed_is_what_is_locked() -> None:
    """An environment that make has made; in one made otherwise this fails. That also says that the lock is complete."""
    assert_installed_as_locked()


@pytest.mark.export
def test_what_is_installed_for_exports_is_what_is_locked() -> None:
    assert_installed_as_locked()


def assert_installed_as_locked() -> None:
    entries, wrong = locked(), []
    for installed in distributions():
        name = canonicalize_name(installed.metadata["Name"])
        here = [one for one, _ in entries.get(name, []) if one.marker is None or one.marker.evaluate()]
        if name not in NOT_LOCKED and not any(one.specifier.contains(installed.version) for one in here):
            wrong.append(f"{name} {installed.version}, locked: {', '.join(map(str, here)) or 'nothing'}")
    assert not wrong, f"make the environment anew with `make`, or the lock with `make lock`: {wrong}"


def test_what_make_installs_is_locked() -> None:
    """By the options of each installation in the Makefile, .ci/run and the workflow."""
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / ".github" / "workflows" / "ci.yml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.exists())  # .ci is not in an sdist
    lines = [line for line in text.splitlines() if "tools/environment.py " in line and "--newest" not in line]
    assert len(lines) >= 6
    groups = {group for line in lines for group in re.findall(r"--group (\S+)", line)}
    extras = {extra for line in lines for some in re.findall(r"\.\[([\w,]+)\]", line) for extra in some.split(",")}
    assert groups == set(made_of("LOCKED_GROUPS"))
    assert extras == set(made_of("LOCKED_EXTRAS"))
    assert "pip install" not in text


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_file_with_another_hash_is_refused(tmp_path: Path, compiled: bool, right: bool) -> None:
    """With the options that everything is installed with; it is what another package needs, or needs to be compiled."""
    needed = write_wheel(tmp_path, "needed", [])
    wanted = write_wheel(tmp_path, "wanted", [] if compiled else ["needed"])
    if compiled:
        wanted = write_sources(tmp_path, wanted, needs="needed")
    digests = [sha256(wanted.read_bytes()), sha256(needed.read_bytes() if right else b"what was locked")]
    names = ["wanted", "needed"]
    pins = [f"{name}==1 --hash=sha256:{digest.hexdigest()}\n" for name, digest in zip(names, digests, strict=True)]
    lock = tmp_path / "requirements.lock"
    lock.write_text("".join(pins))
    place = ["--no-index", "--no-cache-dir", "--find-links", str(tmp_path), "--target", str(tmp_path / "here")]
    command = [sys.executable, "-m", "pip", "install", *lock_options(lock), *place, "wanted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode == 0) == right, done.stderr
    assert ("DO NOT MATCH THE HASHES" in done.stderr) != right
    assert (tmp_path / "here" / "wanted.py").exists() == right


def write_wheel(folder: Path, name: str, needs: list[str]) -> Path:
    path, info = folder / f"{name}-1-py3-none-any.whl", f"{name}-1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {need}" for need in needs)]
        archive.writestr(f"{info}/METADATA", "\n".join([*lines, ""]))
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def write_sources(folder: Path, wheel: Path, needs: str) -> Path:
    """Sources that give the wheel, which is moved into them, once what they need is there."""
    path = folder / "wanted-1.zip"
    settings = f'[build-system]\nrequires = ["{needs}"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    steps = [f"shutil.copy({wheel.name!r}, to)", f"return {wheel.name!r}"]
    code = f"import {needs}, shutil\ndef build_wheel(to, *_): {'; '.join(steps)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wanted-1/pyproject.toml", settings)
        archive.writestr("wanted-1/backend.py", code)
        archive.write(wheel, f"wanted-1/{wheel.name}")
    wheel.unlink()
    return path


def test_an_entry_is_that_of_one_package() -> None:
    of_pip = "pip==26.3 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    lock = f"pip-tools==1 \\\n    --hash=sha256:aa\n{of_pip}zipp==4 \\\n    --hash=sha256:dd\n"
    assert entry("pip", lock) == of_pip
    with pytest.raises(SystemExit, match="the lock has no build"):
        entry("build", lock)


def test_an_environment_needs_a_folder() -> None:
    command = [sys.executable, ROOT / "tools" / "environment.py", "--group", "test"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_the_workflow_has_what_the_classifiers_say() -> None:
    classifiers = SETTINGS["project"]["classifiers"]
    pythons = [text.rsplit(" ", 1)[1] for text in classifiers if re.search(r"Python :: 3\.", text)]
    matrix = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == pythons == ["3.11", "3.12", "3.13", "3.14"]
    assert SETTINGS["project"]["requires-python"] == f">={pythons[0]}"
    systems = {"ubuntu": "POSIX :: Linux", "macos": "MacOS", "windows": "Microsoft :: Windows"}
    covered = {f"Operating System :: {systems[runner.split('-')[0]]}" for runner in matrix["os"]}
    assert covered == {text for text in classifiers if text.startswith("Operating System")}
    assert {"ubuntu-24.04", "ubuntu-24.04-arm"} <= set(matrix["os"])  # Linux on x86-64 and ARM64


def test_the_workflow_runs_targets_that_exist_and_writes_nothing() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    targets = [step["run"].split()[1] for step in steps if step.get("run", "").startswith("make ")]
    assert set(targets) == {"check", "docs", "test-browser", "test-docs", "test-export", "test-newest"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())
