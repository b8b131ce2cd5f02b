"""Networks of silhouettes are scored on people who are cut out in the boxes of their masks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.data.image.boxed import as_seen
from edgehuman.data.image.part_groups import LABELS
from edgehuman.data.image.score import score
from edgehuman.data.image.set import IGNORE, PersonSet
from edgehuman.records import Float32, Uint8

OUTLINE = OutputSpec("segmentation", LABELS["person"])


def people(mask_HW: Uint8) -> PersonSet:
    image_HWC = np.random.default_rng(0).integers(0, 256, (*mask_HW.shape, 3), np.uint8)
    nobody = np.zeros(1, np.int64)
    role_N = np.array(["test"])
    return PersonSet(
        [image_HWC], nobody, nobody, role_N, masks=[mask_HW], parts=LABELS["person"], dataset="made"
    )


def somebody() -> Uint8:
    mask_HW = np.zeros((100, 160), np.uint8)
    mask_HW[20:80, 90:110] = 1
    mask_HW[40:45, 0:4] = IGNORE
    return mask_HW


def test_pictures_and_masks_are_cut_in_the_same_box_which_has_the_shape_of_the_crop() -> None:
    persons = people(somebody())
    seen = as_seen(persons, OUTLINE, (256, 128))
    image_HWC, mask_HW = seen.image(0), seen.part(0)
    assert image_HWC.shape[:2] == mask_HW.shape
    assert mask_HW.shape == pytest.approx((75, 37.5), abs=1)
    assert mask_HW.sum() == 60 * 20
    # The box is 60 x 20 with an eighth on each side, 75 rows from row 12.5.
    assert np.array_equal(image_HWC[30:40, 10:20], persons.image(0)[42:52, 91:101])


@pytest.mark.parametrize("value", [0, IGNORE])
def test_somebody_without_a_mask_stays_as_is(value: int) -> None:
    persons = people(np.full((100, 160), value, np.uint8))
    seen = as_seen(persons, OUTLINE, (256, 128))
    assert np.array_equal(seen.image(0), persons.image(0))
    assert np.array_equal(seen.part(0), persons.part(0))


@pytest.mark.parametrize(
    "output",
    [OutputSpec("segmentation", LABELS["garments"]), OutputSpec("simcc", ("nose",), dim=4)],
    ids=lambda output: output.kind,
)
def test_for_other_networks_nothing_is_cut(output: OutputSpec) -> None:
    persons = people(somebody())
    assert as_seen(persons, output, (256, 128)) is persons
    without = dataclasses.replace(persons, masks=[])
    assert as_seen(without, OUTLINE, (256, 128)) is without


def test_the_score_is_of_the_box_and_says_so() -> None:
    """A network that says "a person everywhere" has the share of the person in the box."""

    def everywhere(image_NHWC: Uint8) -> Float32:
        logits_NCHW = np.zeros((len(image_NHWC), 2, 64, 32), np.float32)
        logits_NCHW[:, 1] = 1
        return logits_NCHW

    found = score(people(somebody()), np.zeros(1, np.int64), everywhere, OUTLINE, (256, 128))
    assert found.metrics["median_iou"] == pytest.approx(60 * 20 / (75 * 37), rel=0.05)
    assert found.said == "1 people in the boxes of their masks, 2 parts"
