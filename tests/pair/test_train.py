"""The training of the embedding of edits: its loss, its batches, and that it can be cut off."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from editjudge.errors import InputError  # noqa: E402
from pair import train  # noqa: E402
from pair.batches import Batches  # noqa: E402
from pair.commands import state  # noqa: E402
from pair.examples import Examples, PairTensors  # noqa: E402
from pair.loss import HALF_RIGHT, NONE, NOT_AT_ALL, EmbeddedBatch, compute_losses  # noqa: E402
from pair.shards import ExamplePair, write_shard  # noqa: E402
from pair.studio_examples import draw_edit  # noqa: E402
from pair.tokenizer import pair_tokenizer  # noqa: E402
from support.full_disk import full_disk  # noqa: E402

pytestmark = pytest.mark.export

BUNDLE = "studio"
SIZE = 8


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sixteen edits of the studio."""
    folder = tmp_path_factory.mktemp("pairs")
    write_shard(folder / "0000.npz", [list(draw_edit(index)) for index in range(16)], BUNDLE)
    return folder


def new_batches(shards: Path) -> Batches:
    return Batches(Examples.load([shards]), pair_tokenizer(), seed=3, size=SIZE)


def small_model(batches: Batches) -> "train.EditClipModel":
    torch.manual_seed(4)
    return train.new_model(batches.examples.width, "joined", True, batches.tokenizer)


def test_the_loss_is_that_of_its_formula() -> None:
    generator = torch.Generator().manual_seed(5)
    texts, edits, reverse = (
        torch.nn.functional.normalize(torch.randn(3, 6, generator=generator), dim=-1) for _ in range(3)
    )
    hard = torch.nn.functional.normalize(torch.randn(3, 2, 6, generator=generator), dim=-1)
    tier = torch.tensor([[HALF_RIGHT, NOT_AT_ALL], [NOT_AT_ALL, NONE], [HALF_RIGHT, NONE]])
    same = torch.eye(3, dtype=torch.bool)
    same[0, 2] = same[2, 0] = True
    parts = compute_losses(EmbeddedBatch(texts, edits, hard, reverse, tier, same), torch.tensor(7.0))

    own = 7 * np.einsum("bd,bhd->bh", texts.numpy(), hard.numpy())
    among = 7 * texts.numpy() @ edits.numpy().T
    rivals = {0: [0, 1], 1: [0, 1, 2], 2: [1, 2]}
    found, named = [], []
    for row, columns in rivals.items():
        hards = [own[row, place] for place in range(2) if tier[row, place] != NONE]
        found.append(np.log(np.exp([*among[row, columns], *hards]).sum()) - among[row, row])
        named.append(np.log(np.exp(among[columns, row]).sum()) - among[row, row])
    first = np.log(np.exp(own[0]).sum()) - own[0, 0]  # the half right one against the wrong one; the third has no wrong
    backward = 7 * (texts * reverse).sum(1).numpy()
    assert float(parts["find_edit"]) == pytest.approx(np.mean(found), abs=1e-5)
    assert float(parts["find_text"]) == pytest.approx(np.mean(named), abs=1e-5)
    assert float(parts["half_right"]) == pytest.approx(first / 2, abs=1e-5)
    assert float(parts["direction"]) == pytest.approx(np.log1p(np.exp(backward - np.diag(among))).mean(), abs=1e-5)


def test_pairs_are_reversed_left_unchanged_and_mirrored() -> None:
    features, details = torch.arange(2 * 4 * 2 * 3.0).view(2, 4, 2, 3), torch.rand(2, 4, 2, 3, 12, 12)
    boxes = torch.tensor([0.1, 0.2, 0.5, 0.9]).expand(2, 4, 4)
    pairs = PairTensors(features, details, boxes, torch.ones(2, 4))
    assert torch.equal(pairs.reversed().features[:, :, 0], features[:, :, 1])
    assert torch.equal(pairs.reversed().details[:, :, 1], details[:, :, 0])
    unchanged = pairs.unchanged()
    assert torch.equal(unchanged.features[:, :, 1], features[:, :, 0])
    assert unchanged.seen.tolist() == [[1, 0, 0, 0]] * 2
    mirrored = pairs.mirrored(torch.tensor([True, False]))
    torch.testing.assert_close(mirrored.boxes[0, 0], torch.tensor([0.5, 0.2, 0.9, 0.9]))
    assert torch.equal(mirrored.boxes[1], boxes[1])
    assert torch.equal(mirrored.details[0], details[0].flip(-1))
    assert torch.equal(mirrored.details[1], details[1])


def test_a_batch_is_the_same_for_the_same_step(shards: Path) -> None:
    one, other = (new_batches(shards).draw(1) for _ in range(2))
    assert torch.equal(one[0]["input_ids"], other[0]["input_ids"])
    assert all(torch.equal(*pair) for pair in zip(vars(one[1]).values(), vars(other[1]).values(), strict=True))
    assert not torch.equal(one[0]["input_ids"], new_batches(shards).draw(0)[0]["input_ids"])


def test_edits_of_one_original_are_told_from_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    original, *edited = rng.integers(0, 255, (4, 32, 32, 3), np.uint8)
    edits = [[ExamplePair(original, picture, 2, f"edit {index}", scene=9)] for index, picture in enumerate(edited[:2])]
    edits.append([ExamplePair(edited[2], original, 2, "another", scene=8)])
    edits.append([ExamplePair(original, edited[2], 2, "Edit 1.", scene=9)])
    write_shard(tmp_path / "0000.npz", edits, BUNDLE)
    examples = Examples.load([tmp_path])
    assert examples.find_others(0) == [(1, NOT_AT_ALL), (3, NOT_AT_ALL)]
    assert examples.find_others(1) == [(0, NOT_AT_ALL)]  # the fourth does what the second was asked for
    assert examples.find_others(2) == []


@pytest.mark.usefixtures("one_thread")
def test_sixteen_edits_are_learnt(shards: Path, tmp_path: Path) -> None:
    batches = new_batches(shards)
    losses = []

    def measure(model: "train.EditClipModel") -> float:
        with torch.no_grad():
            batch = train.embed_batch(model.eval(), batches, 0, torch.device("cpu"))
            return float(compute_losses(batch, torch.tensor(12.0))["find_edit"])

    losses.append(measure(small_model(batches)))
    train.train(tmp_path, batches, 40, lambda: small_model(batches))
    losses.append(measure(train.EditClipModel.from_pretrained(tmp_path)))
    assert losses[1] < 0.5 * losses[0], losses


class Killed(BaseException):
    """As nothing catches it, all stays as it was."""


def whole_weights(shards: Path, folder: Path) -> dict[str, "torch.Tensor"]:
    batches = new_batches(shards)
    train.train(folder, batches, 2.5, lambda: small_model(batches))
    return train.EditClipModel.from_pretrained(folder).state_dict()


def check_resumed(shards: Path, folder: Path, whole: dict[str, "torch.Tensor"], first_step: int) -> None:
    """Goes on in the folder, and compares the steps that were left and the weights at the end."""
    batches, steps = new_batches(shards), []
    draw = batches.draw
    batches.draw = lambda step: steps.append(step) or draw(step)  # type: ignore[method-assign]
    train.train(folder, batches, 2.5, lambda: small_model(batches))
    assert steps == list(range(first_step, 5))
    ended = train.EditClipModel.from_pretrained(folder).state_dict()
    for name, weight in whole.items():
        torch.testing.assert_close(ended[name], weight, msg=name)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "state.pt",
        "tokenizer.json",
    ]


@pytest.mark.usefixtures("one_thread")
def test_a_training_that_was_cut_off_ends_as_one_that_was_not(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "SAVE_EVERY", 2)
    whole = whole_weights(shards, tmp_path / "whole")
    batches = new_batches(shards)
    draw = batches.draw

    def break_off(step: int) -> object:
        if step == 3:
            raise Killed
        return draw(step)

    monkeypatch.setattr(batches, "draw", break_off)
    with pytest.raises(Killed):
        train.train(tmp_path / "cut", batches, 2.5, lambda: small_model(batches))
    check_resumed(shards, tmp_path / "cut", whole, first_step=2)


@pytest.mark.parametrize(("name", "first_step"), [("state.pt", 2), ("config.json", 4), ("model.safetensors", 4)])
@pytest.mark.usefixtures("one_thread")
def test_a_training_that_was_cut_off_while_it_saved_ends_as_one_that_was_not(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, first_step: int
) -> None:
    monkeypatch.setattr(train, "SAVE_EVERY", 2)
    whole = whole_weights(shards, tmp_path / "whole")
    batches, cut, place = new_batches(shards), tmp_path / "cut", state.os.replace

    def break_off(fresh: Path, path: Path) -> None:
        if path.name == name and path.exists():  # the second time
            raise Killed
        place(fresh, path)

    with monkeypatch.context() as patch:
        patch.setattr(state.os, "replace", break_off)
        with pytest.raises(Killed):
            train.train(cut, batches, 2.5, lambda: small_model(batches))
    check_resumed(shards, cut, whole, first_step)


def test_a_full_disk_is_said_and_the_last_state_stays(shards: Path, tmp_path: Path) -> None:
    batches = new_batches(shards)
    model = small_model(batches)
    optimiser = train.make_optimiser(model, train.RATE)
    train.save(tmp_path, model, batches.tokenizer, optimiser, 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with (
        full_disk(),
        pytest.raises(InputError, match=r"cannot write .*state\.pt: .*; choose another place, or make room"),
    ):
        state.save_state(tmp_path, model, optimiser, 2)
    with full_disk(), pytest.raises(InputError, match=r"cannot write .*: .*; choose another place, or make room"):
        write_checkpoint(tmp_path, model)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert state.load_state(tmp_path, model, optimiser) == 1


def write_checkpoint(folder: Path, model: "train.EditClipModel") -> None:
    with state.write_files(folder) as fresh:
        model.save_pretrained(fresh)
