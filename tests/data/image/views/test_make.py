"""Ten views of a photo: what is drawn, what is cut, what becomes of the colours."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.image.views import make as view_making
from edgehuman.data.image.views.make import (
    Photo,
    ViewConfig,
    blur,
    colour_chain,
    cut,
    draw,
    draw_boxes,
    fetch,
    largest_shrink,
    make_views,
    recolour,
)
from edgehuman.errors import ImageError, UsageError
from edgehuman.records import Float32, Uint8
from tests.data.pictures import cut_short, encode, picture, write

PLAIN = ViewConfig(flip=0, jitter=0, grey=0, blur=(0, 0, 0), solarise=0)
ORDER_BCSH = np.tile([0, 1, 2, 3], (9, 1))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def flat(colour: tuple[int, int, int]) -> list[Uint8]:
    return [np.full((8, 4, 3), colour, np.uint8) for _ in range(9)]


def made(images: Any, config: ViewConfig, seed: int = 0) -> tuple[Uint8, Uint8]:
    big = np.zeros((2, config.height, config.width, 3), np.uint8)
    small = np.zeros((config.locals_, config.height // 2, config.width // 2, 3), np.uint8)
    make_views(images, 0, config, rng(seed), big, small)
    return big, small


def changed(config: ViewConfig, factor: float, slot: int) -> Float32:
    """The matrices where one of the four changes is drawn at a factor and the others are none."""
    factor_4V = np.zeros((4, 9), np.float32)
    factor_4V[slot] = factor
    return view_making.colour_matrices(config, factor_4V)


def test_crops_lie_inside_and_have_the_scale_and_shape_asked_for() -> None:
    config = ViewConfig()
    boxes = np.stack([draw_boxes(rng(seed), config, 400, 240) for seed in range(200)])
    y, x, high, wide = np.moveaxis(boxes, 2, 0)
    assert boxes.shape == (200, 9, 4)
    assert min(y.min(), x.min()) >= 0
    assert (y + high).max() <= 400
    assert (x + wide).max() <= 240
    share = high * wide / (400 * 240)
    assert 0.78 < share[:, :2].min() <= share[:, :2].max() <= 1.0
    assert 0.049 < share[:, 2:].min() < 0.06
    assert 0.7 < share[:, 2:].max() < 0.81
    assert 0.39 < (wide / high).min() < 0.42
    assert 0.58 < (wide / high).max() < 0.61


def test_a_photo_that_is_too_wide_or_too_narrow_is_cut_from_its_middle() -> None:
    # Nothing of 0.8 of the area is 0.6 as wide as high in a wide photo.
    assert draw_boxes(rng(), ViewConfig(), 100, 400)[0].tolist() == [0, 170, 100, 60]
    assert draw_boxes(rng(), ViewConfig(), 400, 40)[1].tolist() == [150, 0, 100, 40]
    square = dataclasses.replace(ViewConfig(), aspect=(1.0, 1.0), global_scale=(1.0, 1.0))
    assert draw_boxes(rng(), square, 50, 50)[0].tolist() == [0, 0, 50, 50]


def test_draws_follow_from_the_seed() -> None:
    one, same, other = (draw(rng(seed), ViewConfig(), 320, 212) for seed in (1, 1, 2))
    assert np.array_equal(one.box_V4, same.box_V4)
    assert np.array_equal(one.matrix_V444, same.matrix_V444)
    assert not np.array_equal(one.box_V4, other.box_V4)


def test_how_often_is_as_asked_for() -> None:
    draws = [draw(rng(seed), ViewConfig(), 320, 212) for seed in range(1000)]
    mirrored, greys = np.mean([d.flip_V for d in draws]), np.mean([d.grey_V for d in draws])
    assert mirrored == pytest.approx(0.5, abs=0.02)
    assert greys == pytest.approx(0.2, abs=0.02)
    assert np.mean([d.solarise for d in draws]) == pytest.approx(0.2, abs=0.04)
    # A tenth of the blurs has a radius too small to be seen: 0.1 to 0.3 of 0.1 to 2.
    often_V = np.mean([d.radius_V > 0 for d in draws], axis=0) / (1.7 / 1.9)
    assert often_V[0] == pytest.approx(1.0, abs=0.03)
    assert often_V[1] == pytest.approx(0.1, abs=0.03)
    assert often_V[2:].mean() == pytest.approx(0.5, abs=0.02)
    assert max(d.radius_V.max() for d in draws) <= 2.0
    still = np.mean([np.isclose(d.matrix_V444[:, 0, 0, 0], 1) for d in draws])
    assert still == pytest.approx(0.2, abs=0.02)


def test_a_plain_view_is_its_crop() -> None:
    photo = Photo(picture(9, 320, 212), 1)
    drawn = draw(rng(), PLAIN, 320, 212)
    views = cut(photo, drawn, PLAIN)
    assert [v.shape for v in views] == [(256, 128, 3)] * 2 + [(128, 64, 3)] * 7
    # Red rises with y and green with x: a view's corners say where it was cut.
    for view, (y, x, high, wide) in zip(views, drawn.box_V4.tolist(), strict=True):
        assert view[0, :, 0].mean() == pytest.approx(y * 255 / 320, abs=2)
        assert view[-1, :, 0].mean() == pytest.approx((y + high) * 255 / 320, abs=3)
        assert view[:, 0, 1].mean() == pytest.approx(x * 255 / 212, abs=3)
        assert view[:, -1, 1].mean() == pytest.approx((x + wide) * 255 / 212, abs=4)
        assert np.ptp(view[..., 2]) == 0
    assert np.abs(views[0].astype(int) - recolour(views, drawn)[0]).max() <= 1
    assert np.array_equal(blur(views, drawn)[3], views[3])


def test_a_mirrored_view_is_the_other_way_round() -> None:
    photo = Photo(picture(9, 320, 212), 1)
    drawn = draw(rng(), PLAIN, 320, 212)
    mirrored = drawn._replace(flip_V=~drawn.flip_V)
    for plain, other in zip(cut(photo, drawn, PLAIN), cut(photo, mirrored, PLAIN), strict=True):
        assert np.array_equal(plain[:, ::-1], other)


def test_a_crop_over_twice_its_view_is_averaged_first() -> None:
    checks = np.indices((512, 256)).sum(axis=0) % 2 * 200
    photo = Photo(np.dstack([checks.astype(np.uint8)] * 3), 1)
    drawn = draw(rng(), PLAIN, 512, 256)
    box_V4 = drawn.box_V4.copy()
    box_V4[0] = box_V4[2] = (0, 0, 512, 256)
    views = cut(photo, drawn._replace(box_V4=box_V4), PLAIN)
    assert np.unique(views[0]).tolist() == np.unique(views[2]).tolist() == [100]


def test_the_eighth_local_is_the_first_global_made_small(tmp_path: Path) -> None:
    images = open_images(write(tmp_path / "a.png", picture(5, 320, 212)))
    big, small = made(images, PLAIN)
    assert big.shape == (2, 256, 128, 3)
    assert small.shape == (8, 128, 64, 3)
    mean = big[0].reshape(128, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(small[7] - mean).max() <= 1


def test_brightness_multiplies() -> None:
    drawn = draw(rng(), PLAIN, 320, 212)
    drawn = drawn._replace(matrix_V444=changed(ViewConfig(), 0.5, 0), order_V4=ORDER_BCSH)
    assert recolour(flat((100, 50, 10)), drawn)[0][0, 0].tolist() == [120, 60, 12]


def test_contrast_grows_about_the_grey_of_the_view() -> None:
    views = flat((100, 100, 100))
    views[0][:4] = 50  # the mean is 75
    drawn = draw(rng(), PLAIN, 320, 212)
    drawn = drawn._replace(matrix_V444=changed(ViewConfig(), 1.0, 1), order_V4=ORDER_BCSH)
    done = recolour(views, drawn)
    assert (done[0][0, 0, 0], done[0][7, 0, 0]) == (75 - 35, 75 + 35)
    assert done[1][0, 0].tolist() == [100, 100, 100]


def test_contrast_takes_the_mean_of_what_came_before() -> None:
    factor_4V = np.zeros((4, 9), np.float32)
    factor_4V[0], factor_4V[1] = 1.0, -1.0  # brightness 1.4, contrast 0.6
    matrices = view_making.colour_matrices(ViewConfig(), factor_4V)
    drawn = draw(rng(), PLAIN, 320, 212)._replace(matrix_V444=matrices)
    mean_V4 = np.ones((9, 4, 1), np.float32)
    mean_V4[:, :3] = 100
    first = colour_chain(mean_V4, drawn._replace(order_V4=ORDER_BCSH))
    # 50 -> 70 -> 140 + 0.6 (70 - 140) = 98
    assert first[0] @ np.array([50, 50, 50, 1]) == pytest.approx([98, 98, 98, 1], rel=1e-5)
    last = colour_chain(mean_V4, drawn._replace(order_V4=ORDER_BCSH[:, [1, 0, 2, 3]]))
    # 50 -> 100 + 0.6 (50 - 100) = 70 -> 98: for these two the order does not matter.
    assert last[0] @ np.array([50, 50, 50, 1]) == pytest.approx([98, 98, 98, 1], rel=1e-5)


def test_saturation_and_hue_leave_grey_alone() -> None:
    for slot in (2, 3):
        drawn = draw(rng(), PLAIN, 320, 212)
        drawn = drawn._replace(matrix_V444=changed(ViewConfig(), 1.0, slot), order_V4=ORDER_BCSH)
        assert recolour(flat((90, 90, 90)), drawn)[0][0, 0].tolist() == pytest.approx(
            [90, 90, 90], abs=1
        )


def test_no_saturation_is_grey_and_a_whole_turn_of_hue_is_none() -> None:
    config = dataclasses.replace(ViewConfig(), saturation=1.0, hue=0.5)
    less = changed(config, -1.0, 2)[0, 2]
    assert less @ np.array([100, 50, 200, 1]) == pytest.approx([82.05, 82.05, 82.05, 1], abs=0.01)
    half = changed(config, 1.0, 3)[0, 3]
    assert half @ half == pytest.approx(np.eye(4), abs=1e-4)
    luma = np.array([0.299, 0.587, 0.114, 0])
    assert luma @ half @ np.array([100, 50, 200, 1]) == pytest.approx(82.05, abs=0.1)


def test_grey_views_have_one_channel_three_times() -> None:
    drawn = draw(rng(), dataclasses.replace(ViewConfig(), grey=1.0), 320, 212)
    done = recolour(flat((200, 30, 60)), drawn)
    assert max(int(np.ptp(view, axis=2).max()) for view in done) <= 1
    plain = draw(rng(), dataclasses.replace(PLAIN, grey=1.0), 320, 212)
    assert recolour(flat((200, 30, 60)), plain)[0][0, 0].tolist() == [84, 84, 84]


def test_colours_stop_at_black_and_white() -> None:
    drawn = draw(rng(), PLAIN, 320, 212)
    drawn = drawn._replace(matrix_V444=changed(ViewConfig(), 1.0, 0), order_V4=ORDER_BCSH)
    assert recolour(flat((250, 0, 100)), drawn)[0][0, 0].tolist() == [255, 0, 140]


def test_a_blur_has_the_radius_drawn() -> None:
    dot = np.zeros((41, 41, 3), np.uint8)
    dot[20, 20] = 255
    drawn = draw(rng(), PLAIN, 320, 212)
    done = blur([dot] * 9, drawn._replace(radius_V=np.array([1.0, 0.0, *[2.0] * 7])))
    # A Gaussian of radius 1 has 1 / (2 pi) of its weight in the middle.
    assert done[0][20, 20, 0] == pytest.approx(255 / (2 * np.pi), abs=2)
    assert done[2][20, 20, 0] == pytest.approx(255 / (8 * np.pi), abs=1)
    assert np.array_equal(done[1], dot)


def test_solarising_turns_the_light_half_dark() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    drawn = draw(rng(), PLAIN, 320, 212)
    done = blur([ramp] * 9, drawn._replace(solarise=True))
    assert done[1].reshape(-1, 3)[[0, 100, 127, 128, 200, 255], 0].tolist() == [
        0,
        100,
        127,
        127,
        55,
        0,
    ]
    assert np.array_equal(done[0], ramp)


def test_a_large_jpeg_is_decoded_no_larger_than_its_crops() -> None:
    config = ViewConfig()
    box_V4 = np.tile([0, 0, 1200, 600], (9, 1))
    assert largest_shrink(box_V4, config) == 4  # 1200 / 256 = 4.7
    box_V4[5] = (0, 0, 300, 150)  # 300 / 128 = 2.3
    assert largest_shrink(box_V4, config) == 2
    box_V4[5] = (0, 0, 300, 120)  # 120 / 64 = 1.9
    assert largest_shrink(box_V4, config) == 1
    box_V4[5] = (0, 0, 10, 5)
    assert largest_shrink(box_V4, config) == 1
    assert largest_shrink(np.tile([0, 0, 9000, 4500], (9, 1)), config) == 8


def test_a_view_is_the_same_however_the_photo_was_decoded(tmp_path: Path) -> None:
    large = picture(5, 1600, 1000)
    config = dataclasses.replace(PLAIN, local_scale=(0.5, 0.8))
    jpeg = open_images(write(tmp_path / "a.jpg", large))
    photo, _ = fetch(jpeg, 0, config, rng())
    assert photo.shrunk == 4
    assert photo.image_HWC.shape == (400, 250, 3)
    whole = open_images(write(tmp_path / "a.png", large))
    ours, theirs = made(jpeg, config), made(whole, config)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2


def test_a_photo_that_lies_on_its_side_is_cut_upright(tmp_path: Path) -> None:
    upright = picture(5, 1600, 1000)
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, 6, 0)
    lying = encode(np.ascontiguousarray(np.rot90(upright)))
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    (tmp_path / "a.jpg").write_bytes(lying[:2] + segment + lying[2:])
    config = dataclasses.replace(PLAIN, local_scale=(0.5, 0.8))
    photo, _ = fetch(open_images(tmp_path / "a.jpg"), 0, config, rng())
    assert (photo.shrunk, photo.image_HWC.shape) == (4, (400, 250, 3))
    ours = made(open_images(tmp_path / "a.jpg"), config)
    theirs = made(open_images(write(tmp_path / "a.png", upright)), config)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 2


def test_a_photo_that_cannot_be_read_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", picture(1, 320, 212))
    cut_short(path)
    big = np.full((2, 256, 128, 3), 7, np.uint8)
    with pytest.raises(ImageError):
        make_views(open_images(path), 0, PLAIN, rng(), big, big)
    assert np.unique(big).tolist() == [7]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flip": 1.5}, "flip is 1.5; it must be from 0 to 1"),
        ({"hue": 0.6}, "hue is 0.6; it must be from 0 to 0.5"),
        ({"blur": (0, 2, 0)}, "blur is"),
        ({"global_scale": (0.9, 0.8)}, "global_scale is 0.9 to 0.8; it must be ascending"),
        ({"local_scale": (0.0, 0.8)}, "must be ascending and above 0"),
        ({"aspect": (0.6, 0.4)}, "aspect is"),
        ({"blur_radius": (0, 1)}, "blur_radius is"),
        ({"height": 255}, "views are 255x128; both must be even"),
        ({"num_locals": -1}, "num_locals is -1"),
    ],
)
def test_a_value_out_of_range_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ViewConfig(**change)


def test_no_local_but_the_whole(tmp_path: Path) -> None:
    images = open_images(write(tmp_path / "a.jpg", picture(1, 96, 64)))
    config = ViewConfig(height=64, width=32, num_locals=0)
    big, small = made(images, config)
    assert small.shape == (1, 32, 16, 3)
    assert big.std() > 0
