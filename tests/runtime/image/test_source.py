"""Which photos a path holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.source import find_photos, name_in
from tests.runtime.photos import flag, photo


def test_nothing_to_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or photo"):
        find_photos(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"^source is empty"):
        find_photos("")
    with pytest.raises(DataError, match="holds nothing"):
        find_photos(tmp_path)
    (tmp_path / "letter.txt").write_text("words")
    with pytest.raises(DataError, match="1 file, not an image"):
        find_photos(tmp_path)


def test_a_photo_is_called_by_its_place_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.png"
    assert name_in(tmp_path, path) == "deep/a.png"
    assert name_in(path, path) == "a.png"


def test_label_maps_are_no_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate_people_folder(tmp_path / "p", people=2, each=4, seed=0)
    assert len(find_photos(tmp_path / "p").photos) == 8
    assert "8 photos; 8 label maps (masks) left out" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"holds no photo \(8 label maps \(masks\) left out\)"):
        find_photos(tmp_path / "p" / "parts")


def heic() -> bytes:
    """The beginning of a HEIC file."""
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)


def test_files_count_by_their_first_bytes_and_then_by_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jpeg = photo(tmp_path / "a.jpg", flag()).read_bytes()
    pictures = {
        **{f"jpeg.{end}": jpeg for end in ("jfif", "jpe", "JFI", "pjpeg", "mpo")},
        "no_suffix": jpeg,
        "named.txt": jpeg,
        "of_a_phone.heic": jpeg,
        "b.heic": heic(),
        "c": heic(),
        "empty.HEIC": b"",
        "d.nef": b"II*\0",
        "e.dng": b"II*\0",
        "f.svg": b"<svg/>",
        "g.pdf": b"%PDF",
        "h.psd": b"8BPS",
        "film.mp4": b"",
    }
    others = {"notes.txt": b"words", "bmi.csv": b"BMI,age", "P5": b"P5 is a name", "z.json": b"{}"}
    for name, content in (pictures | others).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".hidden.heic").write_bytes(heic())
    found = find_photos(tmp_path)
    assert {path.name for path in found.photos} == {"a.jpg", *pictures}
    assert found.photos == sorted(found.photos)
    assert found.others == len(others)
    err = capsys.readouterr().err
    assert "4 other files left out (1 without a suffix, 1 .csv, 1 .txt, 1 .json)" in err


def test_a_remark_names_four_kinds_of_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(tmp_path / "a.png", flag())
    (tmp_path / "1.txt").write_text("")
    assert find_photos(tmp_path).others == 1
    assert "1 photos; 1 other file left out (1 .txt)" in capsys.readouterr().err
    for end in "bcdef":
        (tmp_path / f"1.{end}").write_text("")
    find_photos(tmp_path)
    assert "6 other files left out (1 ." in (err := capsys.readouterr().err)
    assert err.rstrip().endswith(", …)")


@pytest.mark.parametrize("name", ["a.mp4", "a.jpg", "a"])
def test_a_video_is_told_what_takes_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\0\0\0\x14ftypisom\0\0\x02\0isom" + bytes(40))
    with pytest.raises(
        DataError,
        match=r"is a video, .*`edgehuman run --detector zoo:person-detector-int8` .*%05d\.png`",
    ):
        find_photos(tmp_path / name)


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://camera/1",
        "http://host/a.mp4",
        "https://host/a.jpg",
        "udp://:5555",
        "0",
        "-",
        "udp:1",
    ],
)
def test_a_live_source_is_told_what_takes_it(source: str) -> None:
    with pytest.raises(UsageError, match="no live source; with `--detector zoo:person-det"):
        find_photos(source)


def test_a_folder_called_0_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo(tmp_path / "0" / "a.png", flag())
    monkeypatch.chdir(tmp_path)
    assert len(find_photos("0").photos) == 1


def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path) -> None:
    photo(tmp_path / "a.png", flag())
    os.mkfifo(tmp_path / "pipe")
    found = find_photos(tmp_path)
    assert ([path.name for path in found.photos], found.others) == (["a.png"], 1)


def test_a_pattern_gives_the_photos_that_it_matches_by_name(tmp_path: Path) -> None:
    for name in ("b1.png", "b0.png", "c.png", "deep/b2.png"):
        photo(tmp_path / name, flag())
    (tmp_path / "b9.png").mkdir()
    pattern = tmp_path / "b*.png"
    photos = find_photos(pattern).photos
    assert [name_in(pattern, path) for path in photos] == ["b0.png", "b1.png"]
    deep = tmp_path / "**" / "b?.png"
    names = [name_in(deep, path) for path in find_photos(str(deep)).photos]
    assert names == ["b0.png", "b1.png", os.path.join("deep", "b2.png")]
    with pytest.raises(DataError, match="no file is named so"):
        find_photos(tmp_path / "d*.png")
    named = photo(tmp_path / "[a]*" / "x.png", flag())  # a path that is there is no pattern
    assert find_photos(named.parent).photos == [named]
