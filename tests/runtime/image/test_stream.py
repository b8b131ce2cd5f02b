"""`edgehuman.stream` of photos: an answer a photo, as `edgehuman run` gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError
from edgehuman.runtime.image.results import to_row
from edgehuman.runtime.image.stream import open_stream
from edgehuman.runtime.model import load
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
