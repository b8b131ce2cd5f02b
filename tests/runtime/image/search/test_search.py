"""`edgehuman search`: the right photo first, again from the cache, and what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.engine.part_files import TEXT, part_path
from edgehuman.runtime.image.search import look
from edgehuman.runtime.image.search.search import SearchConfig, search
from tests.runtime.image.search.colours import COLOURS, write_colours, write_photo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgehuman" / "search"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, colour in COLOURS.items():
        write_photo(tmp_path / "photos" / name / "1.png", colour)
    return tmp_path / "photos"


def found(tmp_path: Path, photos: Path, query: str = "a red coat", **changes: Any) -> Any:
    model = tmp_path / "words.onnx"
    if not model.exists():
        write_colours(model)
    return dict(search(SearchConfig(query, str(model), str(photos), **changes)).data)


def test_the_photo_of_the_colour_comes_first(tmp_path: Path, photos: Path) -> None:
    for name in COLOURS:
        said = found(tmp_path, photos, f"somebody in {name}")
        assert [row["rank"] for row in said["results"]] == [1, 2, 3]
        assert said["results"][0]["photo"] == f"{name}/1.png"
        assert said["results"][0]["score"] > 0.9 > said["results"][1]["score"]
    assert len(found(tmp_path, photos, top=2)["results"]) == 2


def test_the_second_query_looks_at_no_photo(
    tmp_path: Path, photos: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(tmp_path, photos)["looked_at"] == 3
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o77 == 0
    with monkeypatch.context() as patched:
        patched.setattr(look, "answer_photo", None)
        assert found(tmp_path, photos, "green")["results"][0]["photo"] == "green/1.png"
        os.rename(photos / "red", photos / "moved")  # the same content under another name
        assert found(tmp_path, photos)["results"][0]["photo"] == "moved/1.png"
    write_photo(photos / "moved" / "1.png", (0, 0, 250))
    write_photo(photos / "more.png", (250, 0, 0))
    said = found(tmp_path, photos)
    assert (said["looked_at"], said["results"][0]["photo"]) == (2, "more.png")
    (photos / "more.png").unlink()
    assert found(tmp_path, photos)["people"] == 3
    assert found(tmp_path, photos, cache=False)["looked_at"] == 3
    kept.write_bytes(kept.read_bytes()[:50])
    assert found(tmp_path, photos)["looked_at"] == 3


def test_a_photo_that_cannot_be_read_is_counted(tmp_path: Path, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    for _ in range(2):
        said = found(tmp_path, photos)
        assert (said["photos"], said["people"], said["unreadable"]) == (4, 3, 1)
        assert "1 of the photos cannot be read; the first: " in " ".join(said["remarks"])


def test_a_name_of_two_lines_is_one_row(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.rename(photos / "red" / "1.png", photos / "red" / "1\n   9  0.999  2.png")
    found(tmp_path, photos)
    model = str(tmp_path / "words.onnx")
    assert main(["search", "red", "--photos", str(photos), "--model", model]) == 0
    assert "red/1?   9  0.999  2.png" in capsys.readouterr().out


def test_people_of_a_detector_are_ranked_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_HWC = np.zeros((64, 96, 3), np.uint8)
    both_HWC[:, :40, 2], both_HWC[:, 56:, 0] = 255, 255  # BGR: red on the left, blue on the right
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "both.png"), both_HWC)

    class Finder:
        name = "finder"

        def find(self, frame_HWC: Any, box_4: Any = None) -> Any:
            boxes = ((2, 0, 38, 64), (58, 0, 94, 64))
            return [look_found(np.array(box, np.float32)) for box in boxes]

    monkeypatch.setattr(look, "opened", lambda name, threads: Finder())
    said = found(tmp_path, tmp_path / "photos", "blue", detector="finder")
    assert (said["photos"], said["people"]) == (1, 2)
    assert [row["box"][0] for row in said["results"]] == [58, 2]
    red = found(tmp_path, tmp_path / "photos", "red", detector="finder")
    assert red["results"][0]["box"] == [2, 0, 38, 64]


def look_found(box_4: Any) -> Any:
    from edgehuman.runtime.foreign.found import FoundPerson

    return FoundPerson(box_4, 0.9)


def test_remarks_say_what_the_model_does_not_know(tmp_path: Path, photos: Path) -> None:
    said = found(tmp_path, photos, "красное kimono")
    assert said["remarks"] == ["the model saw rarely or never: красное, kimono"]
    said = found(tmp_path, photos, "red " * 10_000)
    assert said["remarks"] == ["the query is long; its first 75 tokens count"]
    assert said["results"][0]["photo"] == "red/1.png"
    write_colours(tmp_path / "simulated.onnx", simulated=True)
    config = SearchConfig("red", str(tmp_path / "simulated.onnx"), str(photos))
    assert "from simulated people alone" in search(config).text


def test_the_command_prints_one_object_and_writes_a_sheet(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_colours(tmp_path / "words.onnx")
    words = ["--photos", str(photos), "--model", str(tmp_path / "words.onnx"), "--json"]
    assert main(["search", "red", *words, "--save", str(tmp_path / "sheet.png")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["results"][0]["photo"] == "red/1.png"
    assert cv2.imread(said["save"]) is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"query": "  "}, "the query '  ' has no word"),
        ({"query": "\u200b ?!"}, "has no word"),
        ({"top": 0}, "--top is 0; it must be at least 1"),
        ({"save": Path("sheet.txt")}, "--save is sheet.txt; a sheet is a picture"),
        ({"photos": None}, "give one of --photos and --recording"),
        ({"recording": "door.mp4"}, "give one of --photos and --recording"),
        ({"every": 2}, "--every is 2; it is for --recording"),
        ({"photos": None, "recording": "d.mp4", "detector": "none"}, "none is for photos"),
        ({"photos": None, "recording": "d.mp4", "every": 0}, "--every is 0"),
    ],
)
def test_wrong_words(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SearchConfig(**{"query": "red", "photos": "p", "model": "m", **changes})


def test_a_sheet_among_the_photos_and_photos_that_are_gone(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(UsageError, match="is among the photos"):
        found(tmp_path, photos, save=photos / "red" / "sheet.png")
    with pytest.raises(DataError, match="no such folder"):
        found(tmp_path, tmp_path / "absent")


def test_a_model_without_its_sentences(tmp_path: Path, photos: Path) -> None:
    write_colours(tmp_path / "words.onnx", text_sha="b" * 64)
    with pytest.raises(ArtefactError, match=r"words\.text\.onnx is of another model"):
        found(tmp_path, photos)
    part_path(tmp_path / "words.onnx", TEXT).unlink()
    with pytest.raises(ArtefactError, match=r"words\.text\.onnx, its graph of sentences, is not"):
        found(tmp_path, photos)
    with pytest.raises(ArtefactError, match="knows no sentences; give one that"):
        search(SearchConfig("red", "zoo:person-garments-int8", str(photos)))


def test_a_sheet_that_cannot_be_written_is_told_before_a_photo_is_looked_at(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    monkeypatch.setattr(look, "answer_photo", None)
    for save in ("file/sheet.jpg", "folder.jpg"):
        with pytest.raises(UsageError, match=r"--save .* is a f"):
            found(tmp_path, photos, save=tmp_path / save)
