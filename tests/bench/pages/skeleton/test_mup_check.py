"""The coordinate check: flat under muP, growing without it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import mup_check
from edgehuman.bench.pages.skeleton.mup_check import MupCheckConfig, check, slopes
from edgehuman.errors import UsageError

SMALL: dict[str, Any] = {"factors": (0.5, 4.0), "depth": 1, "batch": 16, "frames": 8, "seeds": 2}
SMALL["steps"] = 3


def test_activations_are_flat_in_width_under_mup_and_grow_without() -> None:
    config = MupCheckConfig(**SMALL)
    flat, plain = slopes(config, mup=True), slopes(config, mup=False)
    assert next(iter(flat)) == "embed"
    assert max(abs(slope) for slope in flat.values()) < 0.2
    hidden = [slope for name, slope in plain.items() if name.startswith("layers.")]
    assert min(hidden) > 0.35
    # The first matrix has as many inputs at every width: it learns alike either way.
    assert abs(plain["embed"]) < 0.2


@pytest.mark.slow
def test_gaitpt_is_flat_too() -> None:
    config = MupCheckConfig("gaitptv2_deep_1", **{**SMALL, "factors": (1.0, 2.0)})
    flat, plain = slopes(config, mup=True), slopes(config, mup=False)
    assert abs(sum(flat.values()) / len(flat)) < 0.15
    assert sum(plain.values()) / len(plain) > 0.3


def test_the_exit_code_says_whether_it_is_flat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = {True: {"a": 0.05, "b": -0.3}, False: {"a": 0.9, "b": 0.5}}
    monkeypatch.setattr(mup_check, "slopes", lambda config, mup: measured[mup])
    assert main(MupCheckConfig, check, ["--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["worst"], data["flat"], data["without"]["a"]) == (-0.3, False, 0.9)
    assert main(MupCheckConfig, check, ["--most", "0.4"]) == 0
    assert "muP: the steepest of 2 layers is -0.30; without it" in capsys.readouterr().out


def test_wrong_words_are_refused() -> None:
    with pytest.raises(UsageError, match="give at least two widths"):
        MupCheckConfig(factors=(1.0,))
    with pytest.raises(UsageError, match="--steps is 0; it must be above 0"):
        MupCheckConfig(steps=0)
