"""Walks are found in folders, files and videos; a mask that cannot be used is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.data.silhouette.layout import walks_of
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.data.silhouette.packed import write
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.silhouette.normalise import normalise
from edgehuman.runtime.silhouette.source import mask_frame, walks_in
from tests.runtime.outlines import ANNA, BOB, mask, walk, write_walk


def test_a_folder_of_png_files_is_one_walk_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write_walk(tmp_path / "door", walk(ANNA, 11))
    (found,) = walks_in(tmp_path / "door")
    assert found.name == "door"
    assert [frame.name for frame in found.frames()] == [f"{n}.png" for n in range(1, 12)]
    # A walk can be read again.
    assert len(list(found.frames())) == 11


def test_every_folder_of_png_files_is_a_walk(tmp_path: Path) -> None:
    for name in ("anna/nm-01", "anna/nm-02", "bob/nm-01"):
        write_walk(tmp_path / name, walk(ANNA, 2))
    (tmp_path / "anna" / "notes.txt").write_text("not a mask")
    assert [found.name for found in walks_in(tmp_path)] == ["anna/nm-01", "anna/nm-02", "bob/nm-01"]


def test_masks_of_any_size_are_normalised_and_records_stay(tmp_path: Path) -> None:
    for size in ((80, 100), (200, 90), (480, 640)):
        frame = mask_frame(mask(ANNA, size), "0")
        assert frame.record_HW is not None
        assert np.array_equal(frame.record_HW, normalise(mask(ANNA, size)))
    record_HW = normalise(mask(BOB))
    again = mask_frame(record_HW, "0").record_HW
    assert again is not None
    assert np.array_equal(again, record_HW)


def test_darker_white_is_white() -> None:
    for picture in (mask(ANNA), normalise(mask(ANNA))):
        dark = mask_frame(picture // 255 * np.uint8(128), "0").record_HW
        assert dark is not None
        assert np.array_equal(dark, normalise(picture))


def test_links_are_followed_and_no_folder_is_entered_twice(tmp_path: Path) -> None:
    write_walk(tmp_path / "elsewhere/1", walk(ANNA, 2))
    write_walk(tmp_path / "walks/bob", walk(BOB, 2))
    (tmp_path / "walks/anna").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "walks/bob/round").symlink_to(tmp_path / "walks")
    write_walk(tmp_path / "walks/.thumbnails", walk(BOB, 2))
    assert [found.name for found in walks_in(tmp_path / "walks")] == ["anna/1", "bob"]


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((80, 100), np.uint8), "empty"),
        (255 - mask(ANNA), "inverted"),
        (mask(ANNA) // 255 * 100, "grey"),
        (normalise(mask(ANNA)) // 255 * 2, "grey"),
        (np.random.default_rng(0).integers(0, 256, (80, 100, 3)).astype(np.uint8), "colour"),
        (np.zeros((80, 100), np.float32), "unreadable"),
        (np.repeat(normalise(mask(ANNA))[None], 3, axis=0), "unreadable"),
    ],
)
def test_a_mask_that_cannot_be_used_says_why(picture: np.ndarray, reason: str) -> None:  # type: ignore[type-arg]
    frame = mask_frame(picture, "7")
    assert frame.record_HW is None
    assert frame.reason == reason
    assert "frame 7" in frame.why


def test_a_damaged_png_is_one_frame_that_cannot_be_used(tmp_path: Path) -> None:
    folder = write_walk(tmp_path / "w", walk(ANNA, 3))
    content = (folder / "2.png").read_bytes()
    (folder / "2.png").write_bytes(content[: len(content) // 2])
    (found,) = walks_in(folder)
    assert [frame.reason for frame in found.frames()] == ["", "unreadable", ""]


def test_a_video_of_masks_is_one_walk(tmp_path: Path) -> None:
    path = tmp_path / "door.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (100, 80))
    for picture in walk(ANNA, 3):
        video.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    video.write(np.random.default_rng(0).integers(0, 256, (80, 100, 3)).astype(np.uint8))
    video.release()
    (found,) = walks_in(path)
    frames = list(found.frames())
    assert found.name == "door"
    assert [frame.reason for frame in frames] == ["", "", "", "colour"]
    assert [frame.t_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12])
    path.write_bytes(b"no video")
    with pytest.raises(DataError, match="no frame can be read"):
        list(walks_in(path)[0].frames())


def test_a_packed_file_gives_its_walks(tmp_path: Path) -> None:
    write_walk(tmp_path / "tree/anna/1", walk(ANNA, 2))
    write_walk(tmp_path / "tree/bob/1", walk(BOB, 3))
    packed = tmp_path / "two.silhouettes"
    write(packed, walks_of(load_silhouettes(tmp_path / "tree", check=False)), "masks", 25.0)
    found = walks_in(packed)
    assert [len(list(each.frames())) for each in found] == [2, 3]
    assert all(frame.record_HW is not None for each in found for frame in each.frames())


def test_simulated_walkers_say_that_they_are(tmp_path: Path) -> None:
    found = walks_in("simulated:1", seed=3)
    assert all(each.simulated for each in found)
    frame = next(found[0].frames())
    assert frame.record_HW is not None
    assert frame.record_HW.shape == (64, 64)


def test_what_holds_no_walk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="source is empty"):
        walks_in("  ")
    with pytest.raises(DataError, match="no such file or folder"):
        walks_in(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty is empty; give a folder of PNG masks"):
        walks_in(tmp_path / "empty")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("hello")
    with pytest.raises(DataError, match="holds no PNG masks"):
        walks_in(tmp_path / "text")
