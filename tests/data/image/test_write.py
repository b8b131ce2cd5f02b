"""`edgehuman data simulate --kind people`, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.image.write import SimulateConfig, simulate
from edgehuman.errors import DataError, UsageError
from edgehuman.simulate.image.people import ATTRIBUTES, PARTS, SimulatedImages


def test_the_files_are_the_simulator_s_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--kind", "people", "--people", "2", "--each", "2", "--seed", "5", "--json"]
    assert main(["data", "simulate", "--out", str(tmp_path), *words]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], said["pictures"], said["simulated"]) == (2, 4, True)
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    images = SimulatedImages(2, 2, 5)
    assert [row["person"] for row in rows] == [0, 0, 1, 1]
    assert [row["camera"] for row in rows] == [images.camera(i) for i in range(4)]
    for i, row in enumerate(rows):
        one = images.labelled(i)
        picture = cv2.imread(str(tmp_path / row["image"]), cv2.IMREAD_COLOR)
        assert picture is not None
        assert np.array_equal(picture[..., ::-1], one.image_HWC)
        mask = cv2.imread(str(tmp_path / row["mask"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(np.asarray(mask), one.part_HW)
        assert np.allclose(row["keypoints"], one.keypoint_J3, atol=0.006)
        assert np.allclose(row["landmarks"], one.landmark_J3, atol=0.006)
        assert list(row["attributes"]) == list(ATTRIBUTES)
        assert list(row["attributes"].values()) == one.attribute_A.tolist()
    assert (tmp_path / "parts.txt").read_text().split() == list(PARTS)
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["00000", "00001"]


def test_nobody_and_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="num_people is 0"):
        simulate(SimulateConfig(tmp_path, people=0))
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"--out: .*is a file"):
        simulate(SimulateConfig(tmp_path / "file"))
