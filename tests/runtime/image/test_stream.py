"""`edgehuman.stream` of photos: an answer a photo, as `edgehuman run` gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.image.results import to_row
from edgehuman.runtime.image.stream import open_stream
from edgehuman.runtime.model import load
from tests.runtime.frame_models import street, write_detector
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import flag, photo


@pytest.mark.parametrize("task", ["parsing", "pose", "attributes", "reid"])
def test_the_answers_are_those_of_the_command_line(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(tmp_path / "photos" / "deep" / "a.png", flag())
    (tmp_path / "photos" / "b.jpg").write_bytes(b"no photo")
    path = write_image_model(tmp_path, task)
    results = [to_row(result) for result in open_stream(load(path), tmp_path / "photos")]
    assert main(["run", str(path), "--source", str(tmp_path / "photos"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for row in [*results, *rows]:
        row.pop("latency_ms", None)
    assert json.loads(json.dumps(results)) == rows
    assert [list(row) for row in results] == [list(row) for row in rows]


def test_what_cannot_be_answered_fails_at_the_call(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or photo"):
        open_stream(load(write_image_model(tmp_path, "reid")), tmp_path / "nowhere")
    photo(tmp_path / "a.png", flag())
    model = load(write_image_model(tmp_path, "reid", output=OutputSpec("tokens")))
    with pytest.raises(ArtefactError, match="gives tokens, which is no answer about a photo"):
        open_stream(model, tmp_path / "a.png")


def test_a_stream_that_is_left_gives_no_more(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        photo(tmp_path / "photos" / name, flag())
    results = open_stream(load(write_image_model(tmp_path, "reid")), str(tmp_path / "photos"))
    next(results)
    results.close()
    assert list(results) == []
    assert results.report()["photos"] == 1


def test_paths_in_a_list_and_one_picture_are_photos_too(tmp_path: Path) -> None:
    photo(tmp_path / "a.png", flag())
    (tmp_path / "b.jpg").write_bytes(b"no photo")
    model = load(write_image_model(tmp_path, "reid"))
    listed = list(open_stream(model, [tmp_path / "a.png", str(tmp_path / "b.jpg"), flag()]))
    assert [each.photo for each in listed] == [
        str(tmp_path / "a.png"),
        str(tmp_path / "b.jpg"),
        "2",
    ]
    assert "not an image" in listed[1].reason
    for alone in (open_stream(model, flag()), open_stream(model, [flag()])):
        (result,) = alone
        assert to_row(result)["embedding"] == to_row(listed[2])["embedding"]
    pushed = open_stream(model, None).push(tmp_path / "a.png")
    assert to_row(pushed[0])["embedding"] == to_row(listed[0])["embedding"]


def test_a_picture_too_small_is_refused_as_its_file_is(tmp_path: Path) -> None:
    model = load(write_image_model(tmp_path, "reid"))
    with pytest.raises(DataError, match=r"photo 0 is 4x300 pixels; each side must be at least 8"):
        next(open_stream(model, [np.zeros((300, 4, 3), np.uint8)]))


def test_with_a_detector_each_person_of_a_frame_is_answered_for(tmp_path: Path) -> None:
    detector = write_detector(tmp_path)
    model = edgehuman.load(write_image_model(tmp_path, "attributes"))
    frame = street(128, 192, (20, 30, 60, 110), (100, 10, 140, 90))
    for finder in (detector, edgehuman.load(detector)):
        (result,) = edgehuman.stream(model, frame, detector=finder)
        assert len(result.people) == 2
        assert set(result.people[0].answer["attributes"]) == {"reddish", "greenish", "bluish"}
        assert result.person_ms > 0
    with pytest.raises(UsageError, match="detector is 3; give a Model, text or a path"):
        edgehuman.stream(model, frame, detector=3)
