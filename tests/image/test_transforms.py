"""The resizing, cropping and normalising that models are fed with."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.image.transforms import crop_box, fit_frame, frame_scale, resize, resize_and_center_crop, to_tensor
from support.pictures import BLUE, RED


def test_a_frame_is_scaled_down_by_area_and_never_up(picture: np.ndarray) -> None:
    big = np.kron(picture, np.ones((100, 100, 1), np.uint8))
    frame = fit_frame(big)
    assert frame.shape == (384, 512, 3)
    assert (frame[:, :256] == RED).all()
    assert (frame[:, 256:] == BLUE).all()
    same = fit_frame(picture)
    np.testing.assert_array_equal(same, picture)
    assert not np.shares_memory(same, picture)


def test_a_frame_may_be_larger_and_lengths_in_it_grow_with_the_picture(picture: np.ndarray) -> None:
    big = np.kron(picture, np.ones((100, 100, 1), np.uint8))  # 2,400 x 3,200
    frame = fit_frame(big, 1024)
    assert frame.shape == (768, 1024, 3)
    assert (frame[:, :512] == RED).all()
    assert [frame_scale(shape) for shape in ((768, 1024, 3), (384, 512, 3), (9, 100), (640, 300))] == [2, 1, 1, 1.25]


def test_resizing_keeps_what_has_the_size(picture: np.ndarray) -> None:
    assert resize(picture, 32, 24, "area") is picture
    assert resize(picture, 7, 5, "bilinear").shape == (5, 7, 3)


@pytest.mark.parametrize(("height", "width"), [(16, 32), (20, 24), (31, 33), (64, 128), (20, 128)])
def test_by_area_a_pixel_is_the_mean_of_what_it_covers(height: int, width: int) -> None:
    rows, columns = np.mgrid[:64, :128]
    image = np.stack([2 * columns, 4 * rows, np.full_like(rows, 7)], axis=-1).astype(np.uint8)
    across, down = ((np.arange(count) + 0.5) * side / count - 0.5 for count, side in ((width, 128), (height, 64)))
    exact = np.stack([*np.meshgrid(2 * across, 4 * down), np.full((height, width), 7)], axis=-1)
    # One level for each of at most three roundings.
    np.testing.assert_allclose(resize(image, width, height, "area"), exact, atol=3)


def test_clip_preprocessing_equals_transformers(golden: dict[str, np.ndarray]) -> None:
    cut = [resize_and_center_crop(golden[name], 16, "bicubic") for name in ("wide", "tall")]
    np.testing.assert_allclose(to_tensor(cut, golden["mean"], golden["std"]), golden["clip"], atol=2e-6)


def test_center_crop_of_a_sliver_stays_small() -> None:
    assert resize_and_center_crop(np.zeros((1, 3000, 3), np.uint8), 224, "bicubic").shape == (224, 224, 3)
    assert resize_and_center_crop(np.zeros((40, 30, 3), np.uint8), 16, "area").shape == (16, 16, 3)


def test_tensor_is_scaled_and_normalised() -> None:
    image = np.full((2, 2, 3), (0, 51, 255), np.uint8)
    tensor = to_tensor([image], [0.5, 0.5, 0.5], [0.5, 0.25, 0.1])
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0, :, 0, 0], [-1.0, -1.2, 5.0], atol=1e-6)


@pytest.mark.parametrize(
    ("box", "grow", "rows", "columns"),
    [
        ((10, 10, 20, 30), 1.0, (10, 30), (10, 20)),
        ((10, 10, 20, 30), 1.2, (8, 32), (9, 21)),
        ((0.5, 0.5, 9.5, 9.5), 2.0, (0, 14), (0, 14)),
        ((90, 40, 100, 50), 1.2, (39, 50), (89, 100)),
        ((5, 5, 5, 5), 1.2, (5, 6), (5, 6)),
        ((100, 50, 100, 50), 1.2, (49, 50), (99, 100)),
        ((-9, -9, -5, -5), 1.0, (0, 1), (0, 1)),
    ],
)
def test_crop_box(box: tuple, grow: float, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    assert crop_box(box, grow, (50, 100, 3)) == (slice(*rows), slice(*columns))
