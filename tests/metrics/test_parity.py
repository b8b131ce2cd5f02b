from __future__ import annotations

import numpy as np
import pytest

from edgehuman.card import OutputSpec
from edgehuman.errors import ParityError
from edgehuman.export.engine import torch_tensorrt as to_torch_tensorrt
from edgehuman.metrics.crowds.outside import NUMBERS
from edgehuman.metrics.parity import (
    compare,
    failures,
    neighbours,
    neighbours_kept,
    output_error,
    require,
    retrieval_agreement,
)
from edgehuman.metrics.person_answers import joints_of
from tests.runtime.parts_models import LABELS, rows_of

CLASSES = OutputSpec("classes", ("a", "b"))
VECTORS = OutputSpec("embedding", distance="euclidean")
ATTRIBUTES = OutputSpec("attributes", ("reddish", "bluish"))
HEATMAPS = OutputSpec("heatmaps", ("left ankle", "right ankle"))
SEGMENTATION = OutputSpec("segmentation", ("background", "top", "bottom"))


def floats(*rows: tuple[float, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(rows, np.float32)


def test_two_samples_by_hand() -> None:
    parity = compare(floats((3, 4), (1, 0)), floats((4, 3), (1, 0)), CLASSES)
    assert parity.cosine == pytest.approx(24 / 25)
    assert parity.cosine_mean == pytest.approx((24 / 25 + 1) / 2)
    assert (parity.max_abs, parity.scale, parity.samples) == (1.0, 4.0, 2)
    assert parity.top1_agreement == 0.5
    assert parity.retrieval_agreement is None


def test_two_rows_of_zeros_agree_and_one_does_not() -> None:
    assert compare(floats((0, 0)), floats((0, 0)), CLASSES).cosine == 1.0
    assert compare(floats((0, 0)), floats((0, 1)), CLASSES).cosine == 0.0


def test_neighbours_of_points_on_a_line() -> None:
    line = floats((0.0,), (1.0,), (3.0,))
    assert neighbours(line, "euclidean").tolist() == [[1, 2], [0, 2], [1, 0]]


def test_retrieval_order_counts_places() -> None:
    before, after = floats((0.0,), (1.0,), (3.0,)), floats((0.0,), (2.5,), (3.0,))
    # Only the middle point's neighbours changed places: two of six places.
    assert retrieval_agreement(before, after, "euclidean") == pytest.approx(4 / 6)
    assert compare(before, after, VECTORS).retrieval_agreement == pytest.approx(4 / 6)
    # All others are neighbours of three points, in whatever order.
    assert compare(before, after, VECTORS).neighbours_kept == 1


def test_neighbours_that_are_kept_in_another_order() -> None:
    right, up = np.eye(2, dtype=np.float32)
    before = np.stack([right] * 6 + [up] * 6)
    after = before.copy()
    after[[0, 6]] = before[[6, 0]]
    # Ten keep four of five, and the two that changed sides none.
    assert neighbours_kept(before, after, "cosine") == pytest.approx(10 * 4 / 5 / 12)
    assert neighbours_kept(before, 2 * before, "cosine") == 1


def test_cosine_distance_ignores_length() -> None:
    vectors = floats((1, 0), (10, 1), (0, 1))
    assert neighbours(vectors, "cosine").tolist() == [[1, 2], [0, 2], [1, 0]]


@pytest.mark.parametrize(
    ("gap", "precision", "holds"),
    [(5e-5, "fp32", True), (5e-4, "fp32", False), (5e-4, "fp16", True), (0.2, "fp16", False)],
)
def test_budgets(gap: float, precision: str, holds: bool) -> None:
    parity = compare(floats((1, 0)), floats((1, gap)), CLASSES)
    assert (not failures(parity, precision)) == holds


def test_max_abs_is_judged_by_the_size_of_the_outputs() -> None:
    assert not failures(compare(floats((100, 0)), floats((100, 5e-3)), CLASSES), "fp32")


def test_over_budget_says_the_numbers() -> None:
    parity = compare(floats((1, 0)), floats((1, 1)), CLASSES)
    with pytest.raises(
        ParityError,
        match=r"m in fp32 does not match the network .* max abs 1.00e\+00 is over 1.00e-04",
    ):
        require(parity, "fp32", "m")
    with pytest.raises(ParityError, match="Nothing was written; --explain shows the first layer"):
        require(parity, "fp32", "m")
    with pytest.raises(
        ParityError, match=r"Nothing was written; a compiled program cannot be inspected; .*"
    ):
        require(parity, "fp32", "m", to_torch_tensorrt.ADVICE)


def test_outputs_that_are_not_finite_or_of_another_shape() -> None:
    with pytest.raises(ParityError, match="1 of 2 outputs of the graph are not finite"):
        compare(floats((1, 0)), floats((1, np.nan)), CLASSES)
    with pytest.raises(ParityError, match=r"outputs \(1, 3\), but the network outputs \(1, 2\)"):
        compare(floats((1, 0)), floats((1, 0, 0)), CLASSES)


def test_agreement_of_answers_about_people_by_hand() -> None:
    yes = np.array([[1, -1], [2, 3]], np.float32)
    other = np.array([[1, 1], [2, 3]], np.float32)
    assert compare(yes, other, ATTRIBUTES).label_agreement == 0.75
    maps = np.zeros((1, 3, 2, 2), np.float32)
    maps[0, 1] = 1
    changed = maps.copy()
    changed[0, 2, 0, 0] = 2
    assert compare(maps, changed, SEGMENTATION).label_agreement == 0.75
    heat = np.zeros((1, 2, 4, 4), np.float32)
    heat[0, :, 1, 1] = 1
    moved = np.roll(heat, 1, axis=3)
    shift = np.linalg.norm((joints_of(heat) - joints_of(moved))[..., :2], axis=2).mean()
    assert shift == 4.0
    assert compare(heat, moved, HEATMAPS).joint_shift_px == 4.0


def test_the_error_to_rank_by() -> None:
    assert output_error(floats((3, 4)), floats((3, 5)), "classes") == pytest.approx(0.2)
    box = floats((0, 0, 40, 80, 0.9), (50, 0, 90, 80, 0.5))[None]
    assert output_error(box, box[:, ::-1], "boxes") == pytest.approx(0)


def test_simcc_says_how_far_joints_moved_that_are_there() -> None:
    output = OutputSpec("simcc", ("left ankle", "right ankle"), dim=32)
    logits = np.full((1, 2, 32 + 64 + 1), -20, np.float32)
    logits[..., 10] = logits[..., 32 + 20] = 20
    logits[0, :, -1] = 3, -3
    moved = logits.copy()
    moved[0, :, :32] = np.roll(logits[0, :, :32], 4, axis=1)
    moved[0, 1, -1] = 3
    parity = compare(logits, moved, output)
    # Four classes are two pixels; the second joint was not there, and now is.
    assert parity.joint_shift_px == pytest.approx(2.0, abs=1e-3)
    assert parity.label_agreement == 0.5
    logits[..., -1] = -3
    assert compare(logits, logits, output).joint_shift_px == 0


def test_boxes_are_compared_as_sets() -> None:
    boxes = OutputSpec("boxes", ("person",))
    before = floats((0, 0, 40, 80, 0.9), (50, 0, 90, 80, 0.5))[None]
    turned = compare(before, before[:, ::-1], boxes)
    assert (turned.boxes_kept, turned.boxes_near, turned.boxes_found) == (1, 1, 1)
    assert (turned.samples, turned.max_abs) == (1, 0)
    assert turned.scale == pytest.approx(0.9)
    assert not failures(turned, "fp32")
    shifted = before + floats((1, 0, 1, 0, -0.02))
    parity = compare(before, shifted.astype(np.float32), boxes)
    assert failures(parity, "fp32") == [
        "boxes_kept 0.0000 is under 0.999: the share of boxes that both give"
    ]
    assert not failures(parity, "fp16")
    assert not failures(parity, "int8")
    assert "top1_agreement" not in parity.as_dict()
    assert parity.as_dict()["boxes_near"] == 1


def test_people_are_compared_as_sets_and_parts_as_numbers() -> None:
    output = OutputSpec("person_parts", LABELS)
    before = rows_of()[None]
    turned = before[:, [1, 0, *range(2, before.shape[1])]]
    parity = compare(before, turned, output)
    assert (parity.boxes_kept, parity.masks_kept, parity.max_abs) == (1, 1, 0)
    assert failures(parity, "fp32") == []
    torn = before.copy()
    torn[0, :2, 5::2] *= -1  # every second cell of all masks
    parity = compare(before, torn, output)
    assert parity.boxes_kept == 1
    assert parity.masks_kept is not None
    assert parity.masks_kept < 0.5
    assert failures(parity, "int8")[0].startswith("masks_kept 0.")
    mixed = before.copy()
    mixed[0, 3:] = mixed[0, :2:-1]
    assert "max abs" in " ".join(failures(compare(before, mixed, output), "fp32"))


def test_people_of_points_that_nobody_chose_yet_are_compared_as_chosen_ones() -> None:
    from tests.metrics.crowds.test_outside import LABELS as COUNT
    from tests.metrics.crowds.test_outside import POINTS, answer

    output = OutputSpec("person_parts", ("background", "hair")[:COUNT])
    before, silent = answer(), answer()
    # A point that stands for nobody may say what it likes.
    silent[0, 0, 2 + (POINTS - 1) * (5 + NUMBERS) + 20] = 7
    parity = compare(before, silent, output)
    assert (parity.boxes_kept, parity.masks_kept, parity.max_abs) == (1, 1, 0)
    moved = answer()
    moved[0, 0, 2 + 9 * (5 + NUMBERS) + 5 + 3] = -1
    assert compare(before, moved, output).masks_kept == pytest.approx(0.81 / (0.81 + 0.36))


def test_the_error_of_a_row_of_which_nobody_is_chosen_is_that_of_its_numbers() -> None:
    one, two = np.ones((1, 1, 50), np.float32), np.full((1, 1, 50), 1.5, np.float32)
    assert output_error(one, two, "part_attributes") == pytest.approx(0.5)
    assert output_error(one, one, "part_attributes") == 0
