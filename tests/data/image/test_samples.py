"""Pictures that calibrate and judge: any size becomes the network's; the unreadable are left."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.data.image.samples import read_samples
from edgehuman.errors import DataError


@pytest.fixture
def person_card() -> Card:
    output = OutputSpec("embedding", distance="cosine", dim=8)
    return Card("toy", "person-embedding", "toy", 1, 1, image_input(64, 32), output)


def write(path: Path, height: int, width: int, grey: int) -> None:
    cv2.imwrite(str(path), np.full((height, width, 3), grey, np.uint8))


def test_pictures_of_a_folder_take_the_size_of_the_network(
    tmp_path: Path, person_card: Card
) -> None:
    write(tmp_path / "large.png", 200, 90, 10)
    write(tmp_path / "small.png", 20, 20, 200)
    (tmp_path / "torn.png").write_bytes(b"\x89PNG and no more")
    samples = read_samples(person_card, tmp_path)
    assert samples.array.shape == (2, 64, 32, 3)
    assert samples.array.dtype == np.uint8
    assert samples.array[:, 5, 5, 0].tolist() == [10, 200]
    assert samples.person_N.tolist() == ["large.png", "small.png"]
    assert samples.label_N.tolist() == [-1, -1]
    assert samples.source == f"pictures of {tmp_path.name}"


def test_a_folder_without_one_sound_picture_is_refused(tmp_path: Path, person_card: Card) -> None:
    (tmp_path / "torn.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="none of its 1 pictures can be read"):
        read_samples(person_card, tmp_path)
    (tmp_path / "torn.png").unlink()
    with pytest.raises(DataError):
        read_samples(person_card, tmp_path)


def test_simulated_people_are_several_pictures_of_each(person_card: Card) -> None:
    samples = read_samples(person_card, "simulated")
    assert samples.array.shape[1:] == (64, 32, 3)
    people, count_P = np.unique(samples.person_N, return_counts=True)
    assert len(people) >= 32
    assert set(count_P.tolist()) == {4}
    assert samples.source == "simulated people"
    assert len(read_samples(person_card, "simulated", most=6)) == 8  # whole people
