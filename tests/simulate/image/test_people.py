"""Simulated people as a whole: seeds, sizes, scales, labels that agree, and who is who."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.simulate.body.acting import ACTING
from edgehuman.simulate.image.character import character
from edgehuman.simulate.image.figure.parts import PART, PARTS
from edgehuman.simulate.image.people import (
    ATTRIBUTES,
    PersonImages,
    SimulatedImages,
    render_person,
    simulate_people,
)

A = {name: i for i, name in enumerate(ATTRIBUTES)}
NUM_PEOPLE, EACH, SEED = 24, 3, 4


@pytest.fixture(scope="module")
def people() -> PersonImages:
    return simulate_people(NUM_PEOPLE, EACH, SEED)


def test_shapes_types_and_ranges(people: PersonImages) -> None:
    count = NUM_PEOPLE * EACH
    assert len(people) == count
    shapes = {
        "image_NHWC": ((count, 256, 128, 3), "uint8"),
        "part_NHW": ((count, 256, 128), "uint8"),
        "person_N": ((count,), "int64"),
        "camera_N": ((count,), "int64"),
        "keypoint_NJ3": ((count, 17, 3), "float32"),
        "landmark_NJ3": ((count, 133, 3), "float32"),
        "attribute_NA": ((count, 16), "int8"),
    }
    for name, expected in shapes.items():
        field = getattr(people, name)
        assert (field.shape, str(field.dtype)) == expected, name
    assert people.person_N.tolist() == np.repeat(np.arange(NUM_PEOPLE), EACH).tolist()
    assert people.part_NHW.max() < len(PARTS)
    assert set(np.unique(people.attribute_NA)) == {0, 1}


def test_a_person_is_seen_by_one_camera_after_the_other(people: PersonImages) -> None:
    camera_PN = people.camera_N.reshape(NUM_PEOPLE, EACH)
    assert all(len(set(row)) == EACH for row in camera_PN.tolist())
    assert set(people.camera_N.tolist()) == set(range(6))


def test_a_seed_gives_the_same_people_and_another_seed_others(people: PersonImages) -> None:
    again = simulate_people(3, EACH, SEED)
    assert np.array_equal(again.image_NHWC, people.image_NHWC[:9])
    assert np.array_equal(again.landmark_NJ3, people.landmark_NJ3[:9])
    assert np.array_equal(again.part_NHW, people.part_NHW[:9])
    other = simulate_people(3, EACH, SEED + 1)
    assert not np.array_equal(other.image_NHWC, again.image_NHWC)


def test_a_worker_reads_any_picture_without_the_others(people: PersonImages) -> None:
    images = SimulatedImages(NUM_PEOPLE, EACH, SEED)
    character.cache_clear()
    for i in (50, 3, 71):
        assert np.array_equal(images.read(i), people.image_NHWC[i])
        assert images.person(i) == people.person_N[i]
        assert images.camera(i) == people.camera_N[i]
        assert np.array_equal(images.labelled(i).keypoint_J3, people.keypoint_NJ3[i])
    assert images.name(50) == f"simulated/00016_c{images.camera(50)}_002"
    names = {images.name(i) for i in range(len(images))}
    assert len(names) == len(images) == NUM_PEOPLE * EACH
    for wrong in (-1, 72):
        with pytest.raises(IndexError, match=f"picture {wrong} is out of range; there are 72"):
            images.read(wrong)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 32), (128, 128), (300, 111)])
def test_any_size(height: int, width: int) -> None:
    images = SimulatedImages(2, 2, 0, height, width)
    for i in range(4):
        one = images.labelled(i)
        assert one.image_HWC.shape == (height, width, 3)
        assert one.part_HW.shape == (height, width)
        assert (one.part_HW > 0).any()


def test_the_same_person_at_several_scales() -> None:
    images = SimulatedImages(4, 1, 8)
    shot = replace(images.shot(1), occluder="none", shift=(0.0, 0.0), aspect=1.0)
    tall = []
    for scale in (0.2, 0.4, 0.8):
        one = render_person(images.look_seed(1), replace(shot, scale=scale), 256, 256)
        rows = np.flatnonzero((one.part_HW > 0).any(axis=1))
        tall.append(rows[-1] - rows[0] + 1)
        assert (one.landmark_J3[:, 2] > 0).all()
    assert tall == pytest.approx([0.2 * 256, 0.4 * 256, 0.8 * 256], rel=0.06)


def test_what_stands_in_the_way_belongs_to_nobody() -> None:
    images = SimulatedImages(4, 1, 8)
    for occluder in ("post", "box", "bush", "passer-by"):
        shot = replace(images.shot(2), occluder="none", occluder_side=0.1, scale=0.9)
        free = render_person(images.look_seed(2), shot)
        behind = render_person(images.look_seed(2), replace(shot, occluder=occluder))
        hidden = (free.part_HW > 0) & (behind.part_HW == 0)
        assert hidden.sum() > 100, occluder
        assert not ((free.part_HW == 0) & (behind.part_HW > 0)).any()
        same = free.part_HW[~hidden] == behind.part_HW[~hidden]
        assert same.all()


def test_most_of_a_person_is_in_the_picture(people: PersonImages) -> None:
    covered = (people.part_NHW > 0).mean(axis=(1, 2))
    assert 0.18 < covered.mean() < 0.5
    assert covered.min() > 0.03
    visible = (people.keypoint_NJ3[..., 2] > 0).mean()
    assert 0.85 < visible < 1.0


def test_the_mask_holds_the_colour_of_the_clothes(people: PersonImages) -> None:
    """A plain top's colour on the cloth and in the picture, where the mask says it is."""
    images = SimulatedImages(NUM_PEOPLE, EACH, SEED)
    made, meant = [], []
    for i in range(len(people)):
        look = character(images.look_seed(i)).look
        worn = people.part_NHW[i] == PART["upper_clothes"]
        if look.top_cloth.pattern == "plain" and look.top != "open jacket" and worn.sum() > 300:
            made.append(people.image_NHWC[i][worn].mean(axis=0))
            meant.append(look.top_cloth.ground)
    assert len(made) > 15
    for channel in range(3):
        assert np.corrcoef(np.array(made)[:, channel], np.array(meant)[:, channel])[0, 1] > 0.85


def test_attributes_agree_with_the_parts(people: PersonImages) -> None:
    pixels_NP = np.stack([(people.part_NHW == i).sum(axis=(1, 2)) for i in range(len(PARTS))], 1)
    enough = 0.001 * 256 * 128
    for attribute, part in (("hat", "hat"), ("skirt", "skirt")):
        shown = pixels_NP[:, PART[part]] >= enough
        assert np.array_equal(people.attribute_NA[:, A[attribute]] == 1, shown)
    carried = people.attribute_NA[:, [A["backpack"], A["bag"]]].sum(axis=1)
    assert np.array_equal(carried == 1, pixels_NP[:, PART["bag"]] >= enough)
    bare = pixels_NP[:, PART["left_arm"]] + pixels_NP[:, PART["right_arm"]]
    sleeves = people.attribute_NA[:, A["long_sleeves"]] == 1
    assert bare[~sleeves].mean() > 2.0 * bare[sleeves].mean()
    views = people.attribute_NA[:, [A["front_view"], A["side_view"], A["back_view"]]]
    assert (views.sum(axis=1) == 1).all()


def test_attributes_agree_with_the_look_and_the_camera(people: PersonImages) -> None:
    images = SimulatedImages(NUM_PEOPLE, EACH, SEED)
    for i in range(len(people)):
        look, said = character(images.look_seed(i)).look, people.attribute_NA[i]
        assert not (said[A["hat"]] and look.hat == "none")
        assert not (said[A["backpack"]] and look.bag != "backpack")
        assert not (said[A["shorts"]] and look.bottom != "shorts")
        assert not (said[A["boots"]] and look.shoes != "boots")
        assert not (said[A["long_hair"]] and look.hair not in ("long", "ponytail"))
        assert not (said[A["dark_top"]] and said[A["light_top"]])
        assert not (said[A["glasses"]] and (not look.glasses or said[A["back_view"]]))
        off = abs((images.shot(i).azimuth_deg + 180.0) % 360.0 - 180.0)
        if said[A["front_view"]]:
            assert off < 60.0
        if said[A["back_view"]]:
            assert off > 120.0
    rates = people.attribute_NA.mean(axis=0)
    assert (rates > 0.01).all()
    assert (rates < 0.9).all()


def test_who_is_who_is_in_the_clothes_and_not_in_the_mean_colour(people: PersonImages) -> None:
    def rank_1(feature_ND: NDArray[np.floating]) -> float:
        distance_NN = ((feature_ND[:, None] - feature_ND) ** 2).sum(axis=-1)
        distance_NN[people.camera_N[:, None] == people.camera_N] = np.inf
        nearest_N = people.person_N[distance_NN.argmin(axis=1)]
        return float((nearest_N == people.person_N).mean())

    stripes = [
        [
            cv2.calcHist([cv2.cvtColor(part, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, [8] * 3, _HSV)
            for part in np.array_split(image[:, 32:96], 6)
        ]
        for image in people.image_NHWC
    ]
    histogram = np.sqrt(np.array(stripes).reshape(len(people), -1))
    chance = (EACH - 1) / (NUM_PEOPLE * EACH * 5 / 6)
    assert rank_1(histogram) > 8 * chance
    assert rank_1(people.image_NHWC.mean(axis=(1, 2))) < 6 * chance


_HSV = [0.0, 180.0, 0.0, 256.0, 0.0, 256.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 0), "num_people is 0; it must be 1 to"),
        ((1, 0, 0), "each is 0; it must be 1 to"),
        ((1, 1, -1), "seed is -1; it must be 0 to"),
        ((1, 1, 0, 8, 128), "height is 8; it must be 16 to 2048"),
        ((1, 1, 0, 256, 4000), "width is 4000; it must be 16 to 2048"),
        ((2.5, 1, 0), "num_people is 2.5; it must be an integer"),
        ((True, 1, 0), "num_people is True; it must be an integer"),
    ],
)
def test_numbers_that_make_no_picture(arguments: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_people(*arguments)


def test_a_scale_out_of_range() -> None:
    shot = SimulatedImages(1, 1, 0).shot(0)
    for scale in (0.0, 30.0, float("nan")):
        with pytest.raises(UsageError, match="scale is"):
            render_person(0, replace(shot, scale=scale))


def test_a_share_of_people_does_something_else_than_walk() -> None:
    plain, some = SimulatedImages(5, 8, 2), SimulatedImages(5, 8, 2, acting=0.5)
    acts = [some.shot(i).activity == ACTING for i in range(len(some))]
    assert 8 < sum(acts) < 32
    assert not any(plain.shot(i).activity == ACTING for i in range(len(plain)))
    walking = acts.index(False)
    assert np.array_equal(some.read(walking), plain.read(walking))
    there_J3 = some.labelled(acts.index(True)).keypoint_J3
    assert (there_J3[:, 2] > 0).sum() > 5


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(UsageError, match=r"acting is .*; it must be 0 to 1"):
        SimulatedImages(5, 8, 2, acting=share)
