"""What both gait evaluations report, from numbers by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.bench.evaluate.walks import as_text, baselines, random_count
from edgehuman.card import Card, OutputSpec, silhouette_input
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitScores, GaitVectors, gait_scores
from tests.data.outlines import outlines

CARD = Card(
    "a net", "gait-embedding", "gaitset", 1, 1, silhouette_input(),
    OutputSpec("embedding", distance="cosine"),
)  # fmt: skip


def scores(rank1: float) -> GaitScores:
    return GaitScores({"rank1": rank1}, {}, 1, 1, 0, 2)


def of_pairs(place_N: list[float]) -> GaitScores:
    """People 0 and 1, each once in condition a and once in b, at places on a line."""
    person_N, condition_N = np.array(["0", "1"] * 2), np.array([*"aabb"])
    role_N = np.array(["gallery", "gallery", "probe", "probe"])
    vectors = GaitVectors(np.array(place_N)[:, None], person_N, condition_N, condition_N, role_N)
    return gait_scores(vectors, PROTOCOLS["kth-walk"])


def test_random_networks_are_averaged_and_have_other_seeds() -> None:
    asked: list[int] = []

    def random(seed: int) -> GaitScores:
        asked.append(seed)
        return scores(0.1 * seed)

    found = baselines(scores(0.7), {"images": scores(0.5)}, CARD, random, seed=2, count=3)
    assert "pairs" not in found
    assert asked == [3, 4, 5]
    assert found["baselines"]["images"] == {"rank1": 0.5}
    assert found["baselines"]["random_weights"]["rank1"] == pytest.approx(0.4)
    assert (found["random_weights_seeds"], len(found["random_weights_each"])) == (3, 3)


def test_pairs_of_conditions_stand_beside_those_of_the_baselines() -> None:
    # Right; taken for one another; and half right, on the mean of two networks.
    right, wrong = [0.0, 9.0, 1.0, 8.0], [0.0, 9.0, 8.0, 1.0]
    networks = {1: of_pairs(right), 2: of_pairs(wrong)}
    own = {"images": of_pairs(wrong)}
    pairs = baselines(networks[1], own, CARD, lambda seed: networks[seed], 0, 2)["pairs"]
    rank1 = {who: table["across"]["metrics"]["rank1"] for who, table in pairs.items()
             if who != "gain_over"}  # fmt: skip
    assert rank1 == {"this_model": 1, "images": 0, "random_weights": 0.5}
    assert pairs["this_model"]["b in a"]["intervals"]["rank1"] == [1, 1]
    assert pairs["gain_over"]["random_weights"]["across"]["metrics"]["rank1"] == 0.5


def test_few_walks_get_five_random_networks() -> None:
    few, many = outlines(2, 4, 1), outlines(10, 30, 1)
    assert [random_count(0, few), random_count(0, many), random_count(2, few)] == [5, 1, 2]


def test_a_baseline_that_is_missing_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    own = dataclasses.replace(CARD, arch="mine.nets:Own")
    found = baselines(scores(1.0), {}, own, lambda seed: pytest.fail("no such network"), 0, 1)
    assert found["random_weights_each"] == []
    assert "mine.nets:Own is not in the catalogue" in found["baselines_left_out"]["random_weights"]

    def absent(seed: int) -> GaitScores:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    found = baselines(scores(1.0), {}, CARD, absent, 0, 1)
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
