"""A network's rows against frames with garments."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.garments.score import FrameGarmentsJudge, fitting
from edgehuman.errors import DataError
from edgehuman.metrics.garments.answers import columns_of
from edgehuman.metrics.garments.outside import HEAD
from edgehuman.nets.image.garments.network import garment_net
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32
from tests.tasks.drawn_frames import drawn_set
from tests.tasks.garments import ATTRIBUTES, CATEGORIES, worn_set

SIZE = (96, 128)
FRAMES = worn_set(6, test=2)
OUTPUT = OutputSpec("part_attributes", ("person", *CATEGORIES), attributes=ATTRIBUTES)


def rows_of(index: int) -> Float32:
    """A perfect answer, with masks in cells of 4 pixels."""
    assert FRAMES.garments is not None
    truth = FRAMES.garments[index]
    row_KX = np.zeros((len(truth.label_M), columns_of(SIZE, 3)), np.float32)
    row_KX[:, :4], row_KX[:, 4] = truth.box_M4, np.linspace(0.9, 0.8, len(row_KX))
    row_KX[:, 5] = truth.label_M
    row_KX[:, HEAD : HEAD + 3] = np.where(truth.attribute_MA, 9, -9)
    y_h, x_w = (np.arange(side // 4) * 4 + 2 for side in SIZE)
    for row_X, (x1, y1, x2, y2) in zip(row_KX, truth.box_M4, strict=True):
        map_hw = np.where(((y_h >= y1) & (y_h < y2))[:, None] & (x_w >= x1) & (x_w < x2), 9.0, -9.0)
        quarters = [map_hw[row::2, column::2] for row in (0, 1) for column in (0, 1)]
        row_X[HEAD + 3 :] = np.stack(quarters).ravel()
    return row_KX


def judged(change: Float32 | None = None) -> dict[str, float]:
    assert FRAMES.garments is not None
    judge = FrameGarmentsJudge(OUTPUT, SIZE, FRAMES.garments.described)
    for index in range(6):
        row_KX = rows_of(index)
        if change is not None:
            row_KX[:, : len(change)] += change
        judge.add(FRAMES, index, row_KX, Letterbox(1.0, 1.0, 0, 0, *SIZE))
    found = judge.scores()
    assert found.garments == 2 * FRAMES.num_people
    assert 0.5 < found.threshold <= 0.9
    return found.metrics


def test_a_perfect_answer_has_perfect_boxes_and_masks_of_whole_cells() -> None:
    found = judged()
    assert next(iter(found)) == "box_ap_iou_f1"
    boxes = [name for name in found if name.startswith("box_")]
    assert [found[name] for name in (*boxes, "ap50")] == pytest.approx([1] * 6)
    assert found["mask_ap_f1"] == pytest.approx(1)
    assert 0.1 < found["mask_ap_iou"] < 1
    assert found["mask_ap_iou50"] > 0.9


def test_wrong_attributes_take_away_what_f1_asks_for_and_nothing_else() -> None:
    """Coats said to be neither, and both: of two columns, that of boots stays."""
    logits = np.zeros(HEAD + 3, np.float32)
    logits[HEAD:] = -18
    found = judged(logits)
    assert found["box_ap_iou"] == pytest.approx(1)
    assert found["box_ap_iou_f1"] == pytest.approx(1 / 11)
    logits[HEAD:] = 18  # all three: F1 of one right of three is (1/2 + 0) / 2
    assert judged(logits)["box_ap_iou_f1"] == pytest.approx(1 / 11)


def test_other_names_are_refused() -> None:
    assert fitting(FRAMES, OUTPUT) is FRAMES.garments
    other = OutputSpec("part_attributes", ("person", "hat"), attributes=ATTRIBUTES)
    with pytest.raises(DataError, match="2 categories and 3 attributes, and the model 1 and 3"):
        fitting(FRAMES, other)
    with pytest.raises(DataError, match="does not say what they wear"):
        fitting(drawn_set(4, 2), OUTPUT)
    assert FRAMES.garments is not None
    with pytest.raises(DataError, match="no frame to score"):
        FrameGarmentsJudge(OUTPUT, SIZE, (True, False)).scores()


def test_an_answer_of_which_nothing_is_chosen_yet_is_judged_as_a_chosen_one() -> None:
    assert FRAMES.garments is not None
    network = garment_net("starnet_s100", len(OUTPUT.labels), len(ATTRIBUTES), SIZE)
    torch.nn.init.normal_(network.one.last.weight, std=0.1)
    found = []
    for post in ("inside", "outside"):
        network.post = post
        judge = FrameGarmentsJudge(OUTPUT, SIZE, FRAMES.garments.described)
        with torch.inference_mode():
            row_RX = network(torch.from_numpy(FRAMES.frames[1])[None]).numpy()[0]
        judge.add(FRAMES, 1, row_RX, Letterbox(1.0, 1.0, 0, 0, *SIZE))
        found.append(judge.scores().metrics)
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[0]["box_ap_f1"] > 0
