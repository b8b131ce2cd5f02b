"""The check over depth: CompleteP's stream moves as far at any depth, the usual one's further."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages import depth_check
from edgehuman.bench.pages.depth_check import DepthCheckConfig, check, movements, slope
from edgehuman.errors import UsageError


def test_the_stream_is_flat_over_depth_and_width_and_grows_without() -> None:
    config = DepthCheckConfig(depths=(2, 8), widths=(16, 64), seeds=1, batch=2, steps=3)
    flat, plain = movements(config, "completep"), movements(config, "sp")
    assert abs(slope(config.depths, flat["depth"])) < 0.25
    assert abs(slope(config.widths, flat["width"])) < 0.25
    assert slope(config.depths, plain["depth"]) > 0.6
    assert slope(config.widths, plain["width"]) > 0.4
    # The base itself is the same on both sides.
    assert flat["depth"][0] == pytest.approx(plain["depth"][0], rel=1e-3)


def test_the_slope_is_that_of_the_logarithms() -> None:
    # Four times the layers move it four times as far, then once: log2 is 2 higher over 2, or equal.
    assert slope((2, 8), [1.0, 3.0]) == pytest.approx(1.0)
    assert slope((2, 8), [1.0, 1.0]) == pytest.approx(0.0)


def test_the_exit_code_says_whether_it_is_flat_and_a_picture_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "sp": {"depth": [0.0, 4.0], "width": [0.0, 1.0]},
        "completep": {"depth": [0.0, 0.4], "width": [0.0, 0.1]},
    }
    monkeypatch.setattr(depth_check, "movements", lambda config, side: rows[side])
    words = ["--depths", "2", "32", "--widths", "16", "32", "--out", str(tmp_path / "p.png")]
    assert main(DepthCheckConfig, check, [*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["slopes"]["sp"] == {"depth": pytest.approx(1.0), "width": pytest.approx(1.0)}
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert main(DepthCheckConfig, check, [*words, "--most", "0.05"]) == 1
    assert "NOT flat: the most is 0.05" in capsys.readouterr().out


def test_impossible_checks_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--depths is \(2,\); give at least two"):
        DepthCheckConfig(depths=(2,))
    with pytest.raises(UsageError, match="each must be a multiple of 16"):
        DepthCheckConfig(widths=(16, 20))
    with pytest.raises(UsageError, match="--seeds is 0; it must be above 0"):
        DepthCheckConfig(seeds=0)
