"""Walks of masks become one set of records."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.silhouette.layout import Walk, gather, walk_of, walks_of
from edgehuman.errors import DataError
from edgehuman.records import Uint8
from tests.data.silhouette_trees import made_set, person_mask, person_masks, records

ANNA = Named("anna", "anna-1", "090", "nm", "gallery")


def test_records_stay_as_they_are_and_lose_their_black_frames() -> None:
    frames = records(4)
    frames[1] = 0
    walk = walk_of(frames, ANNA, 25.0)
    assert isinstance(walk, Walk)
    np.testing.assert_array_equal(walk.records_THW, frames[[0, 2, 3]])
    assert [*walk.dropped] == [1]
    assert not walk.resized


def test_columns_that_were_cut_come_back_black() -> None:
    frames = records(3)
    walk = walk_of(frames[:, :, 10:54], ANNA)
    assert isinstance(walk, Walk)
    assert not walk.records_THW[:, :, :10].any()
    np.testing.assert_array_equal(walk.records_THW[:, :, 10:54], frames[:, :, 10:54])


def test_masks_of_another_size_are_normalised() -> None:
    walk = walk_of(person_masks(3), ANNA)
    assert isinstance(walk, Walk)
    np.testing.assert_array_equal(walk.records_THW, records(3))
    assert (walk.size_px, walk.resized) == ((120, 160), True)


def test_a_walk_of_nothing_is_left_out_and_a_set_of_nothing_is_told() -> None:
    bad = walk_of(0 * records(3), ANNA)
    assert isinstance(bad, LeftOut)
    assert "anna-1: frame 0 shows nobody" in bad.why
    good = walk_of(records(3), Named("bert", "bert-1"))
    walks = gather([bad, good], "made", "here", 30.0)
    assert walks.person_N.tolist() == ["bert"]
    assert walks.rate_hz_N.tolist() == [30.0]
    assert walks.left_out == (bad,)
    with pytest.raises(DataError, match="shows nobody"):
        gather([bad], "made", "here")
    with pytest.raises(DataError, match="here has no walks"):
        gather([], "made", "here")
    with pytest.raises(DataError, match="duplicate sequence names"):
        gather([good, good], "made", "here")


def test_a_set_is_gathered_from_its_own_walks() -> None:
    made = made_set()
    back = gather(walks_of(made), "made", "here")
    np.testing.assert_array_equal(back.silhouette_SHW, made.silhouette_SHW)
    assert back.sequence_N.tolist() == made.sequence_N.tolist()
    assert back.role_N.tolist() == made.role_N.tolist()


def test_of_an_iterable_one_mask_at_a_time_is_in_memory() -> None:
    alive: list[weakref.ref[Uint8]] = []

    def masks() -> Iterator[Uint8]:
        for number in range(5):
            assert sum(ref() is not None for ref in alive) <= 2
            mask = person_mask(height=200 + number).copy()
            alive.append(weakref.ref(mask))
            yield mask

    walk = walk_of(masks(), ANNA)
    assert isinstance(walk, Walk)
    assert (len(walk.records_THW), walk.size_px) == (5, (200, 160))


@pytest.mark.parametrize("form", ["records", "pictures"])
def test_the_scale_of_white_is_mended_and_without_white_nobody_is_there(form: str) -> None:
    frames = records(3) if form == "records" else person_masks(3)
    whole = walk_of(frames, ANNA)
    assert isinstance(whole, Walk)
    for white in (1, 128, 254):
        walk = walk_of((frames // 255 * white).astype(np.uint8), ANNA)
        assert isinstance(walk, Walk)
        assert set(np.unique(walk.records_THW)) == {0, 255}
        np.testing.assert_array_equal(walk.records_THW, whole.records_THW)
    for white in (2, 100):
        walk = walk_of((frames // 255 * white).astype(np.uint8), ANNA)
        assert isinstance(walk, LeftOut)
        assert "frame 0 has no white in it" in walk.why
