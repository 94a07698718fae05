"""Floats from 0 to 1 as pictures."""

from __future__ import annotations

import numpy as np
import pytest

import editjudge
from editjudge import ImageError, from_float
from editjudge.image.decode import load_image


class Tensor:
    """What is used of a tensor of torch that is on a device and has a gradient."""

    def __init__(self, values: np.ndarray, state: str = "gradient") -> None:
        self._values, self._state = values, state

    def detach(self) -> Tensor:
        return Tensor(self._values, "device")

    def cpu(self) -> Tensor:
        assert self._state == "device"
        return Tensor(self._values, "host")

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        assert self._state == "host"
        return self._values


def test_every_level_comes_back(picture: np.ndarray) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    for kind in (np.float64, np.float32, np.float16):
        for wanted in (levels, picture):
            made = from_float(wanted.astype(kind) / kind(255))
            assert made.dtype == np.uint8
            np.testing.assert_array_equal(made, wanted)
    assert load_image(made) is made


def test_values_between_levels_are_rounded() -> None:
    values = np.full((8, 8, 3), 100.49 / 255), np.full((8, 8, 3), 100.51 / 255)
    assert [int(from_float(one)[0, 0, 0]) for one in values] == [100, 101]


def test_a_batch_is_a_list(picture: np.ndarray) -> None:
    made = from_float(np.stack([picture, picture[::-1]]) / np.float32(255))
    assert isinstance(made, list)
    np.testing.assert_array_equal(made[0], picture)
    np.testing.assert_array_equal(made[1], picture[::-1])


def test_gray_and_alpha() -> None:
    gray = from_float(np.full((8, 9, 1), 0.2, np.float32))
    assert gray.shape == (8, 9, 3)
    assert (gray == 51).all()
    clear = np.zeros((8, 8, 4), np.float32)
    clear[..., 0], clear[..., 3] = 1.0, 0.4
    assert (from_float(clear) == (255, 153, 153)).all()  # 0.4 of red over 0.6 of white


def test_a_tensor_is_taken_off_its_device_and_its_gradient(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(from_float(Tensor(picture / np.float32(255))), picture)
    with pytest.raises(ImageError, match=r"a Tensor is no picture; hand in editjudge\.from_float\(it\)"):
        load_image(Tensor(picture / np.float32(255)))  # type: ignore[arg-type]


@pytest.mark.export
def test_tensors_of_torch(picture: np.ndarray) -> None:
    import torch  # noqa: PLC0415

    values = torch.from_numpy(picture.astype(np.float32) / 255)
    for tensor in (values, values.double(), values.half(), values.clone().requires_grad_()):
        np.testing.assert_array_equal(from_float(tensor), picture)
    assert np.abs(from_float(values.bfloat16()).astype(int) - picture).max() <= 1  # it has 8 bits
    with pytest.raises(ImageError, match=r"permute\(1, 2, 0\)"):
        from_float(values.permute(2, 0, 1))
    for kind in (torch.float32, torch.bfloat16):
        with pytest.raises(ImageError, match="a Tensor without data holds no picture; hand in its values"):
            from_float(torch.zeros(8, 9, 3, device="meta", dtype=kind))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 8, 9)), r"looks like \[C, H, W\]: permute\(1, 2, 0\) it"),
        (np.zeros((2, 3, 8, 9)), r"looks like \[B, C, H, W\]: permute\(0, 2, 3, 1\) it"),
        (np.zeros((8, 9)), r"add an axis: values\[\.\.\., None\]"),
        (np.zeros((8, 9, 5)), r"with 1, 3 or 4 channels, not \[8, 9, 5\]"),
        (np.zeros((0, 8, 9, 3)), "hold no picture"),
        (np.full((8, 8, 3), np.nan), "hold NaN or infinity"),
        (np.full((8, 8, 3), np.inf), "hold NaN or infinity"),
        (np.linspace(-1, 1, 192).reshape(8, 8, 3), r"from -1 to 1 and not from 0 to 1; .*hand in \(values \+ 1\) / 2"),
        (np.linspace(0, 255, 192).reshape(8, 8, 3), r"from 0 to 255 and not from 0 to 1; .*values / 255"),
        (np.linspace(0, 1.2, 192).reshape(8, 8, 3), "clip what goes beyond"),
        (np.zeros((8, 8, 3), np.uint8), r"takes floats from 0 to 1, not uint8; hand in uint8\[H, W, 3\]"),
        ("words", "takes floats"),
        ([[1.0], [1.0, 2.0]], "cannot be made an array"),
        ([np.zeros((8, 8, 3)), np.zeros((9, 8, 3))], r"\Aa list of different sizes .*; call from_float for each\Z"),
        ((np.zeros((8, 8, 3)), np.zeros((8, 9, 3))), r"\Aa tuple of different sizes .*; call from_float for each\Z"),
        (None, "is no array of floats"),
    ],
)  # fmt: skip
def test_what_is_no_picture(values: object, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        from_float(values)


def test_what_rounding_leaves_is_no_fault() -> None:
    values = np.full((8, 8, 3), 1.0015)
    values[0] = -0.0015
    made = from_float(values)
    assert (made[1:] == 255).all()
    assert (made[0] == 0).all()


def test_floats_that_are_handed_in_as_they_are() -> None:
    with pytest.raises(ImageError, match=r"not float32\[9, 9, 3\]; editjudge\.from_float makes it"):
        load_image(np.zeros((9, 9, 3), np.float32))
    assert editjudge.from_float is from_float
