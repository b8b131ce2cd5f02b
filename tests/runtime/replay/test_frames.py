"""Frames that are kept and replayed: the same lines again, apart from wall times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.frames.several import open_source, open_sources
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.replay.diff import TIMES
from edgehuman.runtime.replay.frames import RecordedFrames
from tests.runtime.frame_models import street, write_detector, write_video
from tests.runtime.photos import photo


def lines(capsys: Any, *words: object) -> list[str]:
    assert main(["run", *map(str, words), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [json.dumps({k: v for k, v in row.items() if k not in TIMES}) for row in rows]


def film(folder: Path) -> Path:
    frames = [street(128, 192, (20 + 4 * k, 30, 60 + 4 * k, 110)) for k in range(8)]
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, frame.shape, np.uint8) for frame in frames[:2]]
    return write_video(folder / "walk.avi", [*frames, *noise])


def test_a_replay_gives_the_same_lines(tmp_path: Path, capsys: Any) -> None:
    model, source, day = write_detector(tmp_path), film(tmp_path), tmp_path / "day"
    first = lines(capsys, model, "--source", source, "--record", day)
    assert len(first) == 10
    assert lines(capsys, model, "--source", day) == first
    again = tmp_path / "again"
    assert lines(capsys, model, "--source", day, "--record", again) == first
    assert lines(capsys, model, "--source", again) == first
    every = lines(capsys, model, "--source", source, "--every", 3, "--record", tmp_path / "third")
    assert lines(capsys, model, "--source", tmp_path / "third", "--every", 3) == every
    for taken, kept in zip(FrameSource(source), RecordedFrames(day), strict=True):
        assert np.array_equal(taken.image_HWC, kept.image_HWC)  # type: ignore[arg-type]
        assert (taken.name, taken.index, taken.t_s) == (kept.name, kept.index, kept.t_s)


def test_photos_and_what_cannot_be_read_are_kept_too(tmp_path: Path, capsys: Any) -> None:
    folder, day, saved = tmp_path / "photos", tmp_path / "day", tmp_path / "saved"
    folder.mkdir()
    photo(folder / "a.png", street(128, 192, (20, 30, 60, 110)))
    photo(folder / "b.jpg", street(130, 190, (20, 30, 60, 110)))
    (folder / "broken.png").write_bytes(b"\x89PNG no picture")
    model = write_detector(tmp_path)
    first = lines(capsys, model, "--source", folder, "--record", day)
    assert sum("error" in line for line in first) == 1
    assert lines(capsys, model, "--source", day, "--save", saved) == first
    assert sorted(path.name for path in saved.iterdir()) == ["a.png", "b.png", "frames.jsonl"]


def test_several_sources_are_replayed_each_under_its_name(tmp_path: Path, capsys: Any) -> None:
    model, day, saved = write_detector(tmp_path), tmp_path / "day", tmp_path / "saved"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = film(tmp_path / "a"), film(tmp_path / "b")
    first = lines(capsys, model, "--source", one, "--also", other, "--record", day)
    assert {json.loads(line)["source"] for line in first} == {str(one), str(other)}
    assert lines(capsys, model, "--source", day, "--save", saved) == first
    assert sorted(path.name for path in saved.iterdir()) == ["walk", "walk-2"]


def test_room_is_bounded_and_the_summary_says_so(tmp_path: Path, capsys: Any) -> None:
    model, source, day = write_detector(tmp_path), film(tmp_path), tmp_path / "day"
    words = ["run", model, "--source", source, "--record", day, "--record-mb", "0.05", "--json"]
    assert main([str(word) for word in words]) == 0
    capsys.readouterr()
    assert len(list(RecordedFrames(day))) < 10
    assert RecordedFrames(day).report()["removed_frames"] > 0


def test_a_disk_that_is_full_ends_the_record_and_not_the_run(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehuman.runtime.replay.folder import Recorder

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Recorder, "add", full)
    model, source = write_detector(tmp_path), film(tmp_path)
    words = ["run", model, "--source", source, "--record", tmp_path / "day", "--json"]
    assert main([str(word) for word in words]) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 10
    assert "record: [Errno 28] No space left on device" in printed.err


def test_what_is_damaged_is_said(tmp_path: Path, capsys: Any) -> None:
    model, source, day = write_detector(tmp_path), film(tmp_path), tmp_path / "day"
    lines(capsys, model, "--source", source, "--record", day)
    picture = day / "000000" / "00000003.png"
    content = picture.read_bytes()
    huge = content[:16] + (60_000).to_bytes(4, "big") * 2 + content[24:]
    for damaged in (b"", content[:40], content[:-30], huge, b"GIF89a" + content):
        picture.write_bytes(damaged)
        with pytest.raises(DataError, match=r"00000003\.png"):
            list(RecordedFrames(day))
    picture.write_bytes(content)
    path = day / "000000" / "lines.jsonl"
    text = path.read_text()
    for old, new in (('"index": 2', '"index": "2"'), ('"name": "2"', '"name": 2'),
                     ('"index": 2, ', ""), ('"t_s": 0.2', '"t_s": true')):  # fmt: skip
        path.write_text(text.replace(old, new))
        with pytest.raises(DataError, match="frame"):
            list(RecordedFrames(day))


def test_a_path_is_a_recording_or_is_not(tmp_path: Path, capsys: Any) -> None:
    model, source, day = write_detector(tmp_path), film(tmp_path), tmp_path / "day"
    lines(capsys, model, "--source", source, "--record", day)
    assert isinstance(open_source(day), RecordedFrames)
    assert type(open_source(source)) is FrameSource
    with pytest.raises(UsageError, match="--every"):
        open_source(day, None, 0)
    with pytest.raises(UsageError, match="leave --also out"):
        open_sources([day, source])
    assert main(["run", str(model), "--source", str(source), "--record", str(day)]) == 2
    assert "contains other files" in capsys.readouterr().err
