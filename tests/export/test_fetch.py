"""Checkpoints and parsers from a hub and from folders, and everything that can be wrong with them."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

pytest.importorskip("torch")
import torch
from safetensors.torch import load_file
from transformers import CLIPModel, SamModel

from editjudge.bundles import huggingface
from editjudge.errors import InputError
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.checkpoints.fetch import fetch_checkpoint, fetch_parser
from editjudge_export.checkpoints.origins import CheckpointSource, ParserFile
from support.fake_hub import COMMIT, FakeHub
from support.killed_process import kill_midway

pytestmark = pytest.mark.export

CLIP = CheckpointSource(hub="someone/clip", revision=COMMIT)
SAM = CheckpointSource(hub="someone/sam", revision=COMMIT)
PARSER = ParserFile(hub="someone/parser", file="model.gguf", revision=COMMIT)
GGUF = b"GGUF" + bytes(100)
PAGE = "https://huggingface.co/someone/clip"

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def served(fake_hub: FakeHub, clip_checkpoint: Path, sam_checkpoint: Path) -> FakeHub:
    """Repositories with more in them than is wanted; blocks large enough for tests to be quick."""
    for name, folder in (("clip", clip_checkpoint), ("sam", sam_checkpoint)):
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        extra = {"README.md": b"...", "model.py": b"raise", "flax_model.msgpack": b"x", "pytorch_model.bin": b"x"}
        fake_hub.add(f"someone/{name}", {**extra, **files})
    fake_hub.add("someone/parser", {"model.gguf": GGUF, "other.gguf": b"GGUF"})
    return fake_hub


def files_of(served: FakeHub, name: str = "clip") -> dict[str, bytes]:
    return served.repositories[f"someone/{name}"][COMMIT]


def pickled(served: FakeHub, clip_checkpoint: Path, tmp_path: Path) -> None:
    """Serves CLIP's weights as a pickle only."""
    files = files_of(served)
    torch.save(load_file(clip_checkpoint / "model.safetensors"), tmp_path / "weights.bin")
    files["pytorch_model.bin"] = (tmp_path / "weights.bin").read_bytes()
    del files["model.safetensors"]


def test_only_what_is_needed_is_fetched_and_it_works_offline_then(served: FakeHub) -> None:
    fetched = fetch_checkpoint("clip", CLIP)
    assert (fetched.source, fetched.revision) == (PAGE, COMMIT)
    assert {path.name for path in fetched.path.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}
    load_model(fetched.path, CLIPModel)
    served.requests.clear()
    assert fetch_checkpoint("clip", CLIP) == fetched
    assert served.requests == []


def test_without_a_revision_the_newest_is_taken_and_told(served: FakeHub) -> None:
    assert fetch_checkpoint("segmenter", CheckpointSource(hub="someone/sam")).revision == COMMIT
    assert fetch_parser(ParserFile(hub="someone/parser", file="model.gguf")).revision == COMMIT


def test_a_transfer_that_breaks_off_is_gone_on_with(served: FakeHub) -> None:
    half = len(files_of(served)["model.safetensors"]) // 2
    served.cuts["model.safetensors"] = [half, None]
    with pytest.raises(
        InputError, match=r"someone/clip at 1f1f.* cannot be fetched: .*not here are .*--from"
    ) as caught:
        fetch_checkpoint("clip", CLIP)
    assert "\n" not in str(caught.value)
    served.cuts.clear()
    served.requests.clear()
    fetched = fetch_checkpoint("clip", CLIP)
    assert half - 64 < served.starts("model.safetensors")[0] <= half
    assert (fetched.path / "model.safetensors").read_bytes() == files_of(served)["model.safetensors"]


def test_a_process_that_is_killed_is_gone_on_from(served: FakeHub, tmp_path: Path) -> None:
    """With the real block of 10 MB, in a process that is ended by force."""
    content = os.urandom(13_000_000)
    files_of(served)["model.safetensors"] = content
    served.holds["model.safetensors"] = 12_000_000
    look_up = "from editjudge.bundles.huggingface import look_up"
    code = f"{look_up}; print(look_up('someone/clip').download(['model.safetensors']))"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(tmp_path / "home")}
    arrived = kill_midway(command, environment, tmp_path, "*.incomplete")
    served.released.set()
    served.holds.clear()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert served.starts("model.safetensors") == [0, arrived]
    assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == content
    assert done.stderr == ""


def test_a_hub_that_is_gone(served: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = fetch_checkpoint("clip", CLIP)
    (fetched.path / "tokenizer.json").unlink()
    monkeypatch.setattr(huggingface, "HfApi", lambda: hub_at("http://127.0.0.1:9"))
    with pytest.raises(InputError, match=r"cannot be reached.*; not here are tokenizer\.json: connect, or .*--from"):
        fetch_checkpoint("clip", CLIP)
    with pytest.raises(InputError, match=r"not here are config\.json, model\.safetensors: connect"):
        fetch_checkpoint("segmenter", SAM)
    with pytest.raises(InputError, match=r"not here are model\.gguf: connect"):
        fetch_parser(PARSER)


def hub_at(url: str) -> object:
    from huggingface_hub import HfApi  # noqa: PLC0415

    return HfApi(endpoint=url)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (CheckpointSource(hub="someone/none", revision=COMMIT), "someone/none at 1f1f.* is not on the hub, or private"),
        (CheckpointSource(hub="someone/clip", revision="2e" * 20), "its repository has no such revision"),
        (CheckpointSource(hub="someone/sam", revision=COMMIT), "holds a model of type 'sam'; CLIPModel needs 'clip'"),
        (CheckpointSource(hub="someone/parser", revision=COMMIT), r"is no checkpoint: it has no config\.json"),
        (CheckpointSource(checkpoint=Path("nowhere")), "there is no checkpoint folder nowhere"),
    ],
)
def test_what_cannot_be_fetched(wanted: CheckpointSource, message: str, served: FakeHub) -> None:
    with pytest.raises(InputError, match=message) as caught:
        fetch_checkpoint("clip", wanted)
    assert "\n" not in str(caught.value)
    assert served.starts("model.safetensors") == []


def test_a_gated_repository(served: FakeHub) -> None:
    served.gated |= {"someone/clip", "someone/parser"}
    for fetch in (lambda: fetch_checkpoint("clip", CLIP), lambda: fetch_parser(PARSER)):
        with pytest.raises(InputError, match=r"is gated: accept its licence .* hf auth login"):
            fetch()


def test_a_disk_without_room(served: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    with pytest.raises(InputError, match=r"needs .* MB, and .* has 0 MB free; .*HF_HOME"):
        fetch_checkpoint("clip", CLIP)
    assert served.starts("model.safetensors") == []


def test_pickled_weights_are_refused_before_they_are_fetched(
    served: FakeHub, clip_checkpoint: Path, tmp_path: Path
) -> None:
    pickled(served, clip_checkpoint, tmp_path)
    with pytest.raises(InputError, match=r"pickled weights only, .*--allow-pickle"):
        fetch_checkpoint("clip", CLIP)
    assert served.starts("pytorch_model.bin") == []


def test_pickled_weights_that_are_allowed_become_safetensors(
    served: FakeHub, clip_checkpoint: Path, tmp_path: Path
) -> None:
    pickled(served, clip_checkpoint, tmp_path)
    fetched = fetch_checkpoint("clip", CLIP, allow_pickle=True)
    assert (fetched.source, fetched.revision) == (PAGE, COMMIT)
    assert {path.name for path in fetched.path.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not list(fetched.path.glob("*.bin"))
    before, after = (load_model(folder, CLIPModel).state_dict() for folder in (clip_checkpoint, fetched.path))
    assert all(torch.equal(before[name], after[name]) for name in before)
    served.requests.clear()
    assert fetch_checkpoint("clip", CLIP, allow_pickle=True) == fetched
    assert served.requests == []


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_code_in_a_pickle_is_not_run_even_where_pickles_are_allowed(served: FakeHub, tmp_path: Path) -> None:
    files = files_of(served)
    del files["model.safetensors"]
    torch.save({"logit_scale": Bomb(tmp_path / "exploded")}, tmp_path / "bomb.bin")
    files["pytorch_model.bin"] = (tmp_path / "bomb.bin").read_bytes()
    with pytest.raises(InputError, match="cannot be loaded as CLIPModel"):
        fetch_checkpoint("clip", CLIP, allow_pickle=True)
    assert not (tmp_path / "exploded").exists()
    pickle.loads(pickle.dumps(Bomb(tmp_path / "exploded")))
    assert (tmp_path / "exploded").exists()


def test_code_that_a_config_names_is_neither_fetched_nor_run(served: FakeHub, tmp_path: Path) -> None:
    files = files_of(served)
    config = json.loads(files["config.json"])
    config["auto_map"] = {"AutoModel": "model.Mine", "AutoConfig": "model.Mine"}
    files["config.json"] = json.dumps(config).encode()
    files["model.py"] = f"open({str(tmp_path / 'ran')!r}, 'w')".encode()
    fetched = fetch_checkpoint("clip", CLIP)
    assert not (fetched.path / "model.py").exists()
    (fetched.path / "model.py").write_bytes(files["model.py"])
    load_model(fetched.path, CLIPModel)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("path", "source", "revision"),
    [
        ("clip", "a local folder", ""),
        ("someone/clip", "a local folder", ""),
        ("someone--clip", "a local folder", ""),
        (f"models--someone--clip/snapshots/{COMMIT}", PAGE, COMMIT),
    ],
)
def test_a_folder_instead_of_the_hub(
    path: str, source: str, revision: str, clip_checkpoint: Path, tmp_path: Path
) -> None:
    shutil.copytree(clip_checkpoint, tmp_path / "from" / path)
    fetched = fetch_checkpoint("clip", CLIP, tmp_path / "from")
    assert (fetched.path, fetched.source, fetched.revision) == (tmp_path / "from" / path, source, revision)


def test_a_folder_of_the_repositorys_name(sam_checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(sam_checkpoint, tmp_path / "sam")
    assert fetch_checkpoint("segmenter", SAM, tmp_path).path == tmp_path / "sam"


def test_a_folder_that_lacks_it(tmp_path: Path) -> None:
    (tmp_path / "models--someone--clip" / "snapshots" / ("2e" * 20)).mkdir(parents=True)
    with pytest.raises(InputError, match=r"has no clip: there is none of clip, someone/clip, .*models--someone--clip"):
        fetch_checkpoint("clip", CLIP, tmp_path)
    with pytest.raises(InputError, match=r"has no parser: there is none of parser/model\.gguf, .*, model\.gguf"):
        fetch_parser(PARSER, tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .*; --from must name one"):
        fetch_checkpoint("clip", CLIP, tmp_path / "none")


def test_the_newest_of_a_cache_where_the_recipe_says_no_revision(sam_checkpoint: Path, tmp_path: Path) -> None:
    cache = tmp_path / "models--someone--sam"
    shutil.copytree(sam_checkpoint, cache / "snapshots" / COMMIT)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(COMMIT)
    assert fetch_checkpoint("segmenter", CheckpointSource(hub="someone/sam"), tmp_path).revision == COMMIT


def test_what_the_recipe_has_itself_is_replaced_only_by_what_is_there(clip_checkpoint: Path, tmp_path: Path) -> None:
    own = CheckpointSource(checkpoint=clip_checkpoint, source="a seed", revision="3")
    fetched = fetch_checkpoint("clip", own, tmp_path)
    assert (fetched.path, fetched.source, fetched.revision) == (clip_checkpoint, "a seed", "3")
    shutil.copytree(clip_checkpoint, tmp_path / "clip")
    assert fetch_checkpoint("clip", own, tmp_path).path == tmp_path / "clip"


def broken(folder: Path, tmp_path: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "from" / name)) / "model.safetensors"


def test_half_downloaded_weights(clip_checkpoint: Path, tmp_path: Path) -> None:
    weights = broken(clip_checkpoint, tmp_path, "clip")
    whole = weights.read_bytes()
    for content, message in (
        (whole[:-1], r"model\.safetensors is half-downloaded or damaged \(.*\); delete it"),
        (whole[:1000], "is half-downloaded or damaged"),
        (b"", "is half-downloaded or damaged"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer to the weights .*git lfs pull"),
    ):
        weights.write_bytes(content)
        with pytest.raises(InputError, match=message):
            fetch_checkpoint("clip", CLIP, tmp_path / "from")
    weights.rename(weights.with_suffix(".safetensors.incomplete"))
    with pytest.raises(InputError, match=r"no model\.safetensors, only model\.safetensors\.incomplete, broken off"):
        fetch_checkpoint("clip", CLIP, tmp_path / "from")


def test_weights_in_several_files(sam_checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "from" / "segmenter"
    model = load_model(sam_checkpoint, SamModel)
    model.save_pretrained(folder, max_shard_size="50KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 2
    fetched = fetch_checkpoint("segmenter", SAM, tmp_path / "from")
    after = load_model(fetched.path, SamModel).state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in model.state_dict().items())
    content = shards[1].read_bytes()
    shards[1].write_bytes(content[:-10])
    with pytest.raises(InputError, match=f"{shards[1].name} is half-downloaded"):
        fetch_checkpoint("segmenter", SAM, tmp_path / "from")
    shards[1].unlink()
    with pytest.raises(InputError, match=f"has no {shards[1].name}; fetch"):
        fetch_checkpoint("segmenter", SAM, tmp_path / "from")
    for index in ("{", "{}", '{"weight_map": {}}', '{"weight_map": {"a": "../../b.safetensors"}}'):
        (folder / "model.safetensors.index.json").write_text(index)
        with pytest.raises(InputError, match="is no index of weights"):
            fetch_checkpoint("segmenter", SAM, tmp_path / "from")


def test_a_parser(served: FakeHub, tmp_path: Path) -> None:
    digest = hashlib.sha256(GGUF).hexdigest()
    fetched = fetch_parser(ParserFile(hub="someone/parser", file="model.gguf", revision=COMMIT, sha256=digest))
    assert fetched.path.read_bytes() == GGUF
    assert (fetched.source, fetched.revision) == ("https://huggingface.co/someone/parser", COMMIT)
    assert {path.name for path in fetched.path.parent.iterdir()} == {"model.gguf"}
    assert fetch_parser(ParserFile(path=fetched.path, source="mine")).source == "mine"
    for path in ("parser/model.gguf", "someone/parser/model.gguf", "someone--parser/model.gguf", "model.gguf"):
        (tmp_path / "from" / path).parent.mkdir(parents=True)
        (tmp_path / "from" / path).write_bytes(GGUF)
        assert fetch_parser(PARSER, tmp_path / "from").path == tmp_path / "from" / path
        shutil.rmtree(tmp_path / "from")


def test_a_wrong_parser(served: FakeHub, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(InputError, match=r"has another model\.gguf than the recipe means"):
        fetch_parser(ParserFile(hub="someone/parser", file="model.gguf", revision=COMMIT, sha256=digest))
    assert served.starts("model.gguf") == []
    (tmp_path / "model.gguf").write_bytes(GGUF)
    with pytest.raises(InputError, match=r"is not the file that the recipe means, or half-downloaded"):
        fetch_parser(ParserFile(path=tmp_path / "model.gguf", sha256=digest))
    with pytest.raises(InputError, match=r"has no file none\.gguf; correct the recipe"):
        fetch_parser(ParserFile(hub="someone/parser", file="none.gguf", revision=COMMIT))
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(InputError, match="is no GGUF file"):
        fetch_parser(ParserFile(path=tmp_path / "page.gguf"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        fetch_parser(ParserFile(path=tmp_path / "none.gguf"))
