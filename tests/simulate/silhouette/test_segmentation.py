"""Mistakes of masks, one kind at a time, on a white block in the middle of a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.records import Bool, Float64, Uint8
from edgehuman.simulate.silhouette.figure import LOSABLE
from edgehuman.simulate.silhouette.segmentation import (
    EXACT,
    SIDE_PX,
    Mistakes,
    Segmentation,
    make_mistakes,
    segment,
)

RATE_HZ, FRAMES = 24.0, 120
STILL = np.zeros(FRAMES)


def block() -> Uint8:
    made = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    made[12:104, 40:76] = 255
    return made


def drawn(seed: int, quality: Segmentation, track_T: Float64 = STILL) -> Mistakes:
    return make_mistakes(np.random.default_rng(seed), track_T, RATE_HZ, quality)


def masks(mistakes: Mistakes) -> Uint8:
    return np.stack([segment(block(), mistakes, t) for t in range(FRAMES)])


def test_an_exact_mask_is_the_person() -> None:
    made = masks(drawn(0, EXACT))
    assert set(np.unique(made).tolist()) == {0, 255}
    # Blurring rounds corners and moves no edge.
    assert (made[:, 20:96] == block()[20:96]).all()


def test_boundaries_jitter_in_time_and_the_inside_does_not() -> None:
    made = masks(drawn(0, replace(EXACT, jitter=1.0, spread=0.0)))
    wrong: Bool = np.not_equal(made, block())
    assert not wrong[:, 16:100, 44:72].any()
    assert not wrong[:, :, :36].any()
    assert 0.01 < wrong[:, 16:100, 36:44].mean() < 0.2
    # Where the edge is shows in the next frame and is forgotten after a second.
    width = (made[:, 16:100] > 0).sum(axis=2).astype(float)
    width -= width.mean()
    near, far = ((width[lag:] * width[:-lag]).mean() / (width**2).mean() for lag in (1, 40))
    assert near > 0.15
    assert abs(far) < 0.1


def test_a_walk_s_masks_are_all_too_wide_or_all_too_narrow() -> None:
    widths = []
    for seed in range(12):
        made = masks(drawn(seed, replace(EXACT, bias=4.0)))[:2] > 0
        assert (made[0] == made[1]).all()
        widths.append(int(made[0, 60].sum()))
    assert min(widths) < 36 < max(widths)


def test_holes_are_inside_and_specks_outside_for_a_while() -> None:
    holes = masks(drawn(1, replace(EXACT, holes=6.0))) > 0
    assert not holes[:, :, :36].any()
    body = holes[:, 30:90, 50:66]
    assert 0.8 < body.mean() < 1.0
    now: Bool = np.logical_not(body.all(axis=(1, 2)))
    assert 0.1 < now.mean() < 1.0
    # A hole lasts: neighbours agree more often than frames drawn at random would.
    assert (now[1:] == now[:-1]).mean() > 0.8
    specks = masks(drawn(1, replace(EXACT, specks=8.0))) > 0
    assert specks[:, 20:96, 41:75].all()
    assert specks[:, :, :36].any() or specks[:, :, 80:].any()


def test_parts_are_lost_feet_more_often_than_heads() -> None:
    lost = np.concatenate(
        [drawn(seed, replace(EXACT, lost=4.0)).lost_TL for seed in range(30)]
    ).mean(axis=0)
    share = dict(zip(LOSABLE, lost.tolist(), strict=True))
    assert 0.005 < share["head"] < share["l_foot"] < 0.2
    assert not drawn(0, EXACT).lost_TL.any()


def test_what_stands_in_the_way_stands_still_while_the_person_passes() -> None:
    track: Float64 = 400.0 / (FRAMES - 1) * np.arange(FRAMES, dtype=np.float64) - 200.0
    kinds = set()
    for seed in range(40):
        covered = drawn(seed, replace(EXACT, occluded=1.0), track).covered_T3
        begin, end, row = covered.T
        if row.any():
            kinds.add("low")
            assert (row == row[0]).all()
            assert 58 < row[0] < SIDE_PX
        elif begin.max() == 0:
            kinds.add("edge")
            # Half of the person is outside at first, nothing at last.
            assert (end[0], end[-1]) == (58, 0)
        else:
            kinds.add("pole")
            inside = (begin > 0) & (end < SIDE_PX)
            moved = np.diff(begin[inside])
            assert (np.abs(moved + 400 / (FRAMES - 1)) <= 1).all()
    assert kinds == {"low", "edge", "pole"}
    none = drawn(0, replace(EXACT, occluded=0.0), track).covered_T3
    assert (none == 0).all()


def test_a_person_is_never_hidden_altogether() -> None:
    everything = drawn(0, EXACT)
    everything.covered_T3[:] = (0, SIDE_PX, 0)
    assert (segment(block(), everything, 0) > 0).sum() > 3000


def test_wrong_qualities_are_named() -> None:
    with pytest.raises(UsageError, match="jitter is 11; a segmentation's jitter must be 0 to 10"):
        Segmentation(jitter=11)
    with pytest.raises(UsageError, match=r"occluded is 1\.5; it must be a share"):
        Segmentation(occluded=1.5)
