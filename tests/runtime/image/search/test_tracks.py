"""`edgehuman search --recording`: the right track first, again from the cache; what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.search import tracks
from edgehuman.runtime.image.search.search import SearchConfig, search
from tests.runtime.frame_models import street, write_detector, write_video
from tests.runtime.image.search.colours import write_colours
from tests.runtime.image.search.recordings import write_walks


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgehuman" / "search"


def found(tmp_path: Path, film: Path, query: str = "a red coat", **changes: Any) -> Any:
    model, detector = tmp_path / "words.onnx", write_detector(tmp_path)
    write_colours(model)
    words = {"recording": str(film), "detector": str(detector), **changes}
    return dict(search(SearchConfig(query, str(model), **words)).data)


def test_the_track_of_the_colour_comes_first(tmp_path: Path) -> None:
    film = write_walks(tmp_path)
    for colour, number in (("red", "1"), ("blue", "2")):
        said = found(tmp_path, film, f"somebody in {colour}")
        first, second = said["results"]
        assert (first["rank"], first["track"]) == (1, number)
        assert first["score"] > 0.9 > second["score"]
    assert (first["from_s"], first["to_s"], first["looks"]) == (0.9, 1.1, 3)
    assert len(found(tmp_path, film, top=1)["results"]) == 1


def test_the_second_query_looks_at_no_frame(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_walks(tmp_path)
    assert found(tmp_path, film)["looked_at"] == 12
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o77 == 0
    with monkeypatch.context() as patched:
        patched.setattr(tracks, "look_through", None)
        said = found(tmp_path, film, "blue")
        assert (said["looked_at"], said["results"][0]["track"]) == (0, "2")
    assert found(tmp_path, film, cache=False)["looked_at"] == 12
    assert found(tmp_path, film, every=2)["looked_at"] == 6
    write_video(film, [street(128, 192, (20, 30, 60, 110))] * 5)
    assert found(tmp_path, film)["looked_at"] == 5


def test_the_sheet_has_a_picture_of_each_track(tmp_path: Path, capsys: Any) -> None:
    film, sheet = write_walks(tmp_path), tmp_path / "sheet.png"
    write_colours(tmp_path / "words.onnx")
    words = ["--recording", str(film), "--model", str(tmp_path / "words.onnx"), "--json"]
    words += ["--detector", str(write_detector(tmp_path)), "--save", str(sheet)]
    assert main(["search", "blue", *words]) == 0
    assert json.loads(capsys.readouterr().out)["tracks"] == 2
    red_HWC, blue_HWC = (part for part in (sheet_cell(sheet, 1), sheet_cell(sheet, 0)))
    assert blue_HWC[..., 0].mean() > 2 * blue_HWC[..., 2].mean()  # BGR
    assert red_HWC[..., 2].mean() > 2 * red_HWC[..., 0].mean()


def sheet_cell(sheet: Path, place: int) -> Any:
    """The middle of a picture of the sheet."""
    left = 12 + place * 172 + 60
    sheet_HWC = cv2.imread(str(sheet))
    assert sheet_HWC is not None
    return sheet_HWC[44 + 100 : 44 + 160, left : left + 40]


def test_any_query_is_answered_and_an_odd_one_remarked(tmp_path: Path) -> None:
    film = write_walks(tmp_path)
    assert "красное" in found(tmp_path, film, "красное пальто")["remarks"][0]
    assert "is long" in found(tmp_path, film, "red " * 10_000)["remarks"][0]


def test_nobody_and_no_recording(tmp_path: Path) -> None:
    nobody = write_video(tmp_path / "nobody.avi", [street(128, 192)] * 4)
    for _ in range(2):
        with pytest.raises(DataError, match="nobody to rank in 4 frames: nobody is followed"):
            found(tmp_path, nobody)
    (tmp_path / "cut.mp4").write_bytes(b"\0\0\0\x18ftypmp42 and no more")
    with pytest.raises(DataError):
        found(tmp_path, tmp_path / "cut.mp4")


def test_a_sheet_in_the_place_of_the_recording(tmp_path: Path) -> None:
    film = write_walks(tmp_path)
    moved = film.rename(tmp_path / "walks.png")
    with pytest.raises(UsageError, match="is in the recording"):
        found(tmp_path, moved, save=moved)
