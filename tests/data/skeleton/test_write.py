"""Walks as lines of JSON, as `edgehuman data simulate --kind skeletons` writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.data.skeleton.write import SimulateConfig, simulate, write_lines
from edgehuman.errors import DataError


def test_a_set_comes_back(tmp_path: Path) -> None:
    walks = simulated_set(2, 3, seed=0, frames=20)
    outcome = write_lines(walks, tmp_path)
    assert isinstance(outcome.data, dict)
    assert outcome.data["walks"] == 6
    assert "SIMULATED" in outcome.text
    back = load_skeletons(tmp_path)
    for column in ("person_N", "sequence_N", "view_N", "condition_N", "role_N", "rate_hz_N"):
        assert getattr(back, column).tolist() == getattr(walks, column).tolist()
    assert back.image_size_N2.tolist() == [[1080, 1920]] * 6
    np.testing.assert_allclose(back.skeleton_SJ3, walks.skeleton_SJ3, atol=0.0051)


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"--out: .*file is a file"):
        write_lines(simulated_set(1, 2, seed=0, frames=4), tmp_path / "file")
    monkeypatch.setattr("edgehuman.data.skeleton.write.simulated_set", None)
    with pytest.raises(DataError, match=r"--out: .*file is a file"):
        simulate(SimulateConfig(tmp_path / "file"))
