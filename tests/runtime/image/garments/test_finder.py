"""What everybody in a frame wears: in pixels of the frame, in words, drawn, and as lines."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError
from edgehuman.runtime.image.frames.stream import open_stream
from edgehuman.runtime.image.garments.finder import GarmentFinder
from edgehuman.runtime.model import Model, load
from tests.bench.evaluate.bars import write_bars
from tests.data.frame_trees import ANNE, BOB, frame
from tests.data.pictures import write
from tests.runtime.worn_models import COAT, rows_of, write_worn


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load(str(write_worn(tmp_path, rows_of())))


def test_people_are_found_with_what_they_wear(model: Model) -> None:
    found = GarmentFinder(model, 0.5).find(frame(ANNE, BOB))
    anne, stray, bob = found
    np.testing.assert_allclose(anne.box_4, ANNE, atol=0.2)
    (coat,) = anne.worn
    np.testing.assert_allclose(coat.box_4, COAT, atol=0.2)
    assert (coat.label, list(coat.attributes)) == ("coat", ["zip-up"])
    assert anne.mask_HW is not None
    assert anne.cut is not None
    assert coat.mask_HW is not None
    assert not bob.worn  # the shoe is too unsure
    # A shoe that nobody found wears: its box is all that is known of them.
    assert (stray.mask_HW, stray.worn[0].label) == (None, "shoe")


def test_who_surely_wears_something_is_as_sure_as_that(tmp_path: Path) -> None:
    model = load(str(write_worn(tmp_path, rows_of(anne=0.3))))
    (anne, *_) = GarmentFinder(model, 0.5).find(frame(ANNE, BOB))
    assert anne.score == pytest.approx(0.8)
    np.testing.assert_allclose(anne.box_4, ANNE, atol=0.2)


def test_a_stream_says_it_too(model: Model) -> None:
    with open_stream(model, [frame(ANNE, BOB)]) as stream:
        (result,) = list(stream)
    assert [item.label for item in result.people[0].worn] == ["coat"]


def test_a_folder_is_drawn_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_worn(tmp_path / "m", rows_of())
    write(tmp_path / "photos" / "a.png", frame(ANNE, BOB))
    words = ["run", str(path), "--source", str(tmp_path / "photos")]
    assert main([*words, "--json", "--save", str(tmp_path / "out")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    anne = json.loads(line)["people"][0]
    (coat,) = anne["worn"]
    assert coat["label"] == "coat"
    assert coat["attributes"] == {"zip-up": pytest.approx(0.9526, abs=1e-4)}
    assert coat["mask_pixels"] > 100
    assert json.loads((tmp_path / "out/frames.jsonl").read_text()) == json.loads(line)
    drawn = cv2.imread(str(tmp_path / "out/a.png"))
    assert drawn is not None
    assert (drawn != frame(ANNE, BOB)).any(axis=2).sum() > 200
    assert main(words) == 0
    assert "coat (zip-up)" in capsys.readouterr().out


def test_a_video_has_tracks_with_what_they_wear(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_worn(tmp_path / "m", rows_of())
    writer = cv2.VideoWriter(
        str(tmp_path / "v.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (80, 60)
    )
    for _ in range(6):
        writer.write(frame(ANNE, BOB))
    writer.release()
    assert main(["run", str(path), "--source", str(tmp_path / "v.mp4"), "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    by_track = {each["id"]: each for each in last["people"] if "id" in each}
    assert any(each.get("worn", [{}])[0].get("label") == "coat" for each in by_track.values())


def test_large_photos_have_boxes_in_their_own_pixels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A JPEG of 4800x3600 is looked at in an eighth of its size, or so."""
    path = write_worn(tmp_path / "m", rows_of())
    large = cv2.resize(frame(ANNE, BOB), (4800, 3600), interpolation=cv2.INTER_NEAREST)
    write(tmp_path / "photos" / "a.jpg", np.asarray(large, np.uint8))
    assert main(["run", str(path), "--source", str(tmp_path / "photos"), "--json"]) == 0
    anne = json.loads(capsys.readouterr().out)["people"][0]
    np.testing.assert_allclose(anne["worn"][0]["box"], np.array(COAT) * 60, atol=20)


def test_other_models_and_broken_answers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="not what people in frames wear; give a model of"):
        GarmentFinder(load(str(write_bars(tmp_path))), 0.5)
    broken = rows_of()
    broken[0, 9] = np.nan
    model = load(str(write_worn(tmp_path / "broken", broken)))
    with pytest.raises(DataError):
        GarmentFinder(model, 0.5).find(frame(ANNE))
