"""Augmentations of silhouettes: each kind by hand, and one draw for a whole sequence."""

from __future__ import annotations

from dataclasses import fields

import cv2
import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.records import Uint8
from edgehuman.training.silhouette.augment import GAITBASE, NONE, Augment, Draw, augment

KINDS = [each.name for each in fields(Augment)]


def block(frames: int = 3) -> Uint8:
    made = np.zeros((frames, 64, 64), np.uint8)
    made[:, 4:60, 26:38] = 255
    made[:, 30, 31] = 0
    return made


def only(kind: str) -> Augment:
    return Augment(**{name: float(name == kind) for name in KINDS})


def test_table_6_and_gaitbase_are_the_papers() -> None:
    table = {name: getattr(Augment(), name) for name in KINDS}
    assert table == {
        "affine": 0.2, "perspective": 0.2, "flip": 0.5, "dilate": 0.2, "blur": 0.2, "rotate": 0.0
    }  # fmt: skip
    assert (GAITBASE.perspective, GAITBASE.flip, GAITBASE.rotate) == (0.2, 0.2, 0.2)
    assert (GAITBASE.affine, GAITBASE.dilate, GAITBASE.blur) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_changes_every_frame_alike_and_leaves_the_source(kind: str) -> None:
    source = block(5)
    source[:, 10, 40:44] = 255
    kept = source.copy()
    made = only(kind)(source, np.random.default_rng(1))
    np.testing.assert_array_equal(source, kept)
    assert made.dtype == np.uint8
    assert made.shape == source.shape
    assert (made == made[0]).all()
    assert (made != source).any()
    again = only(kind)(source, np.random.default_rng(1))
    np.testing.assert_array_equal(made, again)
    other = only(kind).draw(np.random.default_rng(2))
    np.testing.assert_array_equal(augment(source, other)[:1], augment(source[:1], other))


def test_nothing_is_drawn_where_the_share_is_nothing() -> None:
    made = NONE(block(), np.random.default_rng(0))
    np.testing.assert_array_equal(made, block())
    assert made.base is None
    assert NONE.draw(np.random.default_rng(0)) == Draw()


def test_shares_are_shares() -> None:
    rng = np.random.default_rng(0)
    draws = [Augment().draw(rng) for _ in range(1000)]
    for kind in KINDS:
        share = np.mean(
            [not (getattr(draw, kind) is None or getattr(draw, kind) is False) for draw in draws]
        )
        assert share == pytest.approx(getattr(Augment(), kind), abs=0.04)


def test_a_perspective_stretches_both_sides_and_an_affine_moves_three_corners() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        draw = only("perspective").draw(rng)
        assert draw.perspective is not None
        back = np.linalg.inv(draw.perspective)
        corners = cv2.perspectiveTransform(
            np.array([[[0, 0], [64, 0], [64, 64], [0, 64]]], float), back
        )
        x, y = corners[0].T
        np.testing.assert_allclose(y, [0, 0, 64, 64], atol=1e-6)
        np.testing.assert_allclose(x, np.rint(x), atol=1e-6)
        assert ((x[[0, 3]] > -0.5) & (x[[0, 3]] < 9.5)).all()
        assert ((x[[1, 2]] > 53.5) & (x[[1, 2]] < 63.5)).all()
        affine = only("affine").draw(rng).affine
        assert affine is not None
        # A corner moves by 9 pixels at most, before and after: 18 of 46 in all.
        assert np.abs(affine[:, :2] - np.eye(2)).max() < 0.7


def test_a_flip_mirrors_the_middle_columns() -> None:
    source = block()
    source[:, 10, 38:42] = 255
    made = augment(source, Draw(flip=True))
    np.testing.assert_array_equal(made[:, :, 10:54], source[:, :, 10:54][:, :, ::-1])


def test_dilation_widens_the_rows_of_the_part_alone() -> None:
    made = augment(block(), Draw(dilate=(15, 45, 1)))
    # Kernel 1 is a 5x5 square: two pixels to each side; rows do not grow into others.
    assert (made[:, 15:45, 24:40] == 255).all()
    assert not made[:, 15:45, :24].any()
    np.testing.assert_array_equal(made[:, :15], block()[:, :15])
    np.testing.assert_array_equal(made[:, 45:], block()[:, 45:])
    one = np.zeros((2, 64, 64), np.uint8)
    one[0, 44, 30] = 255
    grown = augment(one, Draw(dilate=(15, 45, 0)))
    # 5 wide and 3 high, cut at the part's last row; the next frame has none of it.
    assert grown[0].sum() == 255 * 5 * 2
    assert not grown[1].any()


def test_blur_is_that_of_each_frame_cut_and_binarised() -> None:
    rng = np.random.default_rng(0)
    source = (rng.random((4, 64, 64)) > 0.7).astype(np.uint8) * np.uint8(255)
    made = augment(source, Draw(blur=(9, 50)))
    expected = source.copy()
    for frame in expected:
        part = np.ascontiguousarray(frame[9:50, 10:54]).astype(np.float32) / 255
        frame[9:50, 10:54] = (cv2.GaussianBlur(part, (3, 3), 0) > 0.2) * np.uint8(255)
    np.testing.assert_array_equal(made, expected)


def test_dilation_is_that_of_each_frame_cut() -> None:
    rng = np.random.default_rng(0)
    source = (rng.random((4, 64, 64)) > 0.97).astype(np.uint8) * np.uint8(255)
    for kernel, (shape, size) in {
        0: (cv2.MORPH_RECT, (5, 3)),
        2: (cv2.MORPH_RECT, (3, 5)),
        4: (cv2.MORPH_CROSS, (3, 5)),
        8: (cv2.MORPH_ELLIPSE, (5, 3)),
    }.items():
        made = augment(source, Draw(dilate=(20, 39, kernel)))
        expected = source.copy()
        for frame in expected:
            part = np.ascontiguousarray(frame[20:39, 10:54])
            frame[20:39, 10:54] = cv2.dilate(part, cv2.getStructuringElement(shape, size))
        np.testing.assert_array_equal(made, expected)


def test_rotation_keeps_the_middle_and_stays_within_the_middle_columns() -> None:
    source = np.full((2, 64, 64), 255, np.uint8)
    draw = only("rotate").draw(np.random.default_rng(3))
    made = augment(source, draw)
    assert (made[:, 25:40, 25:40] == 255).all()
    assert (made[:, :, :10] == 255).all()
    assert (made[:, :, 10:54] < 255).any()
    assert draw.rotate is not None
    assert abs(np.degrees(np.arcsin(draw.rotate[0, 1]))) <= 10.0


def test_a_share_above_one_is_named() -> None:
    with pytest.raises(UsageError, match=r"--flip is 1\.5; it must be a share from 0 to 1"):
        Augment(flip=1.5)
