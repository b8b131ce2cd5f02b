"""The judge of person images against numbers worked out by hand."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from edgehuman.card import Decision, OutputSpec
from edgehuman.data.image.load import PersonSet
from edgehuman.data.image.score import judge_of, score, with_mirror
from edgehuman.errors import ArtefactError, DataError, ImageError
from edgehuman.geometry import COCO_17
from edgehuman.records import Float32, Index, Uint8
from tests.tasks.people import ATTRIBUTES, HEIGHT, PARTS, WIDTH, made_people

SIZE = (HEIGHT, WIDTH)
VECTOR = OutputSpec("embedding", distance="cosine", dim=2)
ANSWERS = OutputSpec("attributes", ATTRIBUTES)
JOINTS = OutputSpec("heatmaps", COCO_17)
MASK = OutputSpec("segmentation", PARTS)


def index(number: int) -> Index:
    return np.arange(number)


def test_vectors_are_searched_by_the_market_protocol() -> None:
    # Two people under two cameras each; the second finds the first before itself.
    persons = made_people(people=2, each=2)
    assert persons.role_N.tolist() == ["query", "gallery", "query", "gallery"]
    angle_N = np.radians([0.0, 10.0, 20.0, 90.0])
    judge = judge_of(persons, VECTOR, SIZE)
    judge.add(index(4), [SIZE] * 4, np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1))
    found = judge.scores()
    assert found.metrics == pytest.approx(
        {"mean_ap": (1 + 1 / 2) / 2, "rank1": 0.5, "rank5": 1.0, "mean_inp": 0.75}
    )
    assert found.said == "2 queries, 2 pictures of 2 people"


def test_a_set_without_roles_asks_with_every_picture() -> None:
    persons = made_people(people=2, each=2)
    plain = dataclasses.replace(persons, role_N=np.full(4, "train"), camera_N=np.zeros(4, int))
    judge = judge_of(plain, VECTOR, SIZE)
    angle_N = np.radians([0.0, 1.0, 50.0, 51.0])
    judge.add(index(4), [SIZE] * 4, np.stack([np.cos(angle_N), np.sin(angle_N)], axis=1))
    assert judge.scores().metrics["rank1"] == 1.0
    assert judge.scores().said == "4 queries, 4 pictures of 2 people"


def test_attributes_are_matched_by_name() -> None:
    persons = dataclasses.replace(
        made_people(people=2, each=1), attribute_NA=np.array([[1, 0], [0, 0]], np.int8)
    )
    turned = OutputSpec("attributes", ("bluish", "unasked", "reddish"))
    judge = judge_of(persons, turned, SIZE)
    # Picture 0: reddish told, bluish wrong; picture 1: both right.
    judge.add(index(2), [SIZE] * 2, np.array([[3, 9, 3], [-3, 9, -3]], np.float32))
    found = judge.scores()
    # bluish: nobody is, so half of it is 0 by convention: (0 + 1/2) / 2.
    assert found.per_label == pytest.approx({"reddish": 1.0, "bluish": 0.25})
    assert found.metrics["mean_accuracy"] == pytest.approx(0.625)
    assert found.metrics["precision"] == pytest.approx((0.5 + 0) / 2)


def test_joints_are_judged_on_the_picture_itself() -> None:
    persons = made_people(people=1, each=1)
    half = np.array([0.5, 0.5, 0], np.float32)
    twice = dataclasses.replace(
        persons,
        images=[np.repeat(np.repeat(persons.images[0], 2, 0), 2, 1)],
        keypoint_NJ3=(persons.keypoint_NJ3 + half) * np.array([2, 2, 1]) - half,
        area_N=persons.area_N * 4,
    )
    rows, columns = np.mgrid[: HEIGHT // 4, : WIDTH // 4] * 4 + 1.5
    x, y = persons.keypoint_NJ3[0, 0, :2]
    heat_HW = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 72)
    heat_NJHW = np.broadcast_to(heat_HW, (1, 17, *heat_HW.shape)).astype(np.float32)
    for one in (persons, twice):
        found = score(one, index(1), lambda image_NHWC: heat_NJHW, JOINTS, SIZE)
        assert found.metrics.pop("mean_error_px") < 0.2  # of a picture of either size
        assert found.metrics == pytest.approx(
            {"mean_oks": 1.0, "ap": 1.0, "ap50": 1.0, "ap75": 1.0, "ar": 1.0}, abs=1e-3
        )


def test_a_joint_that_is_off_costs_what_oks_says() -> None:
    persons = made_people(people=1, each=1)
    judge = judge_of(persons, JOINTS, SIZE)
    heat_NJHW = np.zeros((1, 17, HEIGHT // 4, WIDTH // 4), np.float32)
    heat_NJHW[..., 0, 0] = 1.0  # every joint in the corner cell: at 1.5, 1.5
    judge.add(index(1), [SIZE], heat_NJHW)
    away = float(np.hypot(*(persons.keypoint_NJ3[0, 0, :2] - 1.5)))
    sigma_J = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1e3
    expected = np.exp(-(away**2) / (2 * 768 * (2 * sigma_J) ** 2)).mean()
    metrics = judge.scores().metrics
    assert metrics["mean_oks"] == pytest.approx(expected, abs=1e-5)
    assert metrics["mean_error_px"] == pytest.approx(away, abs=1e-4)


def test_parts_are_counted_in_one_matrix_at_the_size_of_the_picture() -> None:
    persons = made_people(people=1, each=1)
    mask_HW = np.zeros((4, 4), np.uint8)
    mask_HW[:, 2:] = 2
    mask_HW[0, 0] = 255
    small = dataclasses.replace(persons, images=[np.zeros((4, 4, 3), np.uint8)], masks=[mask_HW])
    turned = OutputSpec("segmentation", ("bottom", "top", "background", "unasked"))
    logits_NCHW = np.zeros((1, 4, 4, 4), np.float32)
    logits_NCHW[0, 2] = 1.0  # background everywhere
    found = score(small, index(1), lambda image_NHWC: logits_NCHW, turned, SIZE)
    # 7 of 15 pixels are background, 8 are bottom; all are said to be background.
    assert found.metrics == pytest.approx(
        {"mean_iou": (7 / 15 + 0) / 2, "mean_accuracy": 0.5, "pixel_accuracy": 7 / 15}
    )
    assert found.per_label == {
        "bottom": 0.0,
        "top": None,
        "background": pytest.approx(7 / 15),
        "unasked": None,
    }


def test_a_silhouette_has_the_median_of_its_people() -> None:
    persons = made_people(people=3, each=1)
    mask_HW = np.zeros((4, 4), np.uint8)
    mask_HW[:, [0, 3]] = 1  # from one side to the other, so that the box is the picture
    empty_HW = np.zeros((4, 4), np.uint8)
    small = dataclasses.replace(
        persons,
        images=[np.full((4, 4, 3), i, np.uint8) for i in range(3)],
        masks=[mask_HW, mask_HW, empty_HW],
        parts=("background", "person"),
    )

    def answer(image_NHWC: Uint8) -> Float32:
        logits_NCHW = np.zeros((len(image_NHWC), 2, 4, 4), np.float32)
        logits_NCHW[0, 1, :, [0, 3]] = 1  # all of the first
        logits_NCHW[1, 1, :, 3] = 1  # half of the second
        logits_NCHW[2, 1] = 1  # nobody is there: no share of anybody, but wrong pixels
        return logits_NCHW

    output = OutputSpec("segmentation", ("background", "person"))
    found = score(small, index(3), answer, output, SIZE)
    assert found.metrics["median_iou"] == 0.75
    assert found.metrics["pixel_accuracy"] == (16 + 12) / 48


def test_pictures_that_cannot_be_read_are_counted() -> None:
    persons = made_people(people=1, each=3)

    class Broken(PersonSet):
        def image(self, index: int) -> Uint8:
            if index == 1:
                raise ImageError("cut short")
            return super().image(index)

    broken = Broken(**{f.name: getattr(persons, f.name) for f in dataclasses.fields(persons)})
    logits_NA = np.zeros((2, 2), np.float32)
    found = score(broken, index(3), lambda image_NHWC: logits_NA, ANSWERS, SIZE)
    assert (found.pictures, found.unreadable) == (2, 1)


def test_a_mask_that_does_not_belong_to_its_picture_is_counted() -> None:
    persons = made_people(people=1, each=2)

    class Wrong(PersonSet):
        def part(self, index: int) -> Uint8:
            if index == 0:
                raise ImageError("a mask of another size")
            return super().part(index)

    wrong = Wrong(**{f.name: getattr(persons, f.name) for f in dataclasses.fields(persons)})
    logits_NCHW = np.zeros((2, 3, 16, 8), np.float32)
    found = score(wrong, index(2), lambda image_NHWC: logits_NCHW, MASK, SIZE)
    assert (found.pictures, found.unreadable) == (1, 1)


def test_without_pycocotools_the_similarity_stays_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    judge = judge_of(made_people(people=1, each=1), JOINTS, SIZE)
    judge.add(index(1), [SIZE], np.zeros((1, 17, 16, 8), np.float32))
    found = judge.scores()
    assert list(found.metrics) == ["mean_oks", "mean_error_px"]
    assert "no AP: COCO AP needs pycocotools, which is not installed" in found.said


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (OutputSpec("attributes", ("reddish",)), "has the attributes bluish, but the model knows"),
        (OutputSpec("segmentation", ("background",)), "has the parts top, bottom"),
        (OutputSpec("heatmaps", ("a", "b")), "has 17 joints per person, but the model gives 2"),
        (OutputSpec("tokens"), "tokens cannot be scored"),
    ],
)
def test_labels_that_do_not_fit(output: OutputSpec, message: str) -> None:
    with pytest.raises(DataError, match=message):
        judge_of(made_people(people=1, each=1), output, SIZE)


def test_nothing_to_judge() -> None:
    for output in (VECTOR, ANSWERS, JOINTS, MASK):
        with pytest.raises(DataError, match="no picture to score"):
            judge_of(made_people(people=1, each=1), output, SIZE).scores()
    unlabelled = made_people(people=1, each=1)
    unlabelled.keypoint_NJ3[..., 2] = 0
    judge = judge_of(unlabelled, JOINTS, SIZE)
    judge.add(index(1), [SIZE], np.zeros((1, 17, 16, 8), np.float32))
    with pytest.raises(DataError, match="no person here has a labelled joint"):
        judge.scores()


def test_outputs_of_nan_are_no_score() -> None:
    def answer(image_NHWC: Uint8) -> Float32:
        return np.full((len(image_NHWC), 2), np.nan, np.float32)

    with pytest.raises(ArtefactError, match="outputs are not finite"):
        score(made_people(people=2, each=2), index(4), answer, VECTOR, SIZE)


def test_maps_of_the_mirror_image_are_turned_back_and_change_sides() -> None:
    # A network that answers with the picture's red channel: as it is for left, doubled for right.
    def answer(image_NHWC: Uint8) -> Float32:
        red_NHW = image_NHWC[..., 0].astype(np.float32)
        return np.stack([red_NHW, 2 * red_NHW], axis=1)

    image_NHWC = np.zeros((1, 1, 3, 3), np.uint8)
    image_NHWC[0, 0, :, 0] = 1, 2, 5
    both = with_mirror(answer, OutputSpec("heatmaps", ("l_eye", "r_eye")))
    np.testing.assert_allclose(both(image_NHWC)[0, :, 0], [[1.5, 3, 7.5], [1.5, 3, 7.5]])
    # Parts without a side stay where they are.
    alone = with_mirror(answer, OutputSpec("segmentation", ("ground", "hat")))
    np.testing.assert_allclose(alone(image_NHWC)[0, :, 0], [[1, 2, 5], [2, 4, 10]])


def test_simcc_of_the_mirror_image_is_turned_back_along_x_alone() -> None:
    output = OutputSpec("simcc", ("l_eye", "r_eye"), dim=4)

    def answer(image_NHWC: Uint8) -> Float32:
        is_turned = image_NHWC[0, 0, 0, 0] == 9
        column_X, row_X = [1, 0, 0, 0], [0, 7, 0]
        if is_turned:  # the other eye at the other side, and less sure
            return np.array([[[*column_X, *row_X, 3], [0, 0, 0, 8, *row_X, 4]]], np.float32)
        return np.array([[[6, 0, 0, 0, *row_X, 6], [0, 0, 0, 3, *row_X, 5]]], np.float32)

    image_NHWC = np.zeros((1, 1, 2, 3), np.uint8)
    image_NHWC[0, 0, 1] = 9
    found = with_mirror(answer, output)(image_NHWC)
    assert found.tolist() == [[[7, 0, 0, 0, 0, 7, 0, 5], [0, 0, 0, 2, 0, 7, 0, 4]]]


def test_joints_are_read_as_the_card_says() -> None:
    persons, size = made_people(), (4, 2)
    output = OutputSpec("simcc", COCO_17, dim=4)
    logits_NJX = np.zeros((1, 17, 4 + 8 + 1), np.float32)
    seen = []
    for decision in (None, Decision(threshold=0.9)):
        judge = judge_of(persons, output, size, decision)
        judge.add(np.zeros(1, np.int64), [size], logits_NJX)
        seen.append(judge.all()[1][..., 2])  # type: ignore[attr-defined]
    assert (seen[0] > 0.1).all()
    assert (seen[1] == 0).all()


def test_a_flip_test_takes_the_mean_of_two_vectors() -> None:
    def answer(image_NHWC: Uint8) -> Float32:
        return image_NHWC[:, 0, :2, 0].astype(np.float32)

    image_NHWC = np.zeros((1, 1, 2, 3), np.uint8)
    image_NHWC[0, 0, :, 0] = 3, 5
    assert with_mirror(answer, VECTOR)(image_NHWC).tolist() == [[4.0, 4.0]]
