"""HOTA against numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.tracking.hota import ALPHAS, hota, of_several
from edgehuman.metrics.tracking.sequence import Sequence
from tests.metrics.tracking.examples import gap, ids, swap


def test_exchanged_tracks() -> None:
    found = hota(swap())
    metrics = found.metrics()
    # A similarity of 0.8 reaches 16 of the 19 thresholds.
    assert found.det_a_A.tolist() == [1.0] * 16 + [0.0] * 3
    assert metrics["det_a"] == pytest.approx(16 / 19)
    # Each pair has 2 common frames of 4 + 4 - 2.
    assert metrics["ass_a"] == pytest.approx(16 / 19 / 3)
    assert metrics["hota"] == pytest.approx(0.486190, abs=5e-7)
    assert ALPHAS[9] == pytest.approx(0.5)
    assert found.hota_A[9] == pytest.approx(0.577350, abs=5e-7)


def test_a_new_track_after_a_gap() -> None:
    metrics = hota(gap()).metrics()
    assert metrics["hota"] == pytest.approx(0.476367, abs=5e-7)
    # 4 of 5 found; each pair has 2 common frames of 5 + 2 - 2.
    assert metrics["det_a"] == pytest.approx(16 / 19 * 4 / 5)
    assert metrics["ass_a"] == pytest.approx(16 / 19 * 2 / 5)


def test_several_videos_are_summed_and_then_combined() -> None:
    both = of_several([hota(swap()), hota(gap())])
    det_a, ass_a = 12 / 13, (8 / 3 + 4 * 2 / 5) / 12
    assert both.hota_A[0] == pytest.approx(np.sqrt(det_a * ass_a))
    mean = (hota(swap()).hota_A[0] + hota(gap()).hota_A[0]) / 2
    assert both.hota_A[0] != pytest.approx(mean, abs=1e-3)


def test_nothing_found_and_nobody_there() -> None:
    nothing = Sequence([ids(0)], [ids()], [np.zeros((1, 0))])
    assert hota(nothing).metrics()["hota"] == 0
    nobody = Sequence([ids()], [ids(0)], [np.zeros((0, 1))])
    assert (hota(nobody).fp_A == 1).all()
    assert hota(Sequence([], [], [])).metrics()["hota"] == 0
