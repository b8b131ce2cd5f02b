"""Frames that calibrate and judge a detector, of labelled sets and of plain folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image.frames.samples import read_samples
from edgehuman.errors import DataError
from tests.data.frame_trees import frame, mot_video
from tests.data.pictures import photos, write

CARD = Card(
    *("toy", "detection", "toy", 1, 1),
    image_input(60, 100, "Frame"),
    OutputSpec("boxes", ("person",)),
)


def test_labelled_frames_are_letterboxed_and_bring_their_labels(tmp_path: Path) -> None:
    samples = read_samples(CARD, mot_video(tmp_path))
    assert samples.array.shape == (5, 60, 100, 3)
    assert (samples.array[:, :, :10] == 114).all()  # 80 of 100 columns
    assert set(samples.person_N.tolist()) == {"door"}
    assert samples.source == "labelled frames of mot"
    assert samples.task_labels is not None
    rows = np.zeros((5, 1, 5), np.float32)
    assert samples.task_labels.metrics(rows, CARD.output)["ap50"] == 0
    assert len(read_samples(CARD, tmp_path, most=2)) == 2


def test_a_folder_of_photos_has_no_labels(tmp_path: Path) -> None:
    samples = read_samples(CARD, photos(tmp_path, 3))
    assert samples.array.shape == (3, 60, 100, 3)
    assert samples.task_labels is None
    assert samples.source == f"pictures of {tmp_path.name}"


@pytest.mark.parametrize(
    ("height", "width"), [(8, 8), (200, 20), pytest.param(6000, 8000, marks=pytest.mark.long)]
)
def test_frames_of_any_size_are_taken(tmp_path: Path, height: int, width: int) -> None:
    write(tmp_path / "a.jpg", np.full((height, width, 3), 96, np.uint8))
    samples = read_samples(CARD, tmp_path)
    assert samples.array.shape == (1, 60, 100, 3)
    assert (samples.array[0, 30, 50] == 96).all()


def test_grey_and_16_bit_pictures_are_taken(tmp_path: Path) -> None:
    grey = frame((10, 10, 30, 50))[..., 0]
    write(tmp_path / "grey.png", np.ascontiguousarray(grey[..., None]))
    write(tmp_path / "wide.png", np.repeat(grey[..., None], 3, 2).astype(np.uint16) * 257)  # type: ignore[arg-type]
    samples = read_samples(CARD, tmp_path)
    assert samples.array.shape == (2, 60, 100, 3)
    np.testing.assert_array_equal(samples.array[0], samples.array[1])


def test_a_folder_without_a_readable_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="none of its 1 pictures can be read"):
        read_samples(CARD, tmp_path)
