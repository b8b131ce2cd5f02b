"""The submission file of GREW, from vectors on a line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.submission import write_grew_submission


def test_a_submission_lists_the_twenty_nearest(tmp_path: Path) -> None:
    gallery_GX = np.arange(21, dtype=np.float32)[:, None]
    person_G = [f"p{g // 2}" for g in range(21)]
    path = tmp_path / "sub" / "grew.csv"
    write_grew_submission(path, ["v7", "v9"], np.array([[0.1], [20.0]]), gallery_GX, person_G)
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows[0][:3] == ["videoId", "rank1", "rank2"]
    assert [len(row) for row in rows] == [21, 21, 21]
    assert rows[1][:4] == ["v7", "p0", "p0", "p1"]
    assert rows[2][:3] == ["v9", "p10", "p9"]
    assert [each.name for each in path.parent.iterdir()] == ["grew.csv"]


def test_an_incomplete_submission_is_an_error(tmp_path: Path) -> None:
    path, probe_QX = tmp_path / "grew.csv", np.zeros((1, 1))
    with pytest.raises(DataError, match="19 walks in the gallery; a submission needs 20"):
        write_grew_submission(path, ["v"], probe_QX, np.zeros((19, 1)), ["p"] * 19)
    with pytest.raises(DataError, match="2 videos for 1 probes"):
        write_grew_submission(path, ["v", "w"], probe_QX, np.zeros((20, 1)), ["p"] * 20)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to"):
        write_grew_submission(
            tmp_path / "file" / "x.csv", ["v"], probe_QX, np.zeros((20, 1)), ["p"] * 20
        )
