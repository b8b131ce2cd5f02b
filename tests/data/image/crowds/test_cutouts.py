"""People are cut out with tight boxes, soft edges and their own colours."""

from __future__ import annotations

import numpy as np

from edgehuman.data.image.crowds.cutouts import cut_out
from tests.data.image.crowds.drawn import photo


def test_the_box_is_tight_around_the_body_without_the_bag() -> None:
    image_HWC, part_HW = photo(0)
    cut = cut_out(image_HWC, part_HW > 0, (part_HW == 1) | (part_HW == 2))
    assert cut is not None
    # The cut-out has two pixels around the whole person, bag included.
    assert cut.levels[0].shape == (94, 34, 4)
    assert cut.box_4.tolist() == [2, 2, 22, 92]
    assert cut.height_px == 90
    assert sorted(map(tuple, cut.hull_K2.tolist())) == [(2, 2), (2, 92), (22, 2), (22, 92)]
    assert 0.9 < cut.area / (20 * 90 + 10 * 20) < 1.0


def test_levels_are_halves_down_to_forty_rows() -> None:
    image_HWC, part_HW = photo(0)
    cut = cut_out(image_HWC, part_HW > 0, part_HW > 0)
    assert cut is not None
    assert [level.shape[:2] for level in cut.levels] == [(94, 34), (47, 17), (24, 9)]
    assert [cut.level_for(scale) for scale in (2.0, 1.0, 0.6, 0.5, 0.25, 0.01)] == [
        0,
        0,
        0,
        1,
        2,
        2,
    ]


def test_nothing_of_the_street_is_cut_out() -> None:
    image_HWC, part_HW = photo(0)
    image_HWC[part_HW == 0] = (0, 255, 0)
    cut = cut_out(image_HWC, part_HW > 0, part_HW > 0)
    assert cut is not None
    for level in cut.levels:
        red, green, blue, alpha = np.moveaxis(level.astype(int), 2, 0)
        assert alpha.max() == 255
        assert (green <= 0.8 * alpha + 2).all()
        assert (red <= alpha + 1).all()
        assert (blue <= alpha + 1).all()


def test_crumbs_of_a_mask_do_not_widen_the_box() -> None:
    image_HWC, part_HW = photo(0)
    part_HW[5, 5] = 1
    cut = cut_out(image_HWC, part_HW > 0, part_HW > 0)
    assert cut is not None
    assert cut.levels[0].shape == (94, 34, 4)


def test_nobody_and_people_whom_the_photo_cuts_off() -> None:
    image_HWC, part_HW = photo(0)
    nobody_HW = np.zeros(part_HW.shape, bool)
    assert cut_out(image_HWC, nobody_HW, nobody_HW) is None
    assert cut_out(image_HWC[:100], part_HW[:100] > 0, part_HW[:100] > 0) is None


def test_dark_clothes_leave_skin_as_it_is() -> None:
    image_HWC, part_HW = photo(0)
    cut = cut_out(image_HWC, part_HW > 0, part_HW > 0, part_HW == 1, shade=0.3)
    assert cut is not None
    coat, skin = (72, 7), (10, 12)
    assert cut.levels[0][coat].tolist() == [200, 30, 30, 255]
    # Half of the colour is left of three tenths of the light.
    grey = 260 / 3
    expected = [round(0.3 * (0.5 * each + 0.5 * grey)) for each in (200, 30, 30)]
    np.testing.assert_allclose(cut.dark[0][coat][:3], expected, atol=1)
    assert cut.dark[0][skin].tolist() == cut.levels[0][skin].tolist()
    assert cut.num_bytes == 2 * sum(level.nbytes for level in cut.levels)
