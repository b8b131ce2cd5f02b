"""Images by number from a folder tree, shards or the simulator; what is no image set says so."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import DataError, ImageError
from tests.data.person_trees import ccp, lip
from tests.data.pictures import cut_short, encode, photos, picture, write


def test_a_deep_tree_is_listed_in_order(tmp_path: Path) -> None:
    # LUPerson: a folder for each video, folders of crops below, and lists in text files.
    for number, name in enumerate(["b/2/x.jpg", "b/1/y.PNG", "a.jpeg", "b/z.webp"]):
        write(tmp_path / name, picture(number))
    (tmp_path / "list.txt").write_text("a.jpeg 0")
    (tmp_path / "b" / "._z.webp").write_bytes(b"Mac")
    (tmp_path / ".thumbs").mkdir()
    (tmp_path / ".thumbs" / "t.jpg").write_bytes(b"hidden")
    images = open_images(tmp_path)
    assert [images.name(i) for i in range(len(images))] == [
        "a.jpeg",
        "b/z.webp",
        "b/1/y.PNG",
        "b/2/x.jpg",
    ]
    assert np.array_equal(images.read(2), picture(1))
    assert images.source == str(tmp_path)
    again = pickle.loads(pickle.dumps(images))
    assert np.array_equal(again.read(3), images.read(3))


def test_a_link_is_followed_and_a_circle_is_not(tmp_path: Path) -> None:
    photos(tmp_path / "elsewhere", 2)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")
    assert len(open_images(tmp_path / "set")) == 2


def test_one_image_is_a_set_of_one(tmp_path: Path) -> None:
    images = open_images(write(tmp_path / "one.png", picture(3)))
    assert (len(images), images.name(0)) == (1, "one.png")
    assert np.array_equal(images.read(0), picture(3))


def test_a_corrupt_image_is_an_error_of_its_own(tmp_path: Path) -> None:
    folder = photos(tmp_path, 3)
    cut_short(folder / "001.jpg")
    images = open_images(folder)
    with pytest.raises(ImageError, match=r"001\.jpg.*cut short"):
        images.read(1)
    (folder / "002.jpg").unlink()
    with pytest.raises(ImageError, match=r"002\.jpg: No such file"):
        images.read(2)
    assert images.read(0).shape == (96, 64, 3)


def test_simulated_people_are_drawn_when_asked_for() -> None:
    images = open_images("simulated", seed=3)
    assert len(images) == 8000
    assert images.encoded(0) is None
    assert images.name(9).startswith("simulated/00001")
    first = pickle.loads(pickle.dumps(images)).read(9)
    assert first.shape == (256, 128, 3)
    assert np.array_equal(first, images.read(9))
    assert not np.array_equal(first, open_images("simulated", seed=4).read(9))


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such file or folder; give a folder of images"):
        open_images(tmp_path / "nowhere")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no images in it or its subfolders \(it holds no files\)"):
        open_images(tmp_path)


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.csv"):
        (tmp_path / name).write_text("words")
    with pytest.raises(DataError) as caught:
        open_images(tmp_path)
    assert "(it holds 2 .txt, 1 .csv); images end in" in str(caught.value)
    assert ".jpg" in str(caught.value)


@pytest.mark.parametrize("name", ["photos.zip", "photos.tar.gz", "PHOTOS.TGZ"])
def test_a_packed_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match="is a packed archive; unpack it"):
        open_images(tmp_path / name)


def test_a_file_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(DataError, match=r"notes\.txt is neither an image nor a shard"):
        open_images(tmp_path / "notes.txt")


def test_images_and_shards_in_one_folder_are_ambiguous(tmp_path: Path) -> None:
    photos(tmp_path, 2)
    (tmp_path / "s.tar").write_bytes(b"")
    with pytest.raises(DataError, match=r"both images \(2\) and shards \(1\)"):
        open_images(tmp_path)


def test_the_suffix_does_not_matter_to_reading(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encode(picture(1), ".png"))
    assert np.array_equal(open_images(tmp_path).read(0), picture(1))


def names(path: Path) -> list[str]:
    images = open_images(path)
    return [images.name(i) for i in range(len(images))]


@pytest.fixture(scope="module")
def simulated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, eight pictures, eight masks."""
    out = tmp_path_factory.mktemp("made") / "p"
    simulate_people_folder(out, people=2, each=4, seed=0)
    return out


def test_masks_of_the_simulators_folder_are_no_photos(
    simulated_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Also where it is one of several folders, and where its pictures alone are given.
    for path in (simulated_folder, simulated_folder.parent, simulated_folder / "images"):
        images = open_images(path)
        assert len(images) == 8
        assert not any("parts" in images.name(i) for i in range(8))
        assert images.simulated_N.tolist() == [True] * 8
        said = capsys.readouterr().err
        left = "" if path.name == "images" else "8 images; 8 label maps (masks) left out"
        assert left in said
        assert bool(said) == bool(left)
    with pytest.raises(DataError, match=r"\(it holds 8 \.png; 8 label maps \(masks\) left out\)"):
        open_images(simulated_folder / "parts")


def test_one_picture_of_simulated_people_is_known_as_such(
    simulated_folder: Path, tmp_path: Path
) -> None:
    picture = next((simulated_folder / "images").rglob("*.*"))
    assert open_images(picture).simulated_N.tolist() == [True]
    photos(tmp_path / "images" / "7", 2)
    rows = ['{"image": "images/7/000.jpg"}', '{"image": "images/7/001.jpg", "simulated": true}']
    (tmp_path / "labels.jsonl").write_text("\n".join(rows))
    for number, simulated in enumerate((False, True)):
        images = open_images(tmp_path / "images" / "7" / f"{number:03d}.jpg")
        assert images.simulated_N.tolist() == [simulated]
    # The nearest labels count, and broken ones, which nobody asked for, stop nobody.
    near = tmp_path / "images" / "7" / "labels.jsonl"
    near.write_text('{"image": "000.jpg", "simulated": true}')
    assert open_images(near.with_name("000.jpg")).simulated_N.tolist() == [True]
    near.write_text("{")
    assert open_images(near.with_name("000.jpg")).simulated_N.tolist() == [False]


def test_pictures_without_a_line_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(tmp_path / "images", 4)
    rows = ['{"image": "images/001.jpg", "simulated": true}', '{"image": "./images/003.jpg"}']
    (tmp_path / "labels.jsonl").write_text("\n".join(rows))
    assert names(tmp_path) == ["images/001.jpg", "images/003.jpg"]
    assert "2 images left out that labels.jsonl does not name" in capsys.readouterr().err
    images = open_images(tmp_path / "images")
    assert images.simulated_N.tolist() == [False, True, False, False]
    (tmp_path / "labels.jsonl").write_text('{"file": "images/001.jpg"}')
    with pytest.raises(DataError, match=r"line 1: not an object .* or give the folder that holds"):
        open_images(tmp_path)
    assert len(open_images(tmp_path / "images")) == 4


@pytest.mark.parametrize("deep", [True, False])
def test_masks_of_lip_and_ccp_are_no_photos(
    tmp_path: Path, deep: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lip(tmp_path / "lip", deep)
    assert [Path(name).suffix for name in names(tmp_path / "lip")] == [".jpg"] * 4
    assert "4 images; 4 label maps (masks) left out" in capsys.readouterr().err
    # The photo that nobody labelled is one to learn from.
    ccp(tmp_path / "ccp")
    assert names(tmp_path / "ccp") == [f"photos/{number:04d}.jpg" for number in range(1, 11)]
    assert "10 images; 9 label maps (masks) left out" in capsys.readouterr().err
    assert len(open_images(tmp_path)) == 14
    assert "13 label maps" in capsys.readouterr().err


def test_a_folder_called_masks_may_hold_photos(tmp_path: Path) -> None:
    photos(tmp_path / "masks", 3)
    assert len(open_images(tmp_path)) == 3
