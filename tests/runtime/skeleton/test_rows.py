"""Tracked people in Python: mappings, frames and blocks are the stream of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgehuman
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.skeleton.line import parse_line
from edgehuman.runtime.skeleton.lines import PoseParser
from edgehuman.runtime.skeleton.rows import PoseRows


def lines_of(nose: Path) -> list[str]:
    return nose.with_name("door.jsonl").read_text(encoding="utf-8").splitlines()


def as_frames(lines: list[str]) -> list[list[dict[str, Any]]]:
    frames: dict[float, list[dict[str, Any]]] = {}
    for row in map(json.loads, lines):
        row["joints"] = np.array(row["joints"])
        frames.setdefault(row["t"], []).append(row)
    return list(frames.values())


@pytest.mark.parametrize("way", ["mappings", "frames", "lines", "blocks", "pushed"])
def test_every_way_to_give_people_is_the_stream_of_the_file(way: str, nose: Path) -> None:
    lines = lines_of(nose)
    wanted = {(one.t_s, one.track) for one in edgehuman.stream(nose, nose.with_name("door.jsonl"))}
    assert wanted
    if way == "pushed":
        with edgehuman.stream(nose) as live:
            results = [one for line in lines for one in live.push(json.loads(line))]
            results += live.end()
        report = live.close()
    else:
        ways: dict[str, Any] = {
            "mappings": (json.loads(line) for line in lines),
            "frames": as_frames(lines),
            "lines": [parse_line(line, "here") for line in lines],
            "blocks": [PoseParser().parse(lines)],
        }
        stream = edgehuman.stream(nose, ways[way])
        results = list(stream)
        report = stream.close()
    assert {(one.t_s, one.track) for one in results} == wanted
    assert report["source"]["rows"] == len(lines)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (7, r"pose 1 is int '7'; give \{\"t\""),
        ({"t": 1.0}, r"pose 1: found keys \['t'\]; joints missing"),
        ([{"t": 1.0, "joints": [[0, 0, 1]] * 5}], "pose 1: found 5 joints"),
        ({"t": 1.0, "joints": np.zeros((18, 3)), "id": ""}, "id is ''; give 1 to 64"),
        ({"t": float("nan"), "joints": np.zeros((18, 3))}, "pose 1: t is 'nan'"),
    ],
)
def test_what_is_no_pose_says_its_place_and_what_to_give(item: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        PoseRows().read([item])


def test_an_empty_frame_is_nobody() -> None:
    assert len(PoseRows().read([[]])) == 0


def test_a_pushed_stream_has_no_clock(nose: Path) -> None:
    with pytest.raises(UsageError, match="seconds is for a source that is read"):
        edgehuman.stream(nose, seconds=3.0)
