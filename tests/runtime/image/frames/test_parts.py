"""Everybody of a frame with their parts: in pixels of the frame, drawn, and as lines."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError
from edgehuman.runtime.image.frames.parts import PartsFinder, shares_of
from edgehuman.runtime.image.frames.stream import open_stream
from edgehuman.runtime.image.frames.watch import watching_with
from edgehuman.runtime.model import Model, load
from tests.bench.evaluate.bars import write_bars
from tests.data.frame_trees import ANNE, BOB, frame
from tests.data.pictures import write
from tests.runtime.parts_models import LABELS, parts_card, rows_of, write_parts


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(str(write_parts(tmp_path, rows_of())))


def test_people_are_found_with_masks_and_parts(model: Model) -> None:
    anne, bob = PartsFinder(model, 0.5).find(frame(ANNE, BOB))
    np.testing.assert_allclose(anne.box_4, ANNE, atol=0.2)
    assert (round(anne.score, 2), round(bob.score, 2)) == (0.9, 0.6)
    assert anne.parts == LABELS
    assert anne.cut is not None
    assert anne.mask_HW is not None
    assert anne.part_HW is not None
    assert anne.mask_HW.shape == anne.part_HW.shape
    x0, y0, _, _ = anne.cut
    assert anne.part_HW[20 - y0, 20 - x0] == LABELS.index("hair")
    assert anne.part_HW[40 - y0, 20 - x0] == LABELS.index("lower_clothes")
    assert not anne.part_HW[~anne.mask_HW].any()


def test_a_stream_gives_shares_of_a_persons_own_pixels(model: Model) -> None:
    with open_stream(model, [frame(ANNE, BOB)]) as stream:
        (result,) = list(stream)
    anne, bob = result.people
    assert dict(bob.answer) == {"parts": {"upper_clothes": 1.0}}
    shares = anne.answer["parts"]
    assert set(shares) == {"hair", "lower_clothes"}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert shares["hair"] == pytest.approx(0.5, abs=0.1)


def test_a_folder_is_drawn_with_the_parts_of_everybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_parts(tmp_path / "m", rows_of())
    write(tmp_path / "photos" / "a.png", frame(ANNE, BOB))
    words = ["run", str(path), "--source", str(tmp_path / "photos"), "--json"]
    assert main([*words, "--save", str(tmp_path / "seen")]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert [set(each["parts"]) for each in row["people"]] == [
        {"hair", "lower_clothes"},
        {"upper_clothes"},
    ]
    drawn_HWC = cv2.imread(str(tmp_path / "seen" / "a.png"))
    assert drawn_HWC is not None
    hair, trousers, ground = drawn_HWC[20, 20], drawn_HWC[42, 20], drawn_HWC[5, 70]
    assert not np.array_equal(hair, trousers)
    assert ground.tolist() == [180, 180, 180]


@pytest.mark.parametrize(("height", "width"), [(8, 8), (1, 1), (9, 900)])
def test_small_and_narrow_frames_are_answered_or_refused(
    model: Model, tmp_path: Path, height: int, width: int
) -> None:
    image_HWC = np.zeros((height, width, 3), np.uint8)
    if min(height, width) < 8:
        with (
            open_stream(model, [image_HWC]) as stream,
            pytest.raises(DataError, match="each side must be at least 8"),
        ):
            next(iter(stream))
        return
    for each in PartsFinder(model, 0.5).find(image_HWC):
        assert each.cut is not None
        assert each.cut[2] <= width
        assert each.cut[3] <= height


def test_a_frame_of_48_million_pixels(model: Model) -> None:
    anne, bob = PartsFinder(model, 0.5).find(np.zeros((6000, 8000, 3), np.uint8))
    assert anne.part_HW is not None
    assert bob.mask_HW is not None
    np.testing.assert_allclose(anne.box_4, np.array(ANNE) * 100, atol=20)
    assert anne.part_HW.shape[0] > 3900


def test_nobody_and_as_many_people_as_an_answer_holds(tmp_path: Path) -> None:
    row_RX = rows_of()
    nobody_RX = row_RX.copy()
    nobody_RX[:-8, 4] = 0
    model = load(str(write_parts(tmp_path / "none", nobody_RX)))
    assert PartsFinder(model, 0.5).find(frame(ANNE)) == []
    crowd_RX = np.concatenate((np.repeat(row_RX[:1], 100, axis=0), row_RX[-8:]))
    model = load(str(write_parts(tmp_path / "all", crowd_RX)))
    found = PartsFinder(model, 0.5).find(frame(ANNE))
    assert len(found) == 100
    assert all(np.array_equal(found[0].part_HW, each.part_HW) for each in found)  # type: ignore[arg-type]


def test_what_is_not_finite_or_of_another_shape_is_an_error(tmp_path: Path) -> None:
    row_RX = rows_of()
    row_RX[0, 9] = np.inf
    broken = PartsFinder(load(str(write_parts(tmp_path / "a", row_RX))), 0.5)
    with pytest.raises(DataError, match="not finite"):
        broken.find(frame(ANNE))
    short = PartsFinder(load(str(write_parts(tmp_path / "b", rows_of()[:, :-1]))), 0.5)
    with pytest.raises(ArtefactError, match="people and 8 parts of an input of 96x64"):
        short.find(frame(ANNE))
    with pytest.raises(ArtefactError, match="gives boxes, not the parts of people"):
        PartsFinder(load(str(write_bars(tmp_path))), 0.5)


def test_it_finds_people_itself(model: Model, tmp_path: Path) -> None:
    detector = load(str(write_bars(tmp_path)))
    with pytest.raises(Exception, match="finds people itself; leave --detector out"):
        watching_with(model, detector)


def test_shares_are_of_labelled_pixels() -> None:
    part_HW = np.array([[0, 0, 1, 2], [0, 2, 2, 0]], np.uint8)
    assert shares_of(part_HW, ("background", "hat", "coat", "bag")) == {"hat": 0.25, "coat": 0.75}
    assert shares_of(np.zeros((0, 0), np.uint8), ("background", "hat")) == {}
    assert parts_card().task == "multi-parsing"
