"""What both gait evaluations report, from numbers by hand."""

from __future__ import annotations

import dataclasses

import pytest

from edgehuman.bench.evaluate.walks import as_text, baselines
from edgehuman.card import Card, OutputSpec, silhouette_input

CARD = Card(
    "a net", "gait-embedding", "gaitset", 1, 1, silhouette_input(),
    OutputSpec("embedding", distance="cosine"),
)  # fmt: skip


def test_random_networks_are_averaged_and_have_other_seeds() -> None:
    asked: list[int] = []

    def random(seed: int) -> dict[str, float]:
        asked.append(seed)
        return {"rank1": 0.1 * seed}

    found = baselines({"images": {"rank1": 0.5}}, CARD, random, seed=2, count=3)
    assert asked == [3, 4, 5]
    assert found["baselines"]["images"] == {"rank1": 0.5}
    assert found["baselines"]["random_weights"]["rank1"] == pytest.approx(0.4)
    assert (found["random_weights_seeds"], len(found["random_weights_each"])) == (3, 3)


def test_a_baseline_that_is_missing_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    own = dataclasses.replace(CARD, arch="mine.nets:Own")
    found = baselines({}, own, lambda seed: pytest.fail("no such network"), 0, 1)
    assert found["random_weights_each"] == []
    assert "mine.nets:Own is not in the catalogue" in found["baselines_left_out"]["random_weights"]

    def absent(seed: int) -> dict[str, float]:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    found = baselines({}, CARD, absent, 0, 1)
    assert "torch" in found["baselines_left_out"]["random_weights"]
    assert capsys.readouterr().err.count("no random-weights baseline") == 2


def test_the_text_names_every_row() -> None:
    data = {
        "model": "m", "precision": "fp32", "random_weights": False, "simulated": True,
        "dataset": "simulated", "protocol": "as usual", "too_short": 2,
        "metrics": {"rank1": 0.25}, "groups": {"nm": {"rank1": 0.5}, "bg": {"rank1": 0.0}},
        "baselines": {"gait_energy_images": {"rank1": 0.125}},
        "baselines_left_out": {"random_weights": "no torch"},
        "open_set": None, "open_set_left_out": "no threshold",
    }  # fmt: skip
    text = as_text(data)
    assert "m (fp32) on SIMULATED walkers: as usual; 2 walks too short" in text
    rows = {line[:20].strip(): line[20:].strip() for line in text.splitlines() if line}
    assert (rows["this model"], rows["gait energy images"]) == ("0.2500", "0.1250")
    assert (rows["nm"], rows["bg"]) == ("0.5000", "0.0000")
    assert "no open-set scores: no threshold" in text
    assert "no random_weights: no torch" in text
