"""The way of a newcomer to a bundle of photographs: what stands in it, and that it is said before anything is fetched.

Against a hub on this machine, with checkpoints as small as they come.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
import tomli_w

import editjudge_models
from benchmarks.common.small_parser import with_small_parser
from benchmarks.newcomer import walk
from editjudge.bundles import huggingface
from editjudge.bundles.bundle import Bundle
from editjudge.errors import BundleError, InputError, OutOfMemoryError
from editjudge_export.build import build
from editjudge_export.file_copies import check_copies, copy_files
from editjudge_export.options import BuildOptions
from editjudge_export.recipe import read_recipe
from support.fake_hub import COMMIT, FakeHub

pytestmark = pytest.mark.export

GGUF = b"GGUF" + bytes(100)
FALLBACK = f"""
[fallback_parser]
hub = "someone/large"
file = "large.gguf"
revision = "{COMMIT}"
licence = "gemma"
"""


class AskedError(Exception):
    """Raised where leave is asked for: everything was found and nothing has been downloaded yet."""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def gated(from_hub: Path, fake_hub: FakeHub) -> Path:
    """The recipe with a fallback parser in a repository that only some may have."""
    from_hub.write_text(from_hub.read_text().replace("\n[clip]", f"{FALLBACK}\n[clip]", 1))
    fake_hub.add("someone/large", {"large.gguf": GGUF})
    fake_hub.gated.add("someone/large")
    return from_hub


def plan(recipe: Path, tmp_path: Path, lines: list[str] | None = None, **options: object) -> None:
    """A build as far as the question for leave, which raises AskedError."""

    def ask(_: object) -> None:
        raise AskedError

    build(recipe, tmp_path / "made", BuildOptions(**options), (lines if lines is not None else []).append, ask)


def change(recipe: Path, old: str, new: str) -> None:
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new, 1))


def log_in(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    monkeypatch.setenv("HF_TOKEN", token)
    monkeypatch.setattr(huggingface, "get_token", lambda: token)


def nothing_large(hub: FakeHub) -> bool:
    """Whether neither weights nor parsers were downloaded."""
    return not any(hub.starts(path) for path in ("model.safetensors", "model.gguf", "large.gguf", "pytorch_model.bin"))


# --- what is told ---


def test_what_a_build_takes_is_told_before_it_begins(gated: Path, fake_hub: FakeHub, tmp_path: Path) -> None:
    change(gated, "[export.clip]", "[build]\ndisk = 0.5\nmemory = 0.25\nminutes = 3\n\n[export.clip]")
    lines: list[str] = []
    with pytest.raises(AskedError):
        plan(gated, tmp_path, lines)
    assert nothing_large(fake_hub)
    told = "\n".join(lines)
    wanted = {"config.json", "model.safetensors", "tokenizer.json", "model.gguf"}
    size = sum(
        len(content)
        for commits in fake_hub.repositories.values()
        for path, content in commits[COMMIT].items()
        if path in wanted and path != "config.json"  # which is here by then
    )
    assert f"to download: {size / 1e6:.1f} MB (clip " in told
    assert re.search(
        r"disk: 50\d\.\d MB: \d\.\d MB for downloads in .* 500\.\d MB for the bundle and what it is made", told
    )
    assert "memory: 250.0 MB (free: " in told
    assert "time: about 3 minutes on two cores" in told
    # The benchmark reads the same.
    assert walk.told(told, "memory:") == 0.25
    assert walk.told(told, "time: about") == 3
    assert "fallback_parser: left out; --fallback puts it in" in lines


def test_what_was_not_measured_is_not_told(from_hub: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    with pytest.raises(AskedError):
        plan(from_hub, tmp_path, lines)
    assert not [line for line in lines if line.startswith(("memory", "time"))]


# --- what is refused, in one sentence, before anything large is fetched ---


def spoil_weights(hub: FakeHub) -> None:
    del hub.repositories["someone/1"][COMMIT]["model.safetensors"]


def lose_a_part(hub: FakeHub) -> None:
    files = hub.repositories["someone/1"][COMMIT]
    files["model-00001-of-00002.safetensors"] = files.pop("model.safetensors")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    files["model.safetensors.index.json"] = json.dumps({"weight_map": parts}).encode()


def move(hub: FakeHub) -> None:
    hub.moved["someone/1"] = "other/1"
    hub.add("other/1", hub.repositories["someone/1"][COMMIT])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda hub: hub.gated.add("someone/1"), "someone/1 at 1f1f.* is gated: accept its licence .*hf auth login"),
        (lambda hub: hub.repositories.pop("someone/1"), "someone/1 at 1f1f.* is not on the hub, or private; check"),
        (lambda hub: hub.add("someone/1", hub.repositories.pop("someone/1")[COMMIT], "2e" * 20), "no such revision"),
        (spoil_weights, "someone/1 at 1f1f.* has no weights that can be read"),
        (lose_a_part, "is half there: it has no model-00002-of-00002.safetensors; name another revision"),
        (lambda hub: hub.repositories["someone/1"][COMMIT].pop("tokenizer.json"), "half there: it has no tokenizer"),
        (lambda hub: hub.lost.add("model.safetensors"), "half there: the hub lists model.safetensors, and has it not"),
        (
            lambda hub: hub.listed.update({"tokenizer.json": 7}),
            "half there: the hub lists tokenizer.json with 7 bytes, and has",
        ),
        (lambda hub: hub.repositories.pop("someone/parser"), "someone/parser at .* is not on the hub"),
        (lambda hub: hub.repositories["someone/parser"][COMMIT].clear(), "has no file model.gguf; correct the recipe"),
        (
            move,
            "someone/1 at 1f1f.* was moved to other/1; look whether that is what you want, and correct the recipe",
        ),
    ],
    ids=[
        "gated", "missing", "revision", "no weights", "a part", "no tokenizer", "lost", "size", "no parser", "no file",
        "moved",
    ],
)  # fmt: skip
def test_a_repository_that_is_not_as_the_recipe_says(
    spoil: Callable[[FakeHub], object], message: str, from_hub: Path, fake_hub: FakeHub, tmp_path: Path
) -> None:
    spoil(fake_hub)
    with pytest.raises(InputError, match=message) as caught:
        plan(from_hub, tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2
    assert nothing_large(fake_hub)


def test_a_parser_of_another_hash_is_found_out_before_it_is_fetched(
    from_hub: Path, fake_hub: FakeHub, tmp_path: Path
) -> None:
    change(from_hub, 'file = "model.gguf"', f'file = "model.gguf"\nsha256 = "{"0" * 64}"')
    with pytest.raises(InputError, match=r"has another model\.gguf than the recipe means: its sha256 differs; correct"):
        plan(from_hub, tmp_path)
    assert nothing_large(fake_hub)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "tiny"', 'name = "tiny"\nfram = 1024', "it has keys that are not known: fram"),
        ("[norm]", "[nrom]", r"section \[norm\] is missing"),
        ("[norm]", "[nrom]\na = 1\n[norm]", "it has keys that are not known: nrom"),
        ("box_threshold", "box_treshold", r"\[detector\] has keys that are not known: box_treshold"),
        ("[norm]", "[parse]\nsure = 7\n[norm]", r"sure in \[parse\] is 7.0; it must be from 0 to 1"),
        ("[norm]", "[verdict]\nbias = 1\n[norm]", r"\[verdict\] lacks accept_at"),
        ('version = "1"', "version = 1", "version is 1; it must be a text"),
        ('version = "1"\n', "", "it lacks version"),
        ('version = "1"', 'version = "1"\nframe = 100', "frame is 100; it must be from 256 to 2,048"),
        ('version = "1"', 'version = "1"\nframe = "1024"', "frame is '1024'; it must be a whole number"),
        ('version = "1"', 'version = "1"\nformat = 2', "it says format, which only a build can say"),
        ("[norm]", "[end_to_end]\npairs = 8\n[norm]", "it says end_to_end, which only a build can say"),
        ("[domain]\nthreshold = 0.0", "", r"\[domain\] and the file of role domain belong together"),
        ("context = 12", 'context = "12"', r"context in \[clip\] is '12'; it must be a whole number"),
        ("context = 12", "", r"\[clip\] lacks context"),
        ('role = "domain"', 'role = "doman"', "'doman'; it must be one of"),
        ('role = "domain"', 'role = "detector"', "two files have the role detector"),
        ('path = "domain.npz"', 'path = "../domain.npz"', "leads outside the bundle"),
        ('path = "vocabulary.txt"', 'path = "../words.txt"', "leads outside the bundle"),
        ('path = "vocabulary.txt"', 'path = "domain.npz"', r"more than one file goes to domain\.npz"),
        ("[norm]", '[[file]]\nrole = "parser_adapter"\npackage = "a"\nsha256 = "zzz"\n[norm]', "64 lower-case"),
        ("[norm]", '[[file]]\nrole = "parser_adapter"\npackage = "a"\n[norm]', "parser_adapter lacks sha256"),
        (
            "[norm]",
            f'[[file]]\nrole = "parser_adapter"\npath = "a"\nbytes = 1\nsha256 = "{"0" * 64}"\n[norm]',
            r"no \[\[copy\]\] puts a there",
        ),
    ],
)
def test_a_recipe_that_makes_no_bundle_is_refused_before_the_hub_is_asked(
    old: str, new: str, message: str, from_hub: Path, fake_hub: FakeHub
) -> None:
    change(from_hub, old, new)
    with pytest.raises(InputError, match=message) as caught:
        plan(from_hub, from_hub.parent)
    assert "\n" not in str(caught.value)
    assert str(from_hub) in str(caught.value)
    assert caught.value.exit_status == 2
    assert fake_hub.requests == []


def test_a_token_that_the_hub_does_not_know(
    from_hub: Path, fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.known = {"hf_right"}
    log_in("hf_wrong", monkeypatch)
    with pytest.raises(InputError, match=r"does not know the token of this machine, .*HF_TOKEN.* hf auth logout"):
        plan(from_hub, tmp_path)
    assert "Bearer hf_wrong" in fake_hub.tokens
    assert nothing_large(fake_hub)
    log_in("hf_right", monkeypatch)
    with pytest.raises(AskedError):
        plan(from_hub, tmp_path)


def test_a_hub_that_cannot_be_reached(from_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfApi  # noqa: PLC0415

    monkeypatch.setattr(huggingface, "HfApi", lambda: HfApi(endpoint="http://127.0.0.1:9"))
    with pytest.raises(InputError, match=r"cannot be reached.*; not here are config\.json, tokenizer\.json, model\."):
        plan(from_hub, tmp_path)


def test_without_the_hub_where_everything_is_here(from_hub: Path, fake_hub: FakeHub, tmp_path: Path) -> None:
    """HF_HUB_OFFLINE, in a process of its own, as it is read on import."""
    for name in fake_hub.repositories:
        huggingface.look_up(name).download(["config.json", "tokenizer.json", "model.safetensors", "model.gguf"])
    command = [Path(sys.executable).with_name("editjudge"), "bundle", "build", from_hub, "--pairs", "0"]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path / "hub")}
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "to download: nothing" in done.stdout
    offline["HF_HUB_CACHE"] = str(tmp_path / "empty")
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "HF_HUB_OFFLINE is set; not here are config.json, tokenizer.json, model.safetensors: unset" in done.stderr


# --- the fallback parser ---


def test_the_fallback_parser_is_asked_of_the_hub_only_where_it_is_wanted(
    gated: Path, fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AskedError):
        plan(gated, tmp_path)
    assert not any("someone/large" in path for _, path, _ in fake_hub.requests)
    with pytest.raises(
        InputError, match=r"someone/large at .* is gated: accept .*; without --fallback it is not needed"
    ) as caught:
        plan(gated, tmp_path, fallback=True)
    assert "\n" not in str(caught.value)
    log_in("hf_not_granted", monkeypatch)
    with pytest.raises(InputError, match="is gated: accept its licence"):
        plan(gated, tmp_path, fallback=True)
    assert nothing_large(fake_hub)
    fake_hub.granted.add("hf_not_granted")
    lines: list[str] = []
    with pytest.raises(AskedError):
        plan(gated, tmp_path, lines, fallback=True)
    assert "fallback_parser 0.0 MB" in "\n".join(lines)


def test_a_fallback_parser_that_the_recipe_has_not(from_hub: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the recipe has no \[fallback_parser\]; leave out --fallback"):
        plan(from_hub, tmp_path, fallback=True)


# --- the machine ---


def test_too_little_memory(from_hub: Path, fake_hub: FakeHub, tmp_path: Path) -> None:
    """More than there is on any machine."""
    change(from_hub, "[export.clip]", "[build]\nmemory = 99_999\n\n[export.clip]")
    with pytest.raises(OutOfMemoryError, match=r"needs 99999\.0 GB of memory, and [\d.]+ GB are free here; .*pull"):
        plan(from_hub, tmp_path)
    assert nothing_large(fake_hub)


def test_too_little_room_on_the_disk(from_hub: Path, fake_hub: FakeHub, tmp_path: Path) -> None:
    change(from_hub, "[export.clip]", "[build]\ndisk = 999_999\n\n[export.clip]")
    with pytest.raises(InputError, match=r"999999\.0 GB for the bundle .* needed, and that disk has .*--output"):
        plan(from_hub, tmp_path)
    assert nothing_large(fake_hub)


# --- recipes that were copied ---


@pytest.mark.parametrize("name", editjudge_models.recipe_names())
def test_a_copied_recipe_finds_what_it_copies(name: str, tmp_path: Path) -> None:
    copied = Path(shutil.copy(editjudge_models.recipe_path(name), tmp_path / "my.toml"))
    recipe = replace(read_recipe(copied), parsers={})
    check_copies(recipe)
    (tmp_path / "bundle").mkdir()
    tables = list(copy_files(recipe, tmp_path / "bundle", {}))
    studio = Bundle.load("studio")
    assert [table["role"] for table in tables] == ["difference", *["parser_adapter"] * name.startswith("photo")]
    for table in tables:
        assert (tmp_path / "bundle" / table["path"]).read_bytes() == studio.file(table["role"]).read_bytes()
    told = tomllib.loads(copied.read_text(encoding="utf-8"))["difference"]
    settings = studio.settings("difference")
    assert {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()} == asdict(settings)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ('from = "../words.txt"', InputError, r"there is no file .*words\.txt, which the recipe copies to .*relative"),
        ('bundle = "studio"\nfrom = "none.txt"', InputError, r"there is no file .*none\.txt, which the recipe copies"),
        ('bundle = "none"\nfrom = "vocabulary.txt"', BundleError, r"there is no bundle named 'none' \(there are: "),
        ('bundle = "studio"\nfrom = "../words.txt"', InputError, "leads outside the bundle"),
    ],
)
def test_what_a_copied_recipe_does_not_find(
    table: str, error: type[Exception], message: str, from_hub: Path, tmp_path: Path
) -> None:
    change(from_hub, 'from = "words.txt"', table)
    with pytest.raises(error, match=message) as caught:
        plan(from_hub, tmp_path)
    assert "\n" not in str(caught.value)


# --- the whole way ---


def test_from_a_copied_recipe_to_a_score(
    from_hub: Path, fake_hub: FakeHub, tmp_path: Path, grey_edit: tuple[Path, Path]
) -> None:
    """The commands of the README after `pip install`, as a newcomer types them."""
    tiny = tomllib.loads(from_hub.read_text())
    kept = {name: value for name, value in tiny.items() if name != "domain"}
    (tmp_path / "mine").mkdir()
    recipe = tmp_path / "mine" / "my.toml"
    recipe.write_text(tomli_w.dumps(with_small_parser(kept)))
    home = {"EDITJUDGE_HOME": str(tmp_path / "home"), "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": fake_hub.url}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")} | home
    program = Path(sys.executable).with_name("editjudge")
    command = [program, "bundle", "build", recipe, "--pairs", "0"]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    told = ["loading torch and transformers", "look for clip", "look for detector", "look for segmenter"]
    lines = built.stdout.splitlines()
    assert lines[:4] == told
    assert lines[4].startswith("to download: ")
    command = [program, "score", *grey_edit, "make the cup blue", "--bundle", "tiny", "--json"]
    scored = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (scored.returncode, scored.stderr) == (0, "")
    score = json.loads(scored.stdout)
    assert (score["bundle"], score["intent"]["source"]) == ("tiny", "cup")


def test_leave_is_asked_for_only_in_a_terminal(
    from_hub: Path, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pty = pytest.importorskip("pty")
    command = [str(Path(sys.executable).with_name("editjudge")), "bundle", "build", str(from_hub), "--pairs", "0"]
    monkeypatch.setenv("HF_ENDPOINT", fake_hub.url)
    printed = bytearray()

    def read(descriptor: int) -> bytes:
        block = os.read(descriptor, 1024)
        printed.extend(block)
        return block

    answers = [b"n\n"]
    status = pty.spawn(command, read, lambda _: answers.pop() if answers else b"")
    assert os.waitstatus_to_exitcode(status) == 2
    assert b"Download " in printed
    assert b"build tiny? [Y/n]" in printed
    assert b"nothing was downloaded and nothing built, as you said; --yes" in printed
    assert nothing_large(fake_hub)
