"""Masks of one's own: people's folders, one folder, a video; pictures are not taken for masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.silhouette.load import layouts, load_silhouettes
from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.normalise import normalise_walk
from edgehuman.records import Uint8
from tests.data.silhouette_trees import person_masks, write_masks


def test_folders_of_people_are_read(tmp_path: Path) -> None:
    for seed, name in enumerate(("anna/monday", "anna/friday", "bert/monday")):
        write_masks(tmp_path / name, person_masks(11, seed))
    walks = load_silhouettes(tmp_path)
    assert walks.person_N.tolist() == ["anna", "anna", "bert"]
    assert walks.sequence_N.tolist() == ["anna/friday", "anna/monday", "bert/monday"]
    assert walks.image_size_N2.tolist() == [[120, 160]] * 3
    # Frame 10 comes after frame 9, whatever the digits.
    np.testing.assert_array_equal(walks.sequence(1), normalise_walk(person_masks(11, 0)))


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    masks = person_masks(12, 0)
    for number, mask in enumerate(masks):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), mask)
    walks = load_silhouettes(tmp_path)
    assert (len(walks), walks.role_N.tolist()) == (1, [""])
    np.testing.assert_array_equal(walks.sequence(0), normalise_walk(masks))


def test_a_video_of_masks_is_read(tmp_path: Path) -> None:
    path = tmp_path / "walk.avi"
    code = cv2.VideoWriter.fourcc(*"MJPG")
    masks = person_masks(6, 2)
    video = cv2.VideoWriter(str(path), code, 30.0, (160, 120))
    for mask in masks:
        video.write(cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))
    video.release()
    walks = load_silhouettes(path)
    assert walks.rate_hz_N.tolist() == [30.0]
    assert np.mean(walks.sequence(0) != normalise_walk(masks)) < 0.01


def test_a_video_cut_short_misses_the_frames_that_it_states(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "walk.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    for mask in person_masks(20, 2):
        video.write(cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR))
    video.release()
    assert main(["data", "check", str(path)]) == 0
    assert "miss frames" not in capsys.readouterr().out
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert main(["data", "check", str(path)]) == 0
    assert "1 walks miss frames in their numbers, such as walk: " in capsys.readouterr().out


def test_folders_that_hold_nothing_and_hidden_ones_hide_nobody(tmp_path: Path) -> None:
    for name in ("anna/monday", "bert/monday"):
        write_masks(tmp_path / name, person_masks(3))
    for name in ("aaa", "anna/aaa", ".git/x", ".cache/x", "__MACOSX/x"):
        (tmp_path / name).mkdir(parents=True)
    write_masks(tmp_path / ".cache/x", person_masks(3))
    assert load_silhouettes(tmp_path).sequence_N.tolist() == ["anna/monday", "bert/monday"]


def test_pictures_of_ones_own_that_are_no_masks_are_told(tmp_path: Path) -> None:
    red = np.zeros((3, 80, 60, 3), np.uint8)
    red[:, 20:60, 20:40, 2] = 255
    write_masks(tmp_path / "anna/monday", red)
    with pytest.raises(DataError, match=r"001\.png is a colour picture; a mask is white"):
        load_silhouettes(tmp_path)


def _noise(count: int) -> Uint8:
    return np.random.default_rng(0).integers(0, 256, (count, 80, 60, 3), np.uint8)


def test_photos_are_no_masks(tmp_path: Path) -> None:
    write_masks(tmp_path / "anna" / "monday", _noise(3))
    write_masks(tmp_path / "photos", _noise(3))
    for place in (tmp_path, tmp_path / "photos"):
        assert not [layout.dataset for layout in layouts() if layout.recognise(place)]
    (tmp_path / "photos" / "a.avi").write_bytes(b"RIFF no video")
    assert not [one for one in layouts() if one.recognise(tmp_path / "photos" / "a.avi")]


def test_masks_that_label_photos_are_left_to_them(tmp_path: Path) -> None:
    write_masks(tmp_path, person_masks(3))
    (tmp_path / "labels.jsonl").write_text("{}\n")
    assert not [layout.dataset for layout in layouts() if layout.recognise(tmp_path)]


@pytest.mark.parametrize(
    ("change", "why"),
    [("invert", "white background"), ("empty", "shows nobody"), ("colour", "colour picture")],
)
def test_a_walk_of_useless_masks_is_told(tmp_path: Path, change: str, why: str) -> None:
    masks = person_masks(4)
    if change == "colour":
        masks = np.repeat(masks[..., None], 3, axis=3)
        masks[2, ..., 1] //= 3
    else:
        masks = 255 - masks if change == "invert" else 0 * masks
    write_masks(tmp_path, masks)
    with pytest.raises(DataError, match=why):
        load_silhouettes(tmp_path)


def test_empty_frames_between_good_ones_are_dropped(tmp_path: Path) -> None:
    masks = person_masks(6)
    masks[2] = 0
    write_masks(tmp_path, masks)
    assert load_silhouettes(tmp_path).length_N.tolist() == [5]
